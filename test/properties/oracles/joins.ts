/** Joins as sets of pairs, and as look-ups in a table at a place of the task's merge order. */
import type { Event, Line } from '../../operators/pipelines.js';
import { GONE, type TwoSided } from '../arbitraries.js';
import { byPartition, mergedTurns, sourceChannel, type Channel, type Placed, type Turn } from './time.js';

/** An event with the source that it came from. */
export interface Sided extends Event, Placed {
  readonly side: 'left' | 'right';
}

/** What a join gives of a pair. */
export const pairOf = (left: Event, right: Event): readonly [number, number] => [left.n, right.n];

const sided = (events: readonly Event[], side: Sided['side'], partitions: number): Sided[][] =>
  byPartition(events, partitions).map((part) => part.map((event) => ({ ...event, side })));

/** The turns of each task over two co-partitioned sources; at one clock, the left topic comes first. */
export function twoSidedTurns({ left, right, latenessMs, schedule: { partitions } }: TwoSided): Turn<Sided>[][] {
  const others = sided(right, 'right', partitions);
  return sided(left, 'left', partitions).map((own, partition) =>
    mergedTurns([sourceChannel(own, latenessMs), sourceChannel(others[partition]!, latenessMs)]),
  );
}

/** The turns of each task over one source and a global table: every task reads all of the table's partitions, and waits for a versioned one. */
export function globalTurns({ left, right, latenessMs, schedule: { partitions } }: TwoSided, isVersioned = false): Turn<Sided>[][] {
  const table = sided(right, 'right', partitions).map((part): Channel<Sided> => ({ ...sourceChannel(part, latenessMs), counts: isVersioned }));
  return sided(left, 'left', partitions).map((own) => mergedTurns([sourceChannel(own, latenessMs), ...table]));
}

export interface IntervalSpec {
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** Every pair of one key with right.t in [left.t - before, left.t + after], at the later time of both. */
export function pairs(left: readonly Event[], right: readonly Event[], { beforeMs, afterMs }: IntervalSpec): Line[] {
  return left.flatMap((a) => {
    const partners = right.filter((b) => b.key === a.key && b.atMs >= a.atMs - beforeMs && b.atMs <= a.atMs + afterMs);
    return partners.map((b): Line => [a.key, Math.max(a.atMs, b.atMs), pairOf(a, b)]);
  });
}

/** The row of a key after some updates: that of the last one, `null` where it is a removal. */
const rowAfter = (updates: readonly Event[], key: string): Event | null => {
  const last = updates.findLast((update) => update.key === key);
  return last === undefined || last.tag === GONE ? null : last;
};

export interface Joined {
  readonly results: Line[];
  readonly misses: Line[];
}

const joined = (event: Event, row: Event | null): Joined => {
  const { key, atMs, n, tag } = event;
  if (row !== null) return { results: [[key, atMs, pairOf(event, row)]], misses: [] };
  return { results: [], misses: [[key, atMs, { key, atMs, n, tag }]] };
};

const together = (all: readonly Joined[]): Joined => ({
  results: all.flatMap(({ results }) => results),
  misses: all.flatMap(({ misses }) => misses),
});

/** Each left event with the row under a key at its turn. */
export function joinedAtTurn(turns: readonly Turn<Sided>[], keyOf: (event: Event) => string): Joined {
  return together(
    turns.flatMap(({ event }, index) => {
      if (event?.side !== 'left') return [];
      const before = turns.slice(0, index).flatMap((turn) => (turn.event?.side === 'right' ? [turn.event] : []));
      return [joined(event, rowAfter(before, keyOf(event)))];
    }),
  );
}

/** The version of a key that held at a time: of greatest event time up to it, of several of one time the latest arrival. */
export function versionAt(updates: readonly Event[], key: string, asOfMs: number): Event | null {
  const sorted = updates.filter((update) => update.atMs <= asOfMs).sort((a, b) => a.atMs - b.atMs);
  return rowAfter(sorted, key);
}

/** Each left event with the version that held at t - lag, if nothing is late. Sorted by event time. */
export const joinedAsOf = (left: readonly Event[], right: readonly Event[], lagMs: number): Joined =>
  together([...left].sort((a, b) => a.atMs - b.atMs).map((event) => joined(event, versionAt(right, event.key, event.atMs - lagMs))));

/**
 * What is done with records that wait until watermark > t - lag, in the order in which it is done: at the first turn with such a
 * watermark, before its record is taken, and for a record that comes later still, at its own turn.
 */
export function whenKnown<E extends Event, R>(
  turns: readonly Turn<E>[],
  { lagMs, waits, done }: { readonly lagMs: number; readonly waits: (event: E) => boolean; readonly done: (event: E, before: readonly E[]) => R },
): R[] {
  const all = turns.flatMap(({ event }, index) => {
    if (event === null || !waits(event)) return [];
    const known = turns.findIndex((turn) => turn.watermarkMs > event.atMs - lagMs);
    const at = Math.max(index, known);
    const before = turns.slice(0, at).flatMap((turn) => (turn.event === null ? [] : [turn.event]));
    // Of one turn, what waited goes first, in order of time.
    return [{ at, waited: known > index, atMs: event.atMs, result: done(event, before) }];
  });
  const inOrder = all.sort((a, b) => a.at - b.at || (a.waited && b.waited ? a.atMs - b.atMs : Number(b.waited) - Number(a.waited)));
  return inOrder.map((one) => one.result);
}

const isLeft = ({ side }: Sided): boolean => side === 'left';
const updates = (events: readonly Sided[]): Sided[] => events.filter((event) => !isLeft(event));

/** With late updates and events: each left event with the version that held at t - lag, as far as that is known when it is joined. */
export const joinedWhenKnown = (turns: readonly Turn<Sided>[], lagMs: number): Joined =>
  together(
    whenKnown(turns, {
      lagMs,
      waits: isLeft,
      done: (event, before) => joined(event, versionAt(updates(before), event.key, event.atMs - lagMs)),
    }),
  );

/** Of each left event, the amounts of the versions of several keys that held at its time, as far as they are known then. */
export const lookedUpWhenKnown = (turns: readonly Turn<Sided>[], keysOf: (event: Event) => readonly string[]): Line[] =>
  whenKnown(turns, {
    lagMs: 0,
    waits: isLeft,
    done: (event, before): Line => [event.key, event.atMs, keysOf(event).map((key) => [key, versionAt(updates(before), key, event.atMs)?.n ?? null])],
  });
