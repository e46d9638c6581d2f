/** Where a view lies: rows by key, and one head that changes with them in one step. */

/** How far a partition was read. */
export interface ViewPosition {
  /** The next offset to read. */
  readonly next: number;
  /** The last record before it: tells another log under the same offsets. `null` before the first. */
  readonly last: LastRecord | null;
}

/** A record that was read, by what its log knows of it. */
export interface LastRecord {
  readonly offset: number;
  /** Ms since epoch. */
  readonly appendTimeMs: number;
}

/** What a view knows of itself. */
export interface ViewHead {
  readonly format: number;
  readonly region: string;
  /** Identity of the log, `null` where the log has none. */
  readonly log: string | null;
  /** Logical name of the topic that is served, by the last pointer record; `null` before the first. */
  readonly served: string | null;
  /** Greatest made-at of all lists, ms since epoch: the clock of the data. */
  readonly latestMadeAtMs: number | null;
  /** When the view was last seen to be at the end of the log, ms since epoch by the clock of this machine. */
  readonly followedAtMs: number;
  /** By `topic/partition`, physical names. */
  readonly positions: Readonly<Record<string, ViewPosition>>;
  /** Version of the view in which measures changed last; absent before the first. */
  readonly measuredAt?: number;
  /** Version of the view in which rows of the catalogue changed last; absent before the first. */
  readonly catalogueAt?: number;
  /** The key under which rows of learners are sealed, wrapped; absent in a region without data keys. */
  readonly wrapped?: string;
  /** Random name of that key, which stays when it is wrapped anew; absent in views of before. */
  readonly keyId?: string;
  /** Rows that were sealed under it. */
  readonly seals?: number;
  /** Whether a reader was at the end of this log once, also before the view was begun anew from it; absent where an older version began the view, which did not say. */
  readonly isWhole?: boolean;
  /** Whether it holds records that are sealed and that nobody here could open: the region has data keys, and whoever read the log had none. */
  readonly isClosed?: true;
}

/** A row that changes; `null` deletes it. */
export type RowChange = readonly [key: string, value: Buffer | null];

/** What changes in one step. */
export interface ViewChange {
  readonly head: ViewHead;
  readonly rows: readonly RowChange[];
  /** Deletes every row first. */
  readonly clear?: boolean;
}

/** A head and the number that tells whether somebody changed it since. */
export interface VersionedHead {
  readonly version: number;
  readonly head: ViewHead | null;
}

/** Keeps a view. Implementations: a file, or memory. */
export interface ViewStore {
  /** The head as it is now: a change by another process shows at once. Version 0 before the first write. */
  head(): VersionedHead;
  get(key: string): Buffer | null;
  /** Rows whose key begins with `prefix`, by the bytes of their keys. */
  scan(prefix: string): Iterable<{ readonly key: string; readonly value: Buffer }>;
  /** All of it or nothing. Resolves to `false`, with nothing changed, when the head has no longer the version `expected`. */
  write(expected: number, change: ViewChange): Promise<boolean>;
  /** Begins a new file, or joins another process that has done so: what LMDB has freed of the old one goes with it. The head is `null` then, or that of the other. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/** Where a view is kept: in a folder, so that a restart is instant, or in the memory of the process. */
export type ViewPlace = 'memory' | { readonly folder: string };

/** Longest key that a view can hold, bytes: LMDB's limit, with room for the name of the topic. */
export const MAX_KEY_BYTES = 1_600;

const SEPARATOR = '\0';

/** Key of a record. @param topic - logical name */
export const rowKey = (topic: string, key: string): string => topic + SEPARATOR + key;

/** What the keys of a topic's rows begin with. @param topic - logical name */
export const rowPrefix = (topic: string): string => topic + SEPARATOR;

/** The row that has the measures in force, as text; no topic has its name. */
export const MEASURES_ROW = rowKey('', 'measures');

/** Version of the layout of rows and head; a view of another one is built anew. */
export const VIEW_FORMAT = 3;

/** The head of a view that holds nothing yet. @param log - identity of the log */
export function emptyHead(region: string, log: string | null, followedAtMs: number): ViewHead {
  return { format: VIEW_FORMAT, region, log, served: null, latestMadeAtMs: null, followedAtMs, positions: {}, isWhole: false };
}
