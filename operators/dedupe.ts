import { assertPositive } from './assert.js';
import { attachOne } from './attach.js';
import type { Records } from './record.js';
import { schema, type ValueSchema } from './schema.js';

export interface DedupeOptions<V> {
  /** What makes two records of one key the same; an event id as a rule. */
  readonly by: (value: V) => string;
  readonly withinMs: number;
}

/** Event times let through, by identity. */
type Seen = Readonly<Record<string, readonly number[]>>;

/**
 * Lets the first record of each (key, by(value)) through and swallows the others whose event time t' has
 * |t' - t| < withinMs to one let through at t. An identity is forgotten when watermark >= t + withinMs.
 *
 * Cost: one entry per identity of a key within withinMs (+ lateness); a record copies them.
 *
 * @throws SFS_DURATION
 */
export function dedupe<K extends string, V>(id: string, options: DedupeOptions<V>): (source: Records<K, V>) => Records<K, V> {
  const { withinMs } = options;
  assertPositive('withinMs', withinMs);
  const store = { name: `${id}/seen`, schema: schema.map(schema.array(schema.long)) as ValueSchema<Seen> };
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
            const seen = rows.get(record.key) ?? {};
            const times = Object.hasOwn(seen, identity) ? seen[identity]! : [];
            if (times.some((timeMs) => Math.abs(record.timestamp - timeMs) < withinMs)) return;
            rows.put(record.key, { ...seen, [identity]: [...times, record.timestamp] });
            context.timers.set(record.key, record.timestamp + withinMs);
            context.emit(0, record);
          },
          onTimer: (key, timeMs) => {
            const live = (times: readonly number[]): number[] => times.filter((seenMs) => seenMs + withinMs > timeMs);
            const kept = Object.entries(rows.get(key) ?? {}).flatMap(([identity, times]) => (live(times).length > 0 ? [[identity, live(times)] as const] : []));
            if (kept.length === 0) rows.delete(key);
            else rows.put(key, Object.fromEntries(kept));
          },
        };
      },
    });
}
