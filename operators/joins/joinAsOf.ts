import { assertNotNegative } from '../assert.js';
import { attach } from '../attach.js';
import { HeldRecords, heldStore, type HeldStore } from '../held.js';
import type { KeyedState, StageContext, StageLogic, StoreSpec } from '../ports/stage.js';
import { withValue, type Records, type StreamRecord } from '../record.js';
import { connectRoute, missOf, routeParameter, sendAlong, type Route } from '../route.js';
import type { ValueSchema } from '../schema.js';
import type { VersionedTable, Versions } from '../topology.js';
import type { JoinOptions } from './joinTable.js';

/** How an as-of join waits, and where misses go. */
export interface JoinAsOfOptions<K extends string, V> extends JoinOptions<K, V> {
  /** Shape of the records that wait. */
  readonly value: ValueSchema<V>;
  /** Joins with the row of `lagMs` before the record: less waiting for older rows. Default 0. */
  readonly lagMs?: number;
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
  const waiting = heldStore(`${id}/waiting`, options.value);
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
  readonly waiting: HeldStore<V>;
  readonly versions: StoreSpec<Versions<T>>;
  readonly miss: Route<never, V>;
  readonly join: (value: V, row: T, timestamp: number) => R;
}

class AsOfLogic<V, T, R> implements StageLogic {
  private readonly waiting: HeldRecords<V>;
  private readonly versions: KeyedState<Versions<T>>;

  constructor(
    private readonly stage: AsOfStage<V, T, R>,
    private readonly context: StageContext,
  ) {
    this.waiting = new HeldRecords(stage.waiting, context, 1 - stage.lagMs);
    this.versions = context.state(stage.versions);
  }

  onRecord(record: StreamRecord<string, unknown>, input: number): void {
    if (input !== 0) return;
    // The rows come from a source: its watermark decides, even where the stages before this one are still catching up with it.
    const isKnown = this.context.sourceWatermarkMs > record.timestamp - this.stage.lagMs;
    if (isKnown) this.join(record as StreamRecord<string, V>);
    else this.waiting.hold(record);
  }

  onTimer(key: string, timeMs: number): void {
    const record = this.waiting.release(key, timeMs);
    if (!this.context.muted) this.join(record);
  }

  private join(record: StreamRecord<string, V>): void {
    const { key, timestamp, value } = record;
    const asOfMs = timestamp - this.stage.lagMs;
    const version = this.versions.get(key)?.findLast((candidate) => candidate.fromMs <= asOfMs);
    if (version !== undefined && version.value !== null) {
      this.context.emit(0, withValue(record, this.stage.join(value, version.value, timestamp)));
    } else sendAlong(this.context, this.stage.miss, 1, record, missOf(this.stage.id, key, value));
  }
}
