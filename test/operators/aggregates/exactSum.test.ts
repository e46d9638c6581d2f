import { describe, expect, it } from 'vitest';
import { addExact, mergeExact, roundExact, type ExactSum } from '../../../operators/aggregates/exactSum.js';

const sumOf = (values: readonly number[]): ExactSum => values.reduce<ExactSum>(addExact, 0);
const rounded = (...values: readonly number[]): number => roundExact(sumOf(values));

describe('an exact sum', () => {
  it('stays a number while every addition is exact', () => {
    expect(sumOf([1, 2, 0.5, -3])).toBe(0.5);
    expect(sumOf([2 ** 53, -1])).toBe(2 ** 53 - 1);
  });

  it('becomes partial sums that do not overlap, in increasing magnitude, when one is not', () => {
    expect(sumOf([1e16, 1])).toEqual([1, 1e16]);
    expect(sumOf([2 ** 53, 1, 2 ** -60])).toEqual([2 ** -60, 1, 2 ** 53]);
  });

  it('loses nothing to cancellation', () => {
    expect(rounded(1e16, 1, -1e16)).toBe(1);
    expect(rounded(1, 1e100, 1, -1e100)).toBe(2);
    expect(rounded(1e308, 2 ** -1074, -1e308)).toBe(2 ** -1074);
    expect(rounded(0.1, 0.2, 0.3, -0.6)).toBe(2 ** -55);
  });

  it('is 0 when everything cancels', () => expect(rounded(0.1, 1e16, -0.1, -1e16)).toBe(0));

  it('rounds to the nearest double, ties to even, once', () => {
    expect(rounded(2 ** 53, 1)).toBe(2 ** 53);
    expect(rounded(2 ** 53, 3)).toBe(2 ** 53 + 4);
    expect(rounded(2 ** 53, 1, 2 ** -60)).toBe(2 ** 53 + 2);
    expect(rounded(2 ** 53, 3, -(2 ** -60))).toBe(2 ** 53 + 2);
    expect(rounded(-(2 ** 53), -1, -(2 ** -60))).toBe(-(2 ** 53) - 2);
    expect(rounded(2 ** 53, 1, -(2 ** -60))).toBe(2 ** 53);
  });

  it('agrees with whole numbers of any length', () => {
    const values = [2 ** 60, 3 ** 33, -(2 ** 59), 12345, -(7 ** 18), 2 ** 61, 1, 1, -(3 ** 30)];
    const exact = values.reduce((total, value) => total + BigInt(value), 0n);
    for (let by = 0; by < values.length; by++) expect(rounded(...values.slice(by), ...values.slice(0, by))).toBe(Number(exact));
  });

  it('does not depend on how it is split and merged', () => {
    const values = [1e16, 0.1, -3e15, 0.2, 1e-20, -7e15, 5];
    for (let cut = 0; cut <= values.length; cut++) {
      const [left, right] = [sumOf(values.slice(0, cut)), sumOf(values.slice(cut))];
      expect(roundExact(mergeExact(left, right))).toBe(rounded(...values));
      expect(roundExact(mergeExact(right, left))).toBe(rounded(...values));
    }
  });

  it('keeps few partial sums however many values come, and loses nothing by it', () => {
    const unit = 2 ** -250;
    const inUnits = (values: readonly number[]): bigint => values.reduce((total, value) => total + BigInt(value / unit), 0n);
    for (const [bits, most] of [
      [10, 8],
      [150, 8],
      [500, 12],
    ] as const) {
      const values = Array.from({ length: 5_000 }, (_, n) => (((n * 7_919) % 1_000_003) - 500_000) * 2 ** (((n * 131) % bits) - bits / 2));
      const sum = sumOf([...values, unit]) as readonly number[];
      expect(sum.length).toBeLessThanOrEqual(most);
      expect(inUnits(sum)).toBe(inUnits(values) + 1n);
      expect(roundExact(sum)).toBe(Number(inUnits(sum)) * unit);
    }
  });

  it('leaves what it adds to as it was', () => {
    const sum = sumOf([1e16, 1]);
    addExact(sum, 0.1);
    mergeExact(sum, sumOf([1e16, 3]));
    expect(sum).toEqual([1, 1e16]);
  });

  it('refuses to leave the range of numbers, which would stay in it for ever', () => {
    const largest = Number.MAX_VALUE;
    expect(() => addExact(largest, largest)).toThrow(RangeError);
    expect(() => mergeExact(sumOf([largest, 1]), sumOf([largest, 1]))).toThrow(RangeError);
    expect(rounded(largest, -largest, largest, 1)).toBe(largest);
  });
});
