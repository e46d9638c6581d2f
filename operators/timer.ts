import { assertPositive } from './assert.js';
import { attachOne } from './attach.js';
import type { Records, StreamRecord } from './record.js';
import { schema, type ValueSchema } from './schema.js';

/** When `everySilent` repeats the last value of a key. */
export interface TimerOptions<V> {
  /** How long after its last record, and after each tick, a key ticks. */
  readonly everyMs: number;
  /** Ticks stop when a key has been silent for so long; its row goes everyMs after the last one. */
  readonly forMs: number;
  /** Shape of the value that is repeated; a topic's own is `topicSchema(topic)`. */
  readonly value: ValueSchema<V>;
}

/** A record that passed (`tick` 0), or the n-th tick since the last one. */
export interface Tick<V> {
  readonly tick: number;
  /** The last value of the key. */
  readonly value: V;
}

/** Records of a key with no time for a tick between them. The last one ticks next at `nextMs`. */
interface Run<V> {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly nextMs: number;
  /** Of the last record. */
  readonly value: V;
}

/**
 * Passes every record on and, for a key that falls silent after event time t, repeats its value at t + n * everyMs for
 * n = 1, 2, ... while n * everyMs <= forMs and no other record of the key lies in (t, t + n * everyMs), each when the
 * watermark reaches that time: so the order of arrival within the lateness makes no difference. Of several records at t,
 * the one processed last is repeated. A late record (watermark > t) that is earlier than another of its key passes and does
 * not tick; one that is the last of its key is followed at once by the ticks that are due.
 *
 * Cost: one row per key that was heard of within forMs + everyMs, with one timer as a rule, a few where the lateness is
 * greater than everyMs.
 *
 * @example
 * events.pipe(
 *   everySilent('still-there', { everyMs: 10, forMs: 20, value: eventSchema }),
 *   map((record) => withValue(record, { tick: record.value.tick, n: record.value.value.n })),
 * )
 * // <- ada@1 5
 * // -> ada@1 { tick: 0, n: 5 }
 * // <- end
 * // -> ada@11 { tick: 1, n: 5 }
 * // -> ada@21 { tick: 2, n: 5 }
 * @throws SFS_DURATION
 */
export function everySilent<K extends string, V>(id: string, options: TimerOptions<V>): (source: Records<K, V>) => Records<K, Tick<V>> {
  const { everyMs, forMs } = options;
  assertPositive('everyMs', everyMs);
  assertPositive('forMs', forMs);
  const store = { name: `${id}/last`, schema: runsSchema(options.value) };
  return (source) =>
    attachOne([source], {
      id,
      kind: 'timer',
      parameters: { everyMs, forMs },
      stores: [store],
      ports: ['out'],
      create: (context) => {
        const rows = context.state(store);
        const replace = (key: string, before: readonly Run<V>[], now: readonly Run<V>[]): void => {
          const after = joined(now);
          for (const { nextMs } of before) if (!after.some((run) => run.nextMs === nextMs)) context.timers.delete(key, nextMs);
          for (const { nextMs } of after) context.timers.set(key, nextMs);
          if (after.length === 0) rows.delete(key);
          else rows.put(key, after);
        };
        return {
          onRecord: ({ key, value, timestamp }: StreamRecord<string, unknown>) => {
            const before = rows.get(key) ?? [];
            const isPast = context.watermarkMs > timestamp && before.some((run) => run.lastMs > timestamp);
            if (!isPast) replace(key, before, withRecord(before, timestamp, value as V, everyMs));
            context.emit(0, { key, value: { tick: 0, value }, timestamp });
          },
          onTimer: (key, timeMs) => {
            const before = rows.get(key) ?? [];
            const run = before.find(({ nextMs }) => nextMs === timeMs);
            if (run === undefined) return;
            const others = before.filter((other) => other !== run);
            if (timeMs - run.lastMs > forMs) return replace(key, before, others);
            replace(key, before, [...others, { ...run, nextMs: timeMs + everyMs }]);
            context.emit(0, { key, value: { tick: (timeMs - run.lastMs) / everyMs, value: run.value }, timestamp: timeMs });
          },
        };
      },
    });
}

/** A record within a run changes nothing: a later one comes before its first tick. */
function withRecord<V>(runs: readonly Run<V>[], timestamp: number, value: V, everyMs: number): readonly Run<V>[] {
  if (runs.some((run) => run.firstMs <= timestamp && timestamp < run.lastMs)) return runs;
  if (runs.some((run) => run.lastMs === timestamp)) return runs.map((run) => (run.lastMs === timestamp ? { ...run, value } : run));
  return [...runs, { firstMs: timestamp, lastMs: timestamp, nextMs: timestamp + everyMs, value }];
}

/** In order of event time; a run that begins before the next tick of the one before continues it. */
function joined<V>(runs: readonly Run<V>[]): readonly Run<V>[] {
  const all: Run<V>[] = [];
  for (const run of [...runs].sort((a, b) => a.firstMs - b.firstMs)) {
    const previous = all.at(-1);
    if (previous === undefined || run.firstMs >= previous.nextMs) all.push(run);
    else all.splice(-1, 1, { ...run, firstMs: previous.firstMs });
  }
  return all;
}

function runsSchema<V>(value: ValueSchema<V>): ValueSchema<readonly Run<V>[]> {
  return schema.array(schema.record({ firstMs: schema.long, lastMs: schema.long, nextMs: schema.long, value }));
}
