/** How a reader tells who may ask it what. */
import { SkillForgeError } from '../../schemas/index.js';
import { Issuer, type IssuerOptions } from './issuer.js';
import { KeyFile } from './keyFile.js';
import type { Authenticator, Principal } from './principal.js';

/** Who is let in; without any of it everybody who reaches the address is. */
export interface AccessOptions {
  /** File of API keys, as `skillforge reader keys` writes it. */
  readonly keyFile?: string;
  /** Takes tokens of this issuer. */
  readonly issuer?: IssuerOptions;
}

/** Asks each kind of credential in turn. */
export class AccessPolicy implements Authenticator {
  private constructor(private readonly authenticators: readonly Authenticator[]) {}

  /**
   * @param onTrouble - hears that the file of keys cannot be used any more
   * @throws SFS_ACCESS_INVALID
   */
  static of({ keyFile, issuer }: AccessOptions, onTrouble: (error: unknown) => void): AccessPolicy {
    const authenticators = [
      ...(keyFile === undefined ? [] : [new KeyFile(keyFile, { onTrouble })]),
      ...(issuer === undefined ? [] : [new Issuer(issuer)]),
    ];
    if (authenticators.length === 0)
      throw new SkillForgeError('SFS_ACCESS_INVALID', 'access that is controlled needs a file of API keys, or an issuer of tokens');
    return new AccessPolicy(authenticators);
  }

  /** @throws SFS_ISSUER_UNAVAILABLE */
  async authenticate(credential: string): Promise<Principal | null> {
    for (const authenticator of this.authenticators) {
      const principal = await authenticator.authenticate(credential);
      if (principal !== null) return principal;
    }
    return null;
  }
}
