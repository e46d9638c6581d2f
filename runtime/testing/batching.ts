import { crashesAtPowersOfTwo, noCrashes, type CrashPlan } from './crashingStorage.js';

/** How a driver cuts the same input into commits. Outputs must not depend on it. */
export interface Batching {
  /** Named in error messages. */
  readonly name: string;
  /** Most records and timers between two commits. */
  readonly maxRecords: number;
  /** Most records of one read of the log. */
  readonly mostRead: number;
  readonly crashes: CrashPlan;
}

/** Everything that was sent in one go. */
export const inOneBatch: Batching = { name: 'in one batch', maxRecords: 5_000, mostRead: Infinity, crashes: noCrashes };

/** A commit after every record and timer, small reads, and a process that dies again and again. */
export const oneByOne: Batching = { name: 'one by one, with crashes', maxRecords: 1, mostRead: 3, crashes: crashesAtPowersOfTwo };
