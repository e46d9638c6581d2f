/** Every aggregate of the language over a plain list. */
import type { Event } from '../../operators/pipelines.js';

/** Doubles of the arbitraries are whole multiples of 2^-60: sums are exact in whole numbers of that unit. */
const UNITS = 2 ** 60;

const exactSum = (numbers: readonly number[]): number => Number(numbers.reduce((total, n) => total + BigInt(n * UNITS), 0n)) / UNITS;

/** `null` of nothing: an empty window has no result. Of values of one event time, the last is the later one of the list. */
export function summaryOf(events: readonly Event[]): Record<string, unknown> | null {
  if (events.length === 0) return null;
  const numbers = events.map((event) => event.n);
  const latest = Math.max(...events.map((event) => event.atMs));
  const tags = [...new Set(events.map((event) => event.tag))].sort();
  const counts = tags.map((item) => ({ item, count: events.filter((event) => event.tag === item).length }));
  return {
    count: events.length,
    large: events.filter((event) => event.n > 1).length,
    sum: exactSum(numbers),
    mean: exactSum(numbers) / events.length,
    min: Math.min(...numbers),
    max: Math.max(...numbers),
    last: events.findLast((event) => event.atMs === latest)!.n,
    top: counts.sort((a, b) => b.count - a.count).slice(0, 2),
    tags: tags.length,
  };
}
