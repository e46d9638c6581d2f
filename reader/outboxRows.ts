/** What the file of an outbox says of itself, beside the events. */

/** Keys of these rows. */
export const META = {
  id: Buffer.from('id'),
  region: Buffer.from('region'),
  file: Buffer.from('file'),
  counts: Buffer.from('counts'),
  lease: Buffer.from('lease'),
  /** Its key, wrapped; without it events lie in clear. */
  key: Buffer.from('key'),
  /** After which entry its key was made. No two keys of a file have the same, so that it tells whether a process still has the right one. */
  keyFrom: Buffer.from('keyFrom'),
  /** What was told last of a region without data keys: it holds as long as nobody can tell. */
  unkeyed: Buffer.from('unkeyed'),
  /** Events lay here in clear before there was a key: LMDB may have freed pages with them. */
  stale: Buffer.from('stale'),
};

/** Of a row that only is there, or not. */
export const YES = Buffer.from('yes');

/** How much waits, and how much ever did. */
export interface Counts {
  /** Number of the last entry ever; 0 before the first. */
  readonly last: number;
  readonly events: number;
  readonly bytes: number;
}

/** Of a new file. */
export const NOTHING: Counts = { last: 0, events: 0, bytes: 0 };

/** Whose turn it is to forward. */
export interface Lease {
  readonly owner: string;
  /** Ms since epoch. */
  readonly untilMs: number;
}

/** The number of an entry, of its key. */
export const numberOf = (key: Buffer): number => Number(key.readBigUInt64BE(0));

/** The key of an entry: keys are in the order of numbers. */
export function numberBytes(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  return bytes;
}

/** What a row says; `null` where it is not there. */
export const parsed = <T>(value: Buffer | undefined): T | null => (value === undefined ? null : (JSON.parse(value.toString()) as T));
