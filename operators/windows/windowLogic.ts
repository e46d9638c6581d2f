import type { Combined } from '../aggregates/combine.js';
import type { KeyedState, StageContext, StageLogic, StoreSpec } from '../ports/stage.js';
import type { StreamRecord } from '../record.js';
import { sendAlong, type Late, type Route } from '../route.js';
import type { Emission } from './emission.js';
import { EMPTY_ROW, addToPanes, floorTo, panesFrom, type PaneRow } from './panes.js';

/** Windows [e - s, e) for each size s; ends e are k * advanceMs + (sizesMs[0] mod advanceMs). */
export interface WindowPlan {
  readonly sizesMs: readonly number[];
  readonly advanceMs: number;
  readonly paneMs: number;
  readonly graceMs: number;
  readonly emit: Emission;
}

/** Builds the published value from the results of each size (`null` where empty). */
export type WindowPublisher<P, R> = (endMs: number, values: readonly (P | null)[], final: boolean) => R;

interface WindowStage<V, P, R> {
  readonly id: string;
  readonly plan: WindowPlan;
  readonly store: StoreSpec<PaneRow>;
  readonly combined: Combined<V, P>;
  readonly late: Route<never, Late<V>>;
  readonly publish: WindowPublisher<P, R>;
}

const EMIT = 'emit';

/** The running stage of hopping and tumbling windows and of window sets. */
export function windowLogic<V, P, R>(stage: WindowStage<V, P, R>, context: StageContext): StageLogic {
  return new WindowLogic(stage, context);
}

class WindowLogic<V, P, R> implements StageLogic {
  private readonly rows: KeyedState<PaneRow>;
  private readonly largestMs: number;
  private readonly phaseMs: number;
  /** The sizes in ascending order, and where each size of the plan stands among them. */
  private readonly ascendingMs: readonly number[];
  private readonly places: readonly number[];

  constructor(
    private readonly stage: WindowStage<V, P, R>,
    private readonly context: StageContext,
  ) {
    this.rows = context.state(stage.store);
    this.ascendingMs = [...stage.plan.sizesMs].sort((a, b) => a - b);
    this.places = stage.plan.sizesMs.map((sizeMs) => this.ascendingMs.indexOf(sizeMs));
    this.largestMs = this.ascendingMs.at(-1)!;
    this.phaseMs = stage.plan.sizesMs[0]! % stage.plan.advanceMs;
  }

  onRecord(record: StreamRecord<string, unknown>): void {
    const { advanceMs } = this.stage.plan;
    const first = this.firstEndAfter(record.timestamp);
    const last = floorTo(record.timestamp + this.largestMs - this.phaseMs, advanceMs) + this.phaseMs;
    const firstOpen = Math.max(first, this.firstOpenEnd());
    if (firstOpen > first) this.sendLate(record, first, Math.min(firstOpen, last + advanceMs), last);
    if (firstOpen <= last) this.add(record, firstOpen, last);
  }

  onTimer(key: string, timeMs: number, tag: string): void {
    if (tag === EMIT) this.publishChanged(key, timeMs);
    else this.close(key, timeMs - this.stage.plan.graceMs);
  }

  private firstEndAfter(timeMs: number): number {
    return floorTo(timeMs - this.phaseMs, this.stage.plan.advanceMs) + this.phaseMs + this.stage.plan.advanceMs;
  }

  /** The least end e with e + graceMs > watermark. */
  private firstOpenEnd(): number {
    const { watermarkMs } = this.context;
    return Number.isFinite(watermarkMs) ? this.firstEndAfter(watermarkMs - this.stage.plan.graceMs) : watermarkMs;
  }

  private sendLate(record: StreamRecord<string, unknown>, first: number, firstOpen: number, last: number): void {
    const { stage, context } = this;
    const closedWindows = (firstOpen - first) / stage.plan.advanceMs;
    const windows = (last - first) / stage.plan.advanceMs + 1;
    const { watermarkMs } = context;
    sendAlong(context, stage.late, 1, record, {
      event: 'late',
      code: 'SFS_LATE',
      reason: `event time ${record.timestamp} is behind ${closedWindows} of its ${windows} windows in stage ${stage.id}; the watermark is ${watermarkMs}`,
      value: () => ({ value: record.value as V, operator: stage.id, watermarkMs, closedWindows, windows }),
    });
  }

  private add(record: StreamRecord<string, unknown>, firstOpen: number, last: number): void {
    const { combined, plan } = this.stage;
    const row = this.rows.get(record.key) ?? EMPTY_ROW;
    const panes = addToPanes(row.panes, floorTo(record.timestamp, plan.paneMs), combined, record);
    const nextEndMs = this.schedule(record.key, row.nextEndMs, firstOpen);
    const pending = plan.emit.on === 'interval' ? this.pend(record, row, plan.emit.intervalMs) : row;
    const changed = { panes, nextEndMs, emitAtMs: pending.emitAtMs, changedFromMs: pending.changedFromMs };
    this.rows.put(record.key, changed);
    if (plan.emit.on === 'update') this.publishOpen(record.key, changed, firstOpen, last, record.timestamp);
  }

  private schedule(key: string, scheduled: number | null, endMs: number): number {
    if (scheduled !== null && scheduled <= endMs) return scheduled;
    const { graceMs } = this.stage.plan;
    if (scheduled !== null) this.context.timers.delete(key, scheduled + graceMs);
    this.context.timers.set(key, endMs + graceMs);
    return endMs;
  }

  private pend(record: StreamRecord<string, unknown>, row: PaneRow, intervalMs: number): Pick<PaneRow, 'emitAtMs' | 'changedFromMs'> {
    const changedFromMs = Math.min(row.changedFromMs ?? record.timestamp, record.timestamp);
    if (row.emitAtMs !== null) return { emitAtMs: row.emitAtMs, changedFromMs };
    // A record behind the watermark belongs to the interval that is still open: the earlier ones have had their result.
    const emitAtMs = floorTo(Math.max(record.timestamp, this.context.watermarkMs), intervalMs) + intervalMs;
    this.context.timers.set(record.key, emitAtMs, EMIT);
    return { emitAtMs, changedFromMs };
  }

  private publishChanged(key: string, timeMs: number): void {
    const row = this.rows.get(key);
    if (row?.emitAtMs !== timeMs) return;
    this.rows.put(key, { ...row, emitAtMs: null, changedFromMs: null });
    const first = Math.max(this.firstEndAfter(row.changedFromMs!), this.firstOpenEnd());
    const newest = row.panes.at(-1)!;
    this.publishOpen(key, row, first, newest.startMs + this.largestMs, timeMs - 1);
  }

  private publishOpen(key: string, row: PaneRow, first: number, last: number, timestamp: number): void {
    for (let endMs = first; endMs <= last; endMs += this.stage.plan.advanceMs) this.publish(key, row, endMs, false, timestamp);
  }

  private publish(key: string, row: PaneRow, endMs: number, final: boolean, timestamp: number): void {
    // An aggregate that cannot give its result must not keep the window from closing.
    if (this.context.muted) return;
    const { combined, publish } = this.stage;
    const ascending = combined.results(row.panes, endMs, this.ascendingMs);
    if (ascending.at(-1) === null) return;
    const values = this.places.length === 1 ? ascending : this.places.map((place) => ascending[place]!);
    this.context.emit(0, { key, value: publish(endMs, values, final), timestamp });
  }

  /** Publishes the window that ends at `endMs`, forgets panes that no later window holds and schedules the next end that holds any. */
  private close(key: string, endMs: number): void {
    const row = this.rows.get(key);
    if (row?.nextEndMs !== endMs) return;
    if (this.stage.plan.emit.on !== 'update') this.publish(key, row, endMs, true, endMs - 1);
    const nextMs = endMs + this.stage.plan.advanceMs;
    const panes = panesFrom(row.panes, nextMs - this.largestMs);
    const oldest = panes[0];
    if (oldest === undefined) return this.forget(key, row);
    const nextEndMs = this.schedule(key, null, oldest.startMs < nextMs ? nextMs : this.firstEndAfter(oldest.startMs));
    this.rows.put(key, { panes, nextEndMs, emitAtMs: row.emitAtMs, changedFromMs: row.changedFromMs });
  }

  private forget(key: string, row: PaneRow): void {
    if (row.emitAtMs !== null) this.context.timers.delete(key, row.emitAtMs, EMIT);
    this.rows.delete(key);
  }
}
