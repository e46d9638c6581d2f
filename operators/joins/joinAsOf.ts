import { assertNotNegative } from '../assert.js';
import { attach } from '../attach.js';
import { heldOrigin } from '../originSchema.js';
import type { KeyedState, StageContext, StageLogic, StoreSpec } from '../ports/stage.js';
import type { Origin, Records, StreamRecord } from '../record.js';
import { connectRoute, missOf, routeParameter, sendAlong, type Route } from '../route.js';
import { schema, type ValueSchema } from '../schema.js';
import type { VersionedTable, Versions } from '../topology.js';
import type { JoinOptions } from './joinTable.js';

/** How an as-of join waits, and where misses go. */
export interface JoinAsOfOptions<K extends string, V> extends JoinOptions<K, V> {
  /** Shape of the records that wait. */
  readonly value: ValueSchema<V>;
  /** Joins with the row of `lagMs` before the record: less waiting for older rows. Default 0. */
  readonly lagMs?: number;
}

interface Waiting<V> {
  readonly timestamp: number;
  readonly value: V;
  /** Where the record lies in its topic; `null` for what a timer made. */
  readonly source: Origin | null;
}

/**
 * Joins each record of event time t with the row that held at t - lagMs: the version of greatest event time v <= t - lagMs.
 * The record waits until watermark > t - lagMs, which includes the watermark of the table's writer, so the row can no
 * longer change and a replay never reads the future. The wait is bounded: a writer that falls silent for the
 * table's `idleMs` stops holding the watermark back. Records of a key that wait leave in order of event time; one whose row
 * can no longer change when it comes (with a lag, or late) leaves at once.
 *
 * Cost: the waiting records of a key in one row; versions within the table's `historyMs`.
 *
 * @example
 * events.pipe(
 *   joinAsOf('named-then', versionedTable(topics.others, timed), { value: eventSchema, miss: 'dead-letter' },
 *     (event, row) => `${row.tag} ${event.n}`),
 * )
 * // <- others: ada@0 'Ada', ada@10 'Countess'
 * // <- ada@5 1, ada@12 2
 * // -> ada@5 'Ada 1'
 * // <- end
 * // -> ada@12 'Countess 2'
 * @throws SFS_DURATION
 */
export function joinAsOf<K extends string, V, T, R>(
  id: string,
  table: VersionedTable<K, T>,
  options: JoinAsOfOptions<K, V>,
  join: (value: V, row: T, timestamp: number) => R,
): (source: Records<K, V>) => Records<K, R> {
  const lagMs = options.lagMs ?? 0;
  assertNotNegative('lagMs', lagMs);
  const waiting: StoreSpec<readonly Waiting<V>[]> = {
    name: `${id}/waiting`,
    schema: schema.array(schema.record({ timestamp: schema.long, value: options.value, source: heldOrigin })),
  };
  return (source) => {
    const outputs = attach([source, table.stage], {
      id,
      kind: 'join-as-of',
      parameters: { table: table.store.name, lagMs, miss: routeParameter(options.miss) },
      stores: [waiting],
      ports: ['out', 'miss'],
      create: (context) => new AsOfLogic<V, T, R>({ id, lagMs, waiting, versions: table.store, miss: options.miss, join }, context),
    });
    connectRoute(options.miss, outputs[1]);
    return outputs[0] as unknown as Records<K, R>;
  };
}

interface AsOfStage<V, T, R> {
  readonly id: string;
  readonly lagMs: number;
  readonly waiting: StoreSpec<readonly Waiting<V>[]>;
  readonly versions: StoreSpec<Versions<T>>;
  readonly miss: Route<never, V>;
  readonly join: (value: V, row: T, timestamp: number) => R;
}

class AsOfLogic<V, T, R> implements StageLogic {
  private readonly waiting: KeyedState<readonly Waiting<V>[]>;
  private readonly versions: KeyedState<Versions<T>>;

  constructor(
    private readonly stage: AsOfStage<V, T, R>,
    private readonly context: StageContext,
  ) {
    this.waiting = context.state(stage.waiting);
    this.versions = context.state(stage.versions);
  }

  onRecord(record: StreamRecord<string, unknown>, input: number): void {
    if (input !== 0) return;
    const dueMs = record.timestamp - this.stage.lagMs;
    if (this.context.watermarkMs > dueMs) return this.join(record.key, record.timestamp, record.value as V);
    const entry = { timestamp: record.timestamp, value: record.value as V, source: this.context.source };
    const waiting = this.waiting.get(record.key) ?? [];
    this.waiting.put(record.key, [...waiting, entry]);
    // A timer each, so that a record that fails takes no other with it.
    const nth = waiting.filter((other) => other.timestamp === record.timestamp).length;
    this.context.timers.set(record.key, dueMs + 1, String(nth));
  }

  onTimer(key: string, timeMs: number): void {
    const all = this.waiting.get(key) ?? [];
    const due = all.find((entry) => entry.timestamp - this.stage.lagMs === timeMs - 1)!;
    const rest = all.filter((entry) => entry !== due);
    if (rest.length === 0) this.waiting.delete(key);
    else this.waiting.put(key, rest);
    if (due.source !== null) this.context.causedBy(due.source);
    if (!this.context.muted) this.join(key, due.timestamp, due.value);
  }

  private join(key: string, timestamp: number, value: V): void {
    const asOfMs = timestamp - this.stage.lagMs;
    const version = this.versions.get(key)?.findLast((candidate) => candidate.fromMs <= asOfMs);
    const record = { key, timestamp, value };
    if (version !== undefined && version.value !== null) {
      this.context.emit(0, { key, timestamp, value: this.stage.join(value, version.value, timestamp) });
    } else sendAlong(this.context, this.stage.miss, 1, record, missOf(this.stage.id, key, value));
  }
}
