import type { PanedAggregates } from '../aggregates/aggregate.js';
import { combine, type Combined } from '../aggregates/combine.js';
import { assertNotNegative, assertPositive } from '../assert.js';
import { attach } from '../attach.js';
import type { KeyedState, StageContext, StageLogic, StoreSpec } from '../ports/stage.js';
import type { Records, StreamRecord } from '../record.js';
import { connectRoute, routeParameter, sendAlong, type Late, type Route } from '../route.js';
import type { WindowResult } from './hopping.js';
import { paneRowSchema, addToPanes, EMPTY_ROW, type PaneRow } from './panes.js';

/** Size of the windows and how long they wait for late records, ms. */
export interface SlidingOptions<K extends string, V> {
  /** How far each window reaches back from its event. */
  readonly sizeMs: number;
  /** How long after its event a window still takes records, on top of the source's lateness. Default 0. */
  readonly graceMs?: number;
  /** Where records go that come behind their window. */
  readonly late: Route<K, Late<V>>;
}

/**
 * Aggregates per key over the windows (t - sizeMs, t] of every distinct event time t of the key: "the last sizeMs at each event".
 * The window of t closes, and publishes once with event time t, when watermark > t + graceMs.
 * Bounds are published as startMs = t - sizeMs + 1, endMs = t + 1 (half open, whole milliseconds).
 * Late: watermark > t + graceMs, the window of the record's own t is closed; it then counts in the windows of later event times neither.
 *
 * Cost: O(distinct event times of the key within sizeMs + graceMs) per record and per close.
 *
 * @example
 * events.pipe(sliding('last-10', { sizeMs: 10, late: 'dead-letter' }, { n: sum((event) => event.n) }))
 * // <- ada@5 1, ada@12 2, ada@30 4
 * // -> ada@5 { window: { startMs: -4, endMs: 6 }, final: true, value: { n: 1 } }
 * // -> ada@12 { window: { startMs: 3, endMs: 13 }, final: true, value: { n: 3 } }
 * // <- end
 * // -> ada@30 { window: { startMs: 21, endMs: 31 }, final: true, value: { n: 4 } }
 * @throws SFS_DURATION
 */
export function sliding<K extends string, V, P extends Record<string, unknown>>(
  id: string,
  options: SlidingOptions<K, V>,
  aggregates: PanedAggregates<V, P>,
): (source: Records<K, V>) => Records<K, WindowResult<P>> {
  const { sizeMs, late } = options;
  const graceMs = options.graceMs ?? 0;
  assertPositive('sizeMs', sizeMs);
  assertNotNegative('graceMs', graceMs);
  const combined = combine<V, P>(aggregates);
  const store: StoreSpec<PaneRow> = { name: `${id}/instants`, schema: paneRowSchema(combined.schema) };
  return (source) => {
    const outputs = attach([source], {
      id,
      kind: 'sliding',
      parameters: { sizeMs, graceMs, late: routeParameter(late), aggregates: combined.parameters },
      stores: [store],
      ports: ['out', 'late'],
      holdMs: graceMs,
      create: (context) => new SlidingLogic({ id, sizeMs, graceMs, combined, late, store }, context),
    });
    connectRoute(late, outputs[1]);
    return outputs[0] as unknown as Records<K, WindowResult<P>>;
  };
}

interface SlidingStage<V, P> {
  readonly id: string;
  readonly sizeMs: number;
  readonly graceMs: number;
  readonly combined: Combined<V, P>;
  readonly late: Route<never, Late<V>>;
  readonly store: StoreSpec<PaneRow>;
}

/** Timer of a key that fell silent: its last instants have no later window to clear them. */
const FORGET = 'forget';

/** Panes here are instants: all records of one event time. */
class SlidingLogic<V, P> implements StageLogic {
  private readonly rows: KeyedState<PaneRow>;

  constructor(
    private readonly stage: SlidingStage<V, P>,
    private readonly context: StageContext,
  ) {
    this.rows = context.state(stage.store);
  }

  onRecord(record: StreamRecord<string, unknown>): void {
    const { combined, graceMs } = this.stage;
    if (this.context.watermarkMs > record.timestamp + graceMs) return this.sendLate(record);
    const row = this.rows.get(record.key) ?? EMPTY_ROW;
    const panes = addToPanes(row.panes, record.timestamp, combined, record);
    this.context.timers.set(record.key, record.timestamp + graceMs + 1);
    this.rows.put(record.key, { ...row, panes });
  }

  onTimer(key: string, timeMs: number, tag: string): void {
    const { sizeMs, graceMs } = this.stage;
    const row = this.rows.get(key);
    if (row === undefined) return;
    if (tag === FORGET) return this.forget(key, row, timeMs - 1 - graceMs - sizeMs);
    const endMs = timeMs - graceMs;
    this.publish(key, row, endMs);
    this.forget(key, row, endMs - sizeMs);
    if (row.panes.at(-1)!.startMs < endMs) this.context.timers.set(key, timeMs + sizeMs, FORGET);
  }

  /** Drops instants up to `untilMs`: no window to come holds them. */
  private forget(key: string, row: PaneRow, untilMs: number): void {
    const panes = row.panes.filter((pane) => pane.startMs > untilMs);
    if (panes.length === 0) this.rows.delete(key);
    else if (panes.length < row.panes.length) this.rows.put(key, { ...row, panes });
  }

  private publish(key: string, row: PaneRow, endMs: number): void {
    // An aggregate that cannot give its result must not keep the instants from being dropped.
    if (this.context.muted) return;
    const { combined, sizeMs } = this.stage;
    const [result] = combined.results(row.panes, endMs, [sizeMs]);
    if (!result) return;
    const value: WindowResult<P> = { window: { startMs: endMs - sizeMs, endMs }, final: true, value: result };
    this.context.emit(0, { key, value, timestamp: endMs - 1 });
  }

  private sendLate(record: StreamRecord<string, unknown>): void {
    const { id, late } = this.stage;
    const { watermarkMs } = this.context;
    sendAlong(this.context, late, 1, record, {
      event: 'late',
      code: 'SFS_LATE',
      reason: `event time ${record.timestamp} is behind its window in stage ${id}; the watermark is ${watermarkMs}`,
      value: () => ({ value: record.value as V, operator: id, watermarkMs, closedWindows: 1, windows: 1 }),
    });
  }
}
