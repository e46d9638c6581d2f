import { assertPositive } from './assert.js';
import { attachOne } from './attach.js';
import type { StoreSpec } from './ports/stage.js';
import type { Records } from './record.js';
import { schema } from './schema.js';

/** What `dedupe` takes for the same record, and for how long, ms of event time. */
export interface DedupeOptions<V> {
  /** What makes two records of one key the same; an event id as a rule. */
  readonly by: (value: V) => string;
  /** How far apart in event time two records may be and still count as the same. */
  readonly withinMs: number;
}

/** A record let through. In a list and not by name: an identity may be any string, `__proto__` too. */
interface Seen {
  readonly identity: string;
  readonly timestamp: number;
}

/**
 * Lets the first record of each (key, by(value)) through and swallows the others whose event time t' has
 * |t' - t| < withinMs to one let through at t. An identity is forgotten when watermark >= t + withinMs.
 *
 * Cost: one entry per record of a key let through within withinMs (+ lateness); a record looks through them and copies the list.
 *
 * @example
 * events.pipe(
 *   dedupe('once', { by: (event) => event.tag, withinMs: 10 }),
 *   map((record) => withValue(record, record.value.tag)),
 * )
 * // <- ada@1 'x', ada@4 'x', bob@5 'x', ada@11 'x'
 * // -> ada@1 'x'
 * // -> bob@5 'x'
 * // -> ada@11 'x'
 * @throws SFS_DURATION
 */
export function dedupe<K extends string, V>(id: string, options: DedupeOptions<V>): (source: Records<K, V>) => Records<K, V> {
  const { withinMs } = options;
  assertPositive('withinMs', withinMs);
  const store: StoreSpec<readonly Seen[]> = {
    name: `${id}/seen`,
    schema: schema.array(schema.record({ identity: schema.string, timestamp: schema.long })),
  };
  return (source) =>
    attachOne([source], {
      id,
      kind: 'dedupe',
      parameters: { withinMs },
      stores: [store],
      ports: ['out'],
      create: (context) => {
        const rows = context.state(store);
        return {
          onRecord: (record) => {
            const identity = options.by(record.value as V);
            const seen = rows.get(record.key) ?? [];
            if (seen.some((other) => other.identity === identity && Math.abs(record.timestamp - other.timestamp) < withinMs)) return;
            rows.put(record.key, [...seen, { identity, timestamp: record.timestamp }]);
            context.timers.set(record.key, record.timestamp + withinMs);
            context.emit(0, record);
          },
          onTimer: (key, timeMs) => {
            const kept = (rows.get(key) ?? []).filter((seen) => seen.timestamp + withinMs > timeMs);
            if (kept.length === 0) rows.delete(key);
            else rows.put(key, kept);
          },
        };
      },
    });
}
