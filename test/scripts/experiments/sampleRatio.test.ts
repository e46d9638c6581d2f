import { describe, expect, it } from 'vitest';
import { chiSquaredTail, sampleRatioOf } from '../../../scripts/experiments/sampleRatio.js';

describe('the tail of the chi-squared distribution', () => {
  it('is that of the tables', () => {
    for (const [value, degrees, p] of [
      [3.841, 1, 0.05],
      [6.635, 1, 0.01],
      [10.828, 1, 0.001],
      [5.991, 2, 0.05],
      [7.815, 3, 0.05],
      [18.307, 10, 0.05],
      [0.0158, 1, 0.9],
      [3.247, 10, 0.975],
    ] as const)
      expect(chiSquaredTail(value, degrees)).toBeCloseTo(p, 3);
  });

  it('of two degrees is exponential', () => {
    for (const value of [0.1, 1, 4, 30, 200]) expect(chiSquaredTail(value, 2) / Math.exp(-value / 2)).toBeCloseTo(1, 8);
    expect([chiSquaredTail(0, 3), chiSquaredTail(5, 0)]).toEqual([1, 1]);
  });
});

describe('the check of the split', () => {
  it('passes what chance explains, by the planned shares', () => {
    expect(sampleRatioOf([5_020, 4_980], [1, 1])).toMatchObject({ expected: [5_000, 5_000], isMismatch: false });
    expect(sampleRatioOf([9_010, 990], [0.9, 0.1]).isMismatch).toBe(false);
  });

  it('tells what it does not', () => {
    const found = sampleRatioOf([5_300, 4_700], [1, 1]);
    expect(found.chiSquared).toBeCloseTo(36, 8);
    expect([found.isMismatch, found.p < 1e-8]).toEqual([true, true]);
    expect(sampleRatioOf([5_000, 5_000], [0.6, 0.4]).isMismatch).toBe(true);
  });
});
