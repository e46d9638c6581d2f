import { assertPositive } from './assert.js';
import { attachOne } from './attach.js';
import { heldOrigin } from './originSchema.js';
import type { Origin, Records } from './record.js';
import { schema, type ValueSchema } from './schema.js';
import { floorTo } from './windows/panes.js';

/** How `debounce` holds records back. */
export interface DebounceOptions<V> {
  /** Length of the aligned intervals, of each of which the last record goes out. */
  readonly intervalMs: number;
  /** Shape of the held value; a topic's own is `topicSchema(topic)`. */
  readonly value: ValueSchema<V>;
}

interface Held<V> {
  /** Start of the interval that the value was held for. */
  readonly intervalMs: number;
  readonly timestamp: number;
  readonly value: V;
  /** Where the record lies in its topic; `null` for what a timer made. */
  readonly source: Origin | null;
}

/**
 * Publishes, per key and aligned event-time interval [k * intervalMs, (k + 1) * intervalMs), only the last record: the
 * one of greatest event time, of several the one processed last. It goes out, with its own event time, when
 * watermark >= (k + 1) * intervalMs. A record whose interval has been published already goes out at once.
 *
 * Cost: one held value per key and open interval.
 *
 * @example
 * events.pipe(
 *   debounce('calm', { intervalMs: 10, value: eventSchema }),
 *   map((record) => withValue(record, record.value.n)),
 * )
 * // <- ada@1 1, ada@7 2, ada@4 3, ada@12 4
 * // -> ada@7 2
 * // <- end
 * // -> ada@12 4
 * @throws SFS_DURATION
 */
export function debounce<K extends string, V>(id: string, options: DebounceOptions<V>): (source: Records<K, V>) => Records<K, V> {
  const { intervalMs } = options;
  assertPositive('intervalMs', intervalMs);
  const store = { name: `${id}/held`, schema: heldSchema(options.value) };
  return (source) =>
    attachOne([source], {
      id,
      kind: 'debounce',
      parameters: { intervalMs },
      stores: [store],
      ports: ['out'],
      holdMs: intervalMs - 1,
      create: (context) => {
        const rows = context.state(store);
        return {
          onRecord: (record) => {
            const start = floorTo(record.timestamp, intervalMs);
            if (context.watermarkMs >= start + intervalMs) return context.emit(0, record);
            const held = rows.get(record.key) ?? [];
            const same = held.find((entry) => entry.intervalMs === start);
            if (same !== undefined && same.timestamp > record.timestamp) return;
            const mine = { intervalMs: start, timestamp: record.timestamp, value: record.value as V, source: context.source };
            rows.put(record.key, [...held.filter((entry) => entry !== same), mine]);
            context.timers.set(record.key, start + intervalMs);
          },
          onTimer: (key, timeMs) => {
            const held = rows.get(key) ?? [];
            const due = held.find((entry) => entry.intervalMs === timeMs - intervalMs);
            const rest = held.filter((entry) => entry !== due);
            if (rest.length === 0) rows.delete(key);
            else rows.put(key, rest);
            if (due === undefined) return;
            if (due.source !== null) context.causedBy(due.source);
            context.emit(0, { key, value: due.value, timestamp: due.timestamp });
          },
        };
      },
    });
}

function heldSchema<V>(value: ValueSchema<V>): ValueSchema<readonly Held<V>[]> {
  return schema.array(schema.record({ intervalMs: schema.long, timestamp: schema.long, value, source: heldOrigin }));
}
