import type { PanedAggregates } from '../aggregates/aggregate.js';
import { combine, type Accumulators, type Combined } from '../aggregates/combine.js';
import { assertNotNegative, assertPositive } from '../assert.js';
import { attach } from '../attach.js';
import type { KeyedState, StageContext, StageLogic, StoreSpec } from '../ports/stage.js';
import type { Records, StreamRecord } from '../record.js';
import { connectRoute, routeParameter, sendAlong, type Late, type Route } from '../route.js';
import { schema, type ValueSchema } from '../schema.js';
import type { WindowResult } from './hopping.js';

interface Session {
  readonly startMs: number;
  /** Event time of the last record. */
  readonly lastMs: number;
  readonly state: Accumulators;
}

type SessionRow = readonly Session[];

/** How long a session waits for its next record, and for late ones, ms. */
export interface SessionOptions<K extends string, V> {
  /** The longest silence within a session. */
  readonly gapMs: number;
  /** How long after the gap a session still takes records, on top of the source's lateness. Default 0. */
  readonly graceMs?: number;
  /** Where records go that could only belong to a session that is already closed. */
  readonly late: Route<K, Late<V>>;
}

/**
 * Aggregates per key over sessions: records a and b of one key share a session when a chain of records leads from a to b
 * with steps of event time below or equal to gapMs. A session of first record f and last record l is the window [f, l + 1);
 * it closes, and publishes once with event time l, when watermark > l + gapMs + graceMs.
 * A record that joins two sessions merges them (aggregates must be paned for that). Late: watermark > t + gapMs + graceMs
 * and no open session within gapMs. A closed session takes no more: a record near it that is not late begins one of its own,
 * which only a record behind the watermark can do.
 *
 * Cost: O(open sessions of the key) per record.
 *
 * @example
 * events.pipe(sessions('visits', { gapMs: 10, late: 'dead-letter' }, { n: sum((event) => event.n) }))
 * // <- ada@0 1, ada@8 2, ada@18 4, ada@29 8
 * // -> ada@18 { window: { startMs: 0, endMs: 19 }, final: true, value: { n: 7 } }
 * // <- end
 * // -> ada@29 { window: { startMs: 29, endMs: 30 }, final: true, value: { n: 8 } }
 * @throws SFS_DURATION
 * @see T. Akidau et al., "The Dataflow Model" (VLDB 2015), section 2.2
 */
export function sessions<K extends string, V, P extends Record<string, unknown>>(
  id: string,
  options: SessionOptions<K, V>,
  aggregates: PanedAggregates<V, P>,
): (source: Records<K, V>) => Records<K, WindowResult<P>> {
  const { gapMs, late } = options;
  const graceMs = options.graceMs ?? 0;
  assertPositive('gapMs', gapMs);
  assertNotNegative('graceMs', graceMs);
  const combined = combine<V, P>(aggregates);
  const store: StoreSpec<SessionRow> = { name: `${id}/sessions`, schema: sessionsSchema(combined.schema) };
  return (source) => {
    const outputs = attach([source], {
      id,
      kind: 'sessions',
      parameters: { gapMs, graceMs, late: routeParameter(late), aggregates: combined.parameters },
      stores: [store],
      ports: ['out', 'late'],
      holdMs: gapMs + graceMs,
      create: (context) => new SessionLogic({ id, gapMs, graceMs, combined, late, store }, context),
    });
    connectRoute(late, outputs[1]);
    return outputs[0] as unknown as Records<K, WindowResult<P>>;
  };
}

function sessionsSchema(state: ValueSchema<Accumulators>): ValueSchema<SessionRow> {
  return schema.array(schema.record({ startMs: schema.long, lastMs: schema.long, state }));
}

interface SessionStage<V, P> {
  readonly id: string;
  readonly gapMs: number;
  readonly graceMs: number;
  readonly combined: Combined<V, P>;
  readonly late: Route<never, Late<V>>;
  readonly store: StoreSpec<SessionRow>;
}

class SessionLogic<V, P> implements StageLogic {
  private readonly rows: KeyedState<SessionRow>;

  constructor(
    private readonly stage: SessionStage<V, P>,
    private readonly context: StageContext,
  ) {
    this.rows = context.state(stage.store);
  }

  onRecord(record: StreamRecord<string, unknown>): void {
    const { gapMs, combined } = this.stage;
    const row = this.rows.get(record.key) ?? [];
    const touches = (session: Session): boolean => record.timestamp >= session.startMs - gapMs && record.timestamp <= session.lastMs + gapMs;
    const touched = row.filter(touches);
    if (touched.length === 0 && this.context.watermarkMs > this.closeTime(record.timestamp)) return this.sendLate(record);
    const own: Session = { startMs: record.timestamp, lastMs: record.timestamp, state: combined.add(combined.zero(), record.value as V, record) };
    const merged = [...touched, own].sort(byStart).reduce((a, b) => this.join(a, b));
    const others = row.filter((session) => !touches(session));
    touched.forEach((session) => this.context.timers.delete(record.key, this.closeTime(session.lastMs) + 1));
    this.context.timers.set(record.key, this.closeTime(merged.lastMs) + 1);
    this.rows.put(record.key, [...others, merged].sort(byStart));
  }

  onTimer(key: string, timeMs: number): void {
    const row = this.rows.get(key) ?? [];
    const closing = (session: Session): boolean => this.closeTime(session.lastMs) + 1 === timeMs;
    for (const session of row.filter(closing)) this.publish(key, session);
    const open = row.filter((session) => !closing(session));
    if (open.length === 0) this.rows.delete(key);
    else this.rows.put(key, open);
  }

  /** The session is closed by every watermark above this time. */
  private closeTime(lastMs: number): number {
    return lastMs + this.stage.gapMs + this.stage.graceMs;
  }

  private join(a: Session, b: Session): Session {
    const { combined } = this.stage;
    return { startMs: Math.min(a.startMs, b.startMs), lastMs: Math.max(a.lastMs, b.lastMs), state: combined.merge(a.state, b.state) };
  }

  private publish(key: string, session: Session): void {
    // An aggregate that cannot give its result must not keep the session from being dropped.
    if (this.context.muted) return;
    const value: WindowResult<P> = {
      window: { startMs: session.startMs, endMs: session.lastMs + 1 },
      final: true,
      value: this.stage.combined.result(session.state),
    };
    this.context.emit(0, { key, value, timestamp: session.lastMs });
  }

  private sendLate(record: StreamRecord<string, unknown>): void {
    const { id, late } = this.stage;
    const { watermarkMs } = this.context;
    sendAlong(this.context, late, 1, record, {
      event: 'late',
      code: 'SFS_LATE',
      reason: `event time ${record.timestamp} is behind the sessions of stage ${id}; the watermark is ${watermarkMs}`,
      value: () => ({ value: record.value as V, operator: id, watermarkMs, closedWindows: 1, windows: 1 }),
    });
  }
}

const byStart = (a: { readonly startMs: number }, b: { readonly startMs: number }): number => a.startMs - b.startMs;
