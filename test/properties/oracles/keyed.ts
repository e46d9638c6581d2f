/** Operators that keep something per key and answer each record at once: they follow the order in which the task takes its records. */
import type { Event, Line } from '../../operators/pipelines.js';
import { summaryOf } from './summary.js';
import type { Arrived } from './time.js';

/** For each event, the aggregates of all up to it. */
export const totals = (key: string, events: readonly Event[]): Line[] =>
  events.map((event, index): Line => [key, event.atMs, summaryOf(events.slice(0, index + 1))]);

/** The mean of values weighted by 2^(-age / halfLife), age as of the latest event. */
export function decayedMean(events: readonly Event[], halfLifeMs: number): number {
  const latestMs = Math.max(...events.map((event) => event.atMs));
  const weights = events.map((event) => 2 ** ((event.atMs - latestMs) / halfLifeMs));
  const weighted = events.reduce((total, event, index) => total + event.n * weights[index]!, 0);
  return weighted / weights.reduce((a, b) => a + b);
}

/** For each event the fold of all since the key was last forgotten; a fold of `null` forgets it and publishes nothing. */
export function folds<S>(key: string, events: readonly Event[], initial: S, fold: (state: S, event: Event) => S | null): Line[] {
  return events.flatMap((event, index): Line[] => {
    const state = events.slice(0, index + 1).reduce((before, next) => fold(before, next) ?? initial, initial);
    return fold(
      events.slice(0, index).reduce((before, next) => fold(before, next) ?? initial, initial),
      event,
    ) === null
      ? []
      : [[key, event.atMs, state]];
  });
}

/** The events that are let through: none of the same identity within `withinMs` was, or it has been forgotten since. */
export function firsts(events: readonly Arrived[], withinMs: number, identityOf: (event: Event) => string): Arrived[] {
  return events.reduce<Arrived[]>((passed, event) => {
    const same = passed.filter((other) => identityOf(other) === identityOf(event) && event.watermarkMs < other.atMs + withinMs);
    return same.some((other) => Math.abs(other.atMs - event.atMs) < withinMs) ? passed : [...passed, event];
  }, []);
}
