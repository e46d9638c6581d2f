/** What the properties vary: events, the order in which they arrive, and how the engine comes to see them. */
import fc from 'fast-check';
import type { Event } from '../operators/pipelines.js';

/** Marks the events for which a later operator throws. */
export const POISON = '!';

/** Marks, where the second source is a table, the removal of a row. */
export const GONE = 'z';

/** Lateness of every source, ms; delays are given in shares of it, so that it can shrink on its own. */
const MOST_LATENESS_MS = 16;
const WHOLE = 4;

/** Keys that lie on different partitions; one is not ASCII. */
const key = fc.constantFrom('a', 'b', 'c', 'd', 'ключ');

/** Whole numbers, and doubles whose sum depends on the order in which plain additions are done. */
const amount = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom(0.1, 0.2, 1 / 3, 1e16, -1e16, 0.5));

/** Half of the events crowd together, so that many share a time. */
const eventTime = fc.oneof(fc.integer({ min: -30, max: 60 }), fc.integer({ min: 0, max: 6 }));

interface Draft extends Event {
  /** Arrives so many quarters of the lateness after it happened. */
  readonly delayShare: number;
  /** Arrives so much later still. */
  readonly strayMs: number;
}

export interface EventOptions {
  /** Whether some events come later than the lateness allows. */
  readonly stragglers?: boolean;
  /** Whether a later operator throws for some. */
  readonly poison?: boolean;
}

function draft({ stragglers = false, poison = false }: EventOptions): fc.Arbitrary<Draft> {
  const tags = ['x', 'y', GONE];
  return fc.record({
    key,
    atMs: eventTime,
    n: amount,
    tag: poison ? fc.constantFrom(...tags, POISON) : fc.constantFrom(...tags),
    delayShare: fc.integer({ min: 0, max: WHOLE }),
    strayMs: stragglers
      ? fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 50 }) })
      : fc.constant(0),
  });
}

/**
 * In order of arrival, which is that of event time plus delay. An event that is delayed by the lateness at most arrives before any
 * event that is more than the lateness ahead of it, so it is in time; one that is delayed by more may be late.
 */
function inArrivalOrder(drafts: readonly Draft[], latenessMs: number): Event[] {
  const arrival = ({ atMs, delayShare, strayMs }: Draft): number => atMs + Math.floor((latenessMs * delayShare) / WHOLE) + strayMs;
  return [...drafts].sort((a, b) => arrival(a) - arrival(b)).map(({ key, atMs, n, tag }) => ({ key, atMs, n, tag }));
}

/** How the engine comes to see what arrives. Nothing of it may show in a result. */
export interface Schedule {
  readonly partitions: number;
  /** Records and timers between two commits. */
  readonly maxRecords: number;
  /** Records in one read of the log. */
  readonly mostRead: number;
  /** Whether the process dies at the n-th commit: before the commit took effect, or after. */
  readonly crashes: readonly ('before' | 'after' | null)[];
}

const upToAll = fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constant(1_000));
const crash = fc.option(fc.constantFrom('before' as const, 'after' as const), { freq: 2 });

export const schedule: fc.Arbitrary<Schedule> = fc.record({
  partitions: fc.integer({ min: 1, max: 4 }),
  maxRecords: upToAll,
  mostRead: upToAll,
  crashes: fc.array(crash, { maxLength: 30, size: 'max' }),
});

/** Events of one source as they arrive, and how they are processed. */
export interface Scenario {
  readonly latenessMs: number;
  readonly events: readonly Event[];
  /** Places in `events` at which everything sent so far is processed and the process ends; the next one goes on. */
  readonly stops: readonly number[];
  readonly schedule: Schedule;
}

/** Events of two sources of one task; `right` is a table where the operator joins one. */
export interface TwoSided extends Omit<Scenario, 'events' | 'stops'> {
  readonly left: readonly Event[];
  readonly right: readonly Event[];
}

const latenessMs = fc.integer({ min: 0, max: MOST_LATENESS_MS });

/** By default every event comes in time and nothing throws. */
export function scenario(options: EventOptions = {}): fc.Arbitrary<Scenario> {
  const drafts = fc.array(draft(options), { maxLength: 40, size: 'max' });
  const stops = fc.array(fc.nat(40), { maxLength: 3 });
  return fc
    .record({ latenessMs, drafts, stops, schedule })
    .map(({ drafts: all, ...rest }) => ({ events: inArrivalOrder(all, rest.latenessMs), ...rest }));
}

/** As {@link scenario}, for operators of two sources. */
export function twoSided(options: EventOptions = {}): fc.Arbitrary<TwoSided> {
  const drafts = fc.array(draft(options), { maxLength: 25, size: 'max' });
  return fc
    .record({ latenessMs, drafts, others: fc.array(draft({ ...options, poison: false }), { maxLength: 25, size: 'max' }), schedule })
    .map(({ drafts: left, others: right, ...rest }) => ({
      left: inArrivalOrder(left, rest.latenessMs),
      right: inArrivalOrder(right, rest.latenessMs),
      ...rest,
    }));
}
