import { describe, expect, it } from 'vitest';
import { count, countWhere, last, max, mean, min, schema, sum } from '../../../operators/index.js';
import { expectImmutable, expectPaned, fold, inTurn, resultOf, type Timed } from './folds.js';

const self = (value: number): number => value;
const notFinite = [NaN, Infinity, -Infinity];

describe('count', () => {
  it('counts records, and nothing as 0', () => {
    expect(resultOf(count(), ['x', 'x', 'y'])).toBe(3);
    expect(resultOf(count(), [])).toBe(0);
  });

  it('can be paned', () => expectPaned(count(), inTurn(['x', 'y', 'z', 'x'])));
});

describe('countWhere', () => {
  const even = countWhere<number>((value) => value % 2 === 0);

  it('counts the records for which the predicate holds', () => {
    expect(resultOf(even, [1, 2, 3, 4, 6])).toBe(3);
    expect(resultOf(even, [1])).toBe(0);
    expect(even.name).toBe('countWhere');
  });

  it('can be paned', () => expectPaned(even, inTurn([1, 2, 3, 4])));
});

describe('sum', () => {
  it('adds exactly and rounds once', () => {
    expect(resultOf(sum(self), [1, 2, 3])).toBe(6);
    expect(resultOf(sum(self), [])).toBe(0);
    expect(resultOf(sum(self), Array<number>(10).fill(0.1))).toBe(1);
    expect(resultOf(sum(self), [0.1, 0.2])).toBe(0.1 + 0.2);
    expect(resultOf(sum(self), [0.1, 0.2, -0.3])).toBe(2.7755575615628914e-17);
    expect(resultOf(sum(self), [1e16, 1, -1e16])).toBe(1);
    expect(resultOf(sum(self), [1e308, 1, 1e-300, -1e308, -1])).toBe(1e-300);
  });

  it('does not depend on the order of records', () => {
    const values = [1e16, 0.1, -1e16, 0.2, 3, 1e-9];
    const rotations = values.map((_, by) => [...values.slice(by), ...values.slice(0, by)]);
    expect(new Set(rotations.map((rotation) => resultOf(sum(self), rotation)))).toEqual(new Set([3.300000001]));
  });

  it('can be paned', () => {
    expectPaned(sum(self), inTurn([1e16, 0.1, -1e16, 0.2, 1e-9]));
    expectImmutable(sum(self), inTurn([1e16, 0.1, 0.2]));
  });

  it.each(notFinite)('refuses %d', (value) => {
    expect(() => resultOf(sum(self), [1, value])).toThrow(new RangeError(`an aggregate takes finite numbers, not ${value}`));
  });
});

describe('mean', () => {
  it('is the exact sum over the count, rounded', () => {
    expect(resultOf(mean(self), [1, 2, 6])).toBe(3);
    expect(resultOf(mean(self), Array<number>(10).fill(0.1))).toBe(0.1);
    expect(resultOf(mean(self), [1e16, 2, -1e16])).toBe(2 / 3);
    expect(resultOf(mean(self), [0])).toBe(0);
  });

  it('of nothing is null', () => expect(resultOf(mean(self), [])).toBeNull());

  it('can be paned', () => {
    expectPaned(mean(self), inTurn([1e16, 0.1, -1e16, 0.2]));
    expectImmutable(mean(self), inTurn([1e16, 0.1, 0.2]));
  });

  it.each(notFinite)('refuses %d', (value) => expect(() => resultOf(mean(self), [value])).toThrow(RangeError));
});

describe('min and max', () => {
  it('are the least and the greatest value', () => {
    expect(resultOf(min(self), [3, -2, 5, -2])).toBe(-2);
    expect(resultOf(max(self), [3, -2, 5, 5])).toBe(5);
    expect(resultOf(max(self), [-3])).toBe(-3);
  });

  it('of nothing are null', () => {
    expect(resultOf(min(self), [])).toBeNull();
    expect(resultOf(max(self), [])).toBeNull();
  });

  it('can be paned', () => {
    expectPaned(min(self), inTurn([3, -2, 0, 7]));
    expectPaned(max(self), inTurn([3, -2, 0, 7]));
  });

  it.each(notFinite)('refuse %d', (value) => {
    expect(() => resultOf(min(self), [value])).toThrow(RangeError);
    expect(() => resultOf(max(self), [1, value])).toThrow(RangeError);
  });
});

describe('last', () => {
  const latest = last<string, string>((value) => value, schema.string);

  it('is the value of the greatest event time, whatever the order of processing', () => {
    const values: Timed<string>[] = [
      ['b', 20],
      ['c', 30],
      ['a', 10],
    ];
    expect(latest.result(fold(latest, values))).toBe('c');
  });

  it('is the one processed last of several at one time', () => {
    expect(
      latest.result(
        fold(latest, [
          ['first', 20],
          ['second', 20],
          ['earlier', 19],
        ]),
      ),
    ).toBe('second');
  });

  it('takes the later pane of two with one event time', () => {
    const [earlier, later] = [fold(latest, [['earlier', 20]]), fold(latest, [['later', 20]])];
    expect(latest.result(latest.merge(earlier, later))).toBe('later');
  });

  it('of nothing is null', () => expect(resultOf(latest, [])).toBeNull());

  it('keeps values that look like nothing', () => {
    expect(resultOf(last<number, number>(self, schema.long), [1, 0])).toBe(0);
    expect(
      resultOf(
        last<string | null, string | null>((value) => value, schema.nullable(schema.string)),
        ['x', null],
      ),
    ).toBeNull();
  });

  it('can be paned', () => {
    expectPaned(latest, [
      ['a', 10],
      ['b', 30],
      ['c', 20],
      ['d', 30],
    ]);
    expectImmutable(latest, [
      ['a', 10],
      ['b', 20],
    ]);
  });
});
