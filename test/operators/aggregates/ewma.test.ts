import { describe, expect, it } from 'vitest';
import { ewma } from '../../../operators/index.js';
import { expectImmutable, fold, inTurn, type Timed } from './folds.js';

const recent = ewma<number>((value) => value, 10);
const of = (...values: readonly Timed<number>[]): number | null => recent.result(fold(recent, values));

describe('ewma', () => {
  it('of nothing is null, of one value that value', () => {
    expect(of()).toBeNull();
    expect(of([7, 1_000])).toBe(7);
    expect(of([0, 0])).toBe(0);
  });

  it('halves the weight of a value with each half-life of age', () => {
    expect(of([0, 0], [3, 10])).toBe(2);
    expect(of([0, 0], [5, 20])).toBe(4);
    expect(of([8, 0], [4, 10], [2, 20])).toBe((8 / 4 + 4 / 2 + 2) / (1 / 4 + 1 / 2 + 1));
  });

  it('is the plain mean of values of one time', () => expect(of([1, 5], [2, 5], [6, 5])).toBe(3));

  it('weighs a value that comes after a newer one by its age', () => {
    expect(of([3, 10], [0, 0])).toBe(2);
    expect(of([2, 20], [8, 0], [4, 10])).toBeCloseTo(of([8, 0], [4, 10], [2, 20])!, 14);
  });

  it('forgets what is very old', () => {
    expect(of([1e9, 0], [5, 1_000_000])).toBe(5);
    expect(of([5, 1_000_000], [1e9, 0])).toBe(5);
  });

  it('cannot be paned', () => {
    expect(recent.paned).toBe(false);
    expect(recent).not.toHaveProperty('merge');
    expectImmutable(recent, inTurn([1, 2, 3]));
  });

  it.each([NaN, Infinity, -Infinity])('refuses %d', (value) => expect(() => of([1, 0], [value, 1])).toThrow(RangeError));

  it('refuses to leave the range of numbers, which would stay in it for ever', () => {
    expect(() => of([Number.MAX_VALUE, 0], [Number.MAX_VALUE, 0])).toThrow(RangeError);
  });

  it.each([0, -1, 0.5, NaN, Infinity])('refuses a half-life of %d ms', (halfLifeMs) => {
    expect(() => ewma<number>((value) => value, halfLifeMs)).toThrow(expect.objectContaining({ code: 'SFS_DURATION' }));
  });
});
