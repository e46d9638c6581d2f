import { describe, expect, it } from 'vitest';
import { overlap, rankBiasedOverlap } from '../../../../scripts/models/shadow/agreement.js';

const ten = [...Array(10).keys()];

describe('overlap', () => {
  it('is the share of the first ten that both have, in whatever order', () => {
    expect(overlap(ten, [...ten].reverse())).toBe(1);
    expect(overlap(ten, [0, 1, 2, 3, 4, 15, 16, 17, 18, 19])).toBe(0.5);
    expect(overlap([1], [2])).toBe(0);
  });

  it('does not look beyond ten, and at all of shorter lists', () => {
    expect(overlap([...ten, 10], [...ten, 11])).toBe(1);
    expect(overlap([1, 2], [2, 3])).toBe(0.5);
    expect(overlap([1, 2, 3, 4], [1])).toBe(0.25);
    expect(overlap([], [])).toBe(1);
  });
});

describe('rank-biased overlap', () => {
  it('is the weighted mean of the overlap at each depth', () => {
    // Depth 1: nothing shared; depth 2: both.
    expect(rankBiasedOverlap([1, 2], [2, 1])).toBeCloseTo((0 + 0.9 * 1) / (1 + 0.9));
    // 1/1, 1/2, 2/3.
    expect(rankBiasedOverlap([1, 2, 3], [1, 4, 2])).toBeCloseTo((1 + 0.9 * 0.5 + 0.81 * (2 / 3)) / (1 + 0.9 + 0.81));
  });

  it('is 1 for equal lists, 0 for lists that share nothing, and weighs the first places most', () => {
    expect(rankBiasedOverlap(ten, ten)).toBeCloseTo(1);
    expect(rankBiasedOverlap(ten, ten.map((one) => one + 10))).toBe(0);
    const swapped = (at: number): number[] => ten.map((one, place) => (place === at ? ten[at + 1]! : place === at + 1 ? ten[at]! : one));
    expect(rankBiasedOverlap(ten, swapped(0))).toBeLessThan(rankBiasedOverlap(ten, swapped(8)));
    expect(rankBiasedOverlap([], [])).toBe(1);
  });
});
