import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countIn, lastGapOf, shifted, weightOf, withDay } from '../../../operators/recommend/recentDays.js';

/** Days in the order in which they are told of, the first one 0. */
const told = fc.array(fc.integer({ min: -40, max: 40 }), { maxLength: 12 }).map((steps) => [100, ...steps.map((step) => 100 + step)]);

/** What is remembered of days, and the last one. */
function remembered(days: readonly number[]): { readonly recent: number; readonly last: number } {
  let [recent, last] = [1, days[0]!];
  for (const day of days.slice(1)) {
    recent = withDay(recent, day - last);
    last = Math.max(last, day);
  }
  return { recent, last };
}

/** The same from the days themselves: those of the last 31 that were told of while they were among them. */
function slowly(days: readonly number[]): ReadonlySet<number> {
  const kept = new Set<number>();
  let last = -Infinity;
  for (const day of days) {
    last = Math.max(last, day);
    if (last - day < 31) kept.add(day);
  }
  return new Set([...kept].filter((day) => last - day < 31));
}

describe('recent days', () => {
  it('are counted, weighed and compared as the days themselves are, from any later day', () => {
    fc.assert(
      fc.property(told, fc.integer({ min: 0, max: 40 }), (days, later) => {
        const { recent, last } = remembered(days);
        const [now, seen] = [last + later, shifted(recent, later)];
        const agesOf = [...slowly(days)].map((day) => now - day).filter((age) => age < 31);
        for (const window of [7, 28]) expect(countIn(seen, window)).toBe(agesOf.filter((age) => age < window).length);
        expect(weightOf(seen)).toBeCloseTo(
          agesOf.reduce((sum, age) => sum + 2 ** (-age / 7), 0),
          9,
        );
        const [newest, before] = [...slowly(days)].sort((a, b) => b - a);
        expect(lastGapOf(recent)).toBe(before === undefined ? 0 : newest! - before);
      }),
      { numRuns: 300 },
    );
  });
});
