import { assertPositive } from './assert.js';
import { attachOne } from './attach.js';
import type { Records, StreamRecord } from './record.js';
import { schema, type ValueSchema } from './schema.js';

export interface TimerOptions<V> {
  /** How long after its last record, and after each tick, a key ticks. */
  readonly everyMs: number;
  /** Ticks stop when a key has been silent for so long; its row goes. */
  readonly forMs: number;
  readonly value: ValueSchema<V>;
}

/** A record that passed (`tick` 0), or the n-th tick since the last one. */
export interface Tick<V> {
  readonly tick: number;
  /** The last value of the key. */
  readonly value: V;
}

interface Last<V> {
  readonly timestamp: number;
  readonly nextMs: number;
  readonly value: V;
}

/**
 * Passes every record on and, for a key that falls silent after event time t, repeats its last value at t + n * everyMs
 * for n = 1, 2, ... while n * everyMs <= forMs, each when the watermark reaches that time. A record earlier than the
 * last one passes but does not move the timer.
 *
 * Cost: one row and one timer per key that was heard of within forMs.
 *
 * @throws SFS_DURATION
 */
export function everySilent<K extends string, V>(id: string, options: TimerOptions<V>): (source: Records<K, V>) => Records<K, Tick<V>> {
  const { everyMs, forMs } = options;
  assertPositive('everyMs', everyMs);
  assertPositive('forMs', forMs);
  const store = { name: `${id}/last`, schema: lastSchema(options.value) };
  return (source) =>
    attachOne([source], {
      id,
      kind: 'timer',
      parameters: { everyMs, forMs },
      stores: [store],
      ports: ['out'],
      create: (context) => {
        const rows = context.state(store);
        const schedule = (key: string, last: Last<V>, nextMs: number): void => {
          rows.put(key, { ...last, nextMs });
          context.timers.set(key, nextMs);
        };
        return {
          onRecord: (record: StreamRecord<string, unknown>) => {
            const value = record.value as V;
            const last = rows.get(record.key);
            if (last === undefined || record.timestamp >= last.timestamp) {
              if (last !== undefined) context.timers.delete(record.key, last.nextMs);
              schedule(record.key, { timestamp: record.timestamp, nextMs: 0, value }, record.timestamp + everyMs);
            }
            context.emit(0, { key: record.key, value: { tick: 0, value }, timestamp: record.timestamp });
          },
          onTimer: (key, timeMs) => {
            const last = rows.get(key);
            if (last?.nextMs !== timeMs) return;
            if (timeMs - last.timestamp > forMs) return rows.delete(key);
            schedule(key, last, timeMs + everyMs);
            context.emit(0, { key, value: { tick: (timeMs - last.timestamp) / everyMs, value: last.value }, timestamp: timeMs });
          },
        };
      },
    });
}

function lastSchema<V>(value: ValueSchema<V>): ValueSchema<Last<V>> {
  return schema.record({ timestamp: schema.long, nextMs: schema.long, value }) as ValueSchema<Last<V>>;
}
