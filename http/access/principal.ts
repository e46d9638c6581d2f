/** Who asks, and what they may do. */

/** What a caller may be allowed to do. `console:read` shows how things run and nothing of a learner: that takes `console:learners`. */
export const SCOPES = ['recommendations:read', 'console:read', 'console:learners', 'events:write', 'rights:write'] as const;

/** One of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number];

/** Whether a text is the name of a scope. */
export const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);

/** Somebody who has shown a credential that holds. */
export interface Principal {
  /** Stands in the log: `key:<id>`, or `token` for whoever an issuer vouches for. Never names a person. */
  readonly name: string;
  /** Tells callers apart where their requests are counted; it is written nowhere. */
  readonly account: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The only learner whom the caller may read or write of; `null` for every learner. */
  readonly learner: string | null;
  /** Requests a minute, where the credential says so; `null` for what the reader allows everybody. */
  readonly perMinute: number | null;
  /** From when on the credential does not hold, ms since epoch; absent where it says nothing of that, or is asked for anew each time. */
  readonly expiresAtMs?: number;
}

/** Looks at credentials of one kind. */
export interface Authenticator {
  /** `null` for a credential of another kind, and for one that does not hold. @throws SFS_ISSUER_UNAVAILABLE where that cannot be told now */
  authenticate(credential: string): Promise<Principal | null>;
}
