/** The events of the benchmarks: small, dense, in ascending time, in bursts of a key as sessions are. */
import { schema, topic, type Infer, type Topic } from '../schemas/index.js';

const eventSchema = schema.record({ key: schema.string, atMs: schema.long, n: schema.double, tag: schema.string });

export type Event = Infer<typeof eventSchema>;

/** What events there are. */
export interface EventOptions {
  readonly count: number;
  /** Keys to draw from. */
  readonly keys: number;
  readonly days: number;
  /** Events of one key in a row. */
  readonly burst?: number;
}

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2025, 0, 1);

/** The topic of the events. */
export const eventsIn = (partitions: number): Topic<string, Event> => topic({ name: 'events', schema: eventSchema, keyFields: ['key'], partitions });

/** What tables are made of: one row for each key, from before the first event. */
export const rows = topic({ name: 'rows', schema: eventSchema, keyFields: ['key'], partitions: 1, cleanup: 'compact' });

/** Where results go when they go anywhere. */
export const results = topic({ name: 'results', schema: eventSchema, keyFields: ['key'], partitions: 1 });

/** The same options give the same events. */
export function* eventsOf({ count, keys, days, burst = 5 }: EventOptions): Generator<Event> {
  const stepMs = (days * DAY_MS) / count;
  for (let n = 0; n < count; n++) {
    yield { key: keyOf(scattered(Math.floor(n / burst)) % keys), atMs: Math.floor(START_MS + n * stepMs), n: n % 10, tag: `tag-${n % 7}` };
  }
}

/** A row of each key. */
export function* rowsOf({ keys }: EventOptions): Generator<Event> {
  for (let n = 0; n < keys; n++) yield { key: keyOf(n), atMs: START_MS - 1, n, tag: 'row' };
}

const keyOf = (n: number): string => `learner-${String(n).padStart(8, '0')}`;

/** Spreads consecutive numbers over 32 bits. @see D. E. Knuth, "The Art of Computer Programming" 3, 6.4: multiplicative hashing */
const scattered = (n: number): number => (Math.imul(n, 2_654_435_761) ^ (n >>> 7)) >>> 0;
