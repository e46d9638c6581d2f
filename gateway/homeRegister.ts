import type { LearnerId } from '../schemas/index.js';

/** Somebody with the pseudonym that they have in the region where they are at home. */
export interface Resident {
  /** As the identity map has it: see {@link IdentityMap}. */
  readonly identity: string;
  readonly learner: LearnerId;
}

/** The write that moves somebody. */
export interface Removal {
  readonly from: string;
  readonly to: string;
}

/**
 * In which region each learner is at home: one entry for each, which the gateways of all regions ask. So they agree at every instant, and a
 * move is one write. What it says of somebody goes before what an event says of its region, and before what a gateway was told of identities.
 */
export interface HomeRegister {
  /** Regions that it has told of in this process: names that are no client's. */
  readonly told: ReadonlySet<string>;
  /** The region of one of whom there is an entry; else `null`. As of this call, whoever wrote it. @throws SFS_GATEWAY_STORE, SFS_HOMES_UNAVAILABLE */
  find(identity: string): Promise<string | null>;
  /**
   * A gateway of `region` makes a batch: the homes of those in it, in order, `null` for who has none. Until {@link end} those who are at home in the region, or nowhere, may be
   * written there, whatever becomes of their entries: who moves somebody waits for it. One batch at a time. @throws SFS_GATEWAY_STORE, SFS_HOMES_UNAVAILABLE: then nothing has begun
   */
  begin(identities: readonly string[], region: string): Promise<(string | null)[]>;
  /** What has begun is in the log, or will never be there. Fails with nothing: what is not heard is known by the next batch, or by time. */
  end(): Promise<void>;
  /**
   * Those of whom there is no entry are at home in `region` from now on. Gives the home of each, in order; who is at home elsewhere stays
   * there. Durable when it resolves. @throws SFS_GATEWAY_STORE, SFS_HOMES_UNAVAILABLE
   */
  settle(residents: readonly Resident[], region: string): Promise<string[]>;
  /** Moves somebody who is at home in `from`: one write. Durable when it resolves; whether they were at home there. @throws SFS_GATEWAY_STORE, SFS_HOMES_UNAVAILABLE */
  move(resident: Resident, removal: Removal): Promise<boolean>;
  /** Deletes the entries of a pseudonym: nobody is at home anywhere under it. Gives how many there were. @throws SFS_GATEWAY_STORE, SFS_HOMES_UNAVAILABLE */
  forget(learner: string): Promise<number>;
  /** The regions of the entries of a pseudonym. @throws SFS_GATEWAY_STORE, SFS_HOMES_UNAVAILABLE */
  homesOf(learner: string): Promise<string[]>;
  close(): Promise<void>;
}
