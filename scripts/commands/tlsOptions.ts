/** The options of a server that give it a certificate. */
import { Option, type Command } from 'commander';
import type { ServerTls } from '../../reader/index.js';
import { usageError } from './failures.js';

/** What is told of TLS. */
export interface TlsOptions {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** Gives a command `--tls-cert` and `--tls-key`. */
export function withTlsOptions(command: Command): Command {
  return command
    .addOption(new Option('--tls-cert <file>', 'serve HTTPS with this certificate and those above it (PEM); looked at again each minute'))
    .addOption(new Option('--tls-key <file>', 'private key of the certificate (PEM), not encrypted'));
}

/** The same for a server. @throws SFS_USAGE where one is given without the other */
export function tlsOf({ tlsCert, tlsKey }: TlsOptions): { readonly tls?: ServerTls } {
  if (tlsCert === undefined && tlsKey === undefined) return {};
  if (tlsCert === undefined || tlsKey === undefined) throw usageError('--tls-cert and --tls-key belong together: give both');
  return { tls: { cert: tlsCert, key: tlsKey } };
}
