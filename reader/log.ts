/**
 * What the reader needs from the log that holds the recommendations: a port of its own, because it reads without the runtime.
 * The runtime's `Log` has this shape, and so has what follows topics of Kafka (`followTopics`).
 */

import type { DiskKeys } from '../schemas/index.js';

/** A record as it lies in the log. */
export interface LogEntry {
  readonly offset: number;
  /** When the log took the record, ms since epoch. */
  readonly appendTimeMs: number;
  /** `null` for the engine's markers, which hold no record. */
  readonly key: Buffer | null;
  /** `null` deletes the key. */
  readonly value: Buffer | null;
  /** The value as it lies, of one that was sealed and is open here; absent for all others. A view with {@link RecommendationLog.diskKeys} never keeps such a value in clear. */
  readonly sealed?: Buffer | null;
}

/** A partitioned log, for reading. */
export interface RecommendationLog {
  /** Topics by physical name, region included. */
  topics(): readonly { readonly name: string; readonly partitions: number }[];
  /**
   * First offset that is still there, and the offset that the next record will get, as far as is known here. A log of another machine may have
   * more; then the range of `control` is not ahead of the others: what was in the log before a record of it is within their ranges.
   */
  range(topic: string, partition: number): { readonly start: number; readonly end: number };
  /**
   * Records from `fromOffset` on, at most `maxRecords`; none only where none is left up to the end. Offsets may have gaps. A promise waits for
   * records that are on their way.
   */
  read(topic: string, partition: number, fromOffset: number, maxRecords: number): readonly LogEntry[] | Promise<readonly LogEntry[]>;
  /** Calls after each append; returns the unsubscriber. Without it, and for writers in other processes, the reader looks by itself. */
  onAppend?(listener: () => void): () => void;
  /** Tells one log from another that took its place: a view of another log is built anew. */
  identity?(): string;
  /** What wraps the keys of files that are made of the log; `null`, or absent, where whoever reads it has no keys: then what is open lies there open. */
  diskKeys?(): DiskKeys | null;
}
