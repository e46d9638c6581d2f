import type { Accumulators, Combined } from '../aggregates/combine.js';
import type { StreamRecord } from '../record.js';
import { schema, type ValueSchema } from '../schema.js';

/** The values of one key whose event times lie in [startMs, startMs + paneMs). */
export interface Pane {
  readonly startMs: number;
  readonly state: Accumulators;
}

/** The row of one key: its live panes by start, and the timers that stand for it. */
export interface PaneRow {
  readonly panes: readonly Pane[];
  /** End of the window that closes next; `null` when none is scheduled. */
  readonly nextEndMs: number | null;
  /** Interval emission: time of the pending timer and start of the earliest pane changed since the last one. */
  readonly emitAtMs: number | null;
  readonly changedFromMs: number | null;
}

/** The row of a key that nothing is known of. */
export const EMPTY_ROW: PaneRow = { panes: [], nextEndMs: null, emitAtMs: null, changedFromMs: null };

/** The schema of a row whose panes hold accumulators of that schema. */
export function paneRowSchema(state: ValueSchema<Accumulators>): ValueSchema<PaneRow> {
  return schema.record({
    panes: schema.array(schema.record({ startMs: schema.long, state })),
    nextEndMs: schema.nullable(schema.long),
    emitAtMs: schema.nullable(schema.long),
    changedFromMs: schema.nullable(schema.long),
  });
}

/**
 * Panes with a record added to the one at `startMs`, which is made where it is missing.
 * Cost: O(live panes) to copy the list, the newest pane first to find.
 */
export function addToPanes<V, P>(
  panes: readonly Pane[],
  startMs: number,
  combined: Combined<V, P>,
  record: StreamRecord<string, unknown>,
): readonly Pane[] {
  let index = panes.length;
  while (index > 0 && panes[index - 1]!.startMs > startMs) index--;
  const known = index > 0 ? panes[index - 1]! : undefined;
  const found = known?.startMs === startMs;
  const state = combined.add(found ? known.state : combined.zero(), record.value as V, record);
  const copy = panes.slice();
  if (found) copy[index - 1] = { startMs, state };
  else copy.splice(index, 0, { startMs, state });
  return copy;
}

/** The panes that start at `startMs` or later. */
export function panesFrom(panes: readonly Pane[], startMs: number): readonly Pane[] {
  let first = 0;
  while (first < panes.length && panes[first]!.startMs < startMs) first++;
  return first === 0 ? panes : panes.slice(first);
}

/** Greatest multiple of `stepMs` not above `timeMs`; exact for negative times. */
export const floorTo = (timeMs: number, stepMs: number): number => Math.floor(timeMs / stepMs) * stepMs;
