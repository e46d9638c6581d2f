import type { LearnerId } from '../schemas/index.js';

/**
 * Which pseudonym stands for whom: the only place where the two meet. An identity is a text of the sender's: `mailto:ada@example.org`, an
 * OpenID, or `<home page> <account name>` (see docs/how-to/send-events.md). Pseudonyms are random: nothing of the identity is in them.
 */
export interface IdentityMap {
  /** The pseudonym of each, in order; who has none gets one. Durable when it resolves. @throws SFS_GATEWAY_STORE */
  pseudonymsOf(identities: readonly string[]): Promise<LearnerId[]>;
  /** The pseudonym of one who has it; else `null`. */
  find(identity: string): LearnerId | null;
  /**
   * Deletes a mapping, durably: what lies under the pseudonym belongs to nobody then. Gives the pseudonym that it was, `null` for none, so
   * that records under it can be deleted. An event that comes later gets a new pseudonym. @throws SFS_GATEWAY_STORE
   */
  erase(identity: string): Promise<LearnerId | null>;
  /** After a new consent: a new pseudonym in place of the old one, which nothing links to it. @throws SFS_GATEWAY_STORE */
  renew(identity: string): Promise<LearnerId>;
  close(): Promise<void>;
}
