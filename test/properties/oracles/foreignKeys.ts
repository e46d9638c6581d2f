/** Who is told of changes in the rows that it refers to. */
import type { Event, Line } from '../../operators/pipelines.js';
import { GONE } from '../arbitraries.js';
import type { Sided } from './joins.js';
import type { Turn } from './time.js';

/** Row of a key after an update; `null` after a removal. */
const rowOf = (event: Event): Event | null => (event.tag === GONE ? null : event);

/** The keys that have changed at each time and that nobody has been told of yet. */
type Pending = Map<number, Set<string>>;

interface Change {
  readonly key: string;
  readonly atMs: number;
}

/** The updates of rows that change their amount, in the order of arrival; of versioned rows, those that come when no later one is known. */
function changesOf(updates: readonly Event[], isVersioned: boolean): ReadonlySet<Event> {
  const rows = new Map<string, { readonly n: number | null; readonly atMs: number }>();
  const changes = new Set<Event>();
  for (const update of updates) {
    const known = rows.get(update.key) ?? { n: null, atMs: -Infinity };
    if (isVersioned && update.atMs < known.atMs) continue;
    const n = rowOf(update)?.n ?? null;
    rows.set(update.key, { n, atMs: update.atMs });
    if (n !== known.n) changes.add(update);
  }
  return changes;
}

/** Lines of a task: at the first turn whose watermark is above the time of a change, or the next one after a late change. */
export function toldAtTurns(turns: readonly Turn<Sided>[], keysOf: (row: Event) => readonly string[], isVersioned: boolean): Line[] {
  const rights = turns.flatMap(({ event }) => (event?.side === 'right' ? [event] : []));
  const changes = changesOf(rights, isVersioned);
  const lefts = new Map<string, Event>();
  const pending: Pending = new Map();
  const lines: Line[] = [];
  for (const { event, watermarkMs } of turns) {
    for (const { key, atMs } of dueNow(pending, lefts, keysOf, watermarkMs)) lines.push([key, atMs, valueOf(lefts.get(key)!)]);
    if (event === null) continue;
    if (event.side === 'right' && changes.has(event)) pending.set(event.atMs, (pending.get(event.atMs) ?? new Set()).add(event.key));
    if (event.side === 'right') continue;
    if (rowOf(event) === null) lefts.delete(event.key);
    else lefts.set(event.key, event);
  }
  return lines;
}

const valueOf = ({ key, atMs, n, tag }: Event): Event => ({ key, atMs, n, tag });

function dueNow(pending: Pending, lefts: ReadonlyMap<string, Event>, keysOf: (row: Event) => readonly string[], watermarkMs: number): Change[] {
  const due = [...pending.keys()].filter((atMs) => atMs < watermarkMs).sort((a, b) => a - b);
  return due.flatMap((atMs) => {
    const changed = pending.get(atMs)!;
    pending.delete(atMs);
    return [...lefts].flatMap(([key, row]) => (keysOf(row).some((right) => changed.has(right)) ? [{ key, atMs }] : []));
  });
}
