/** The options of `reader` and `gateway` that name an issuer of tokens. */
import type { Command } from 'commander';
import type { AccessOptions } from '../../http/access/policy.js';
import { usageError } from './failures.js';

/** What is told of the issuer. */
export interface IssuerFlags {
  readonly issuer?: string;
  readonly audience?: string;
  readonly learnerClaim?: string;
}

/** Gives a command these options. @param claim - what the claim of a learner means here */
export function withIssuerOptions(command: Command, server: 'reader' | 'gateway', claim: string): Command {
  return command
    .option('--issuer <url>', 'ask for a token of this OpenID Connect issuer; with --keys either will do')
    .option('--audience <name>', `what tokens of the issuer call this ${server}, in "aud"`)
    .option('--learner-claim <name>', `${claim} (default: "learner")`);
}

/** The same for {@link AccessOptions}. */
export function issuerOf({ issuer, audience, learnerClaim }: IssuerFlags): Pick<AccessOptions, 'issuer'> {
  if (issuer === undefined) return {};
  if (audience === undefined) throw usageError('--issuer needs --audience: what its tokens call this server');
  return { issuer: { url: issuer, audience, ...(learnerClaim === undefined ? {} : { learnerClaim }) } };
}
