import { describe, expect, it } from 'vitest';
import { distinctCount, list, schema, topK } from '../../../operators/index.js';
import { expectImmutable, expectPaned, fold, inTurn, resultOf } from './folds.js';

const self = (value: string): string => value;
const letters = (word: string): string[] => Array.from(word);

describe('topK', () => {
  it('gives the most frequent items with their counts, greatest first', () => {
    expect(resultOf(topK(2, self), letters('abcbcc'))).toEqual([
      { item: 'c', count: 3 },
      { item: 'b', count: 2 },
    ]);
  });

  it('orders ties by item, in code unit order', () => {
    expect(resultOf(topK(3, self), letters('cabZ')).map(({ item }) => item)).toEqual(['Z', 'a', 'b']);
    expect(resultOf(topK(3, self), letters('cbabc')).map(({ item }) => item)).toEqual(['b', 'c', 'a']);
    expect(resultOf(topK(2, self), ['ä', 'z']).map(({ item }) => item)).toEqual(['z', 'ä']);
  });

  it('gives what there is when that is less than k, and nothing of nothing', () => {
    expect(resultOf(topK(5, self), letters('aa'))).toEqual([{ item: 'a', count: 2 }]);
    expect(resultOf(topK(5, self), [])).toEqual([]);
  });

  it('weighs', () => {
    const weighted = topK<readonly [string, number]>(
      2,
      ([item]) => item,
      ([, weight]) => weight,
    );
    expect(
      resultOf(weighted, [
        ['a', 2],
        ['b', 1],
        ['c', 5],
        ['b', 3],
      ]),
    ).toEqual([
      { item: 'c', count: 5 },
      { item: 'b', count: 4 },
    ]);
    expect(
      resultOf(weighted, [
        ['a', 2],
        ['a', -3],
        ['b', 0],
      ]),
    ).toEqual([
      { item: 'b', count: 0 },
      { item: 'a', count: -1 },
    ]);
  });

  it('counts items that are no plain names', () => {
    expect(resultOf(topK(3, self), ['__proto__', '', '__proto__'])).toEqual([
      { item: '__proto__', count: 2 },
      { item: '', count: 1 },
    ]);
  });

  it('keeps one count for each item, sorted by item', () => {
    expect(fold(topK(1, self), inTurn(letters('banana')))).toEqual([
      { item: 'a', count: 3 },
      { item: 'b', count: 1 },
      { item: 'n', count: 2 },
    ]);
  });

  it('can be paned: an item that leads nowhere may lead over all panes', () => {
    expectPaned(topK(2, self), inTurn(letters('aacbbcdc')));
    expectPaned(topK(1, self), inTurn(letters('aacbbc')));
    expectImmutable(topK(2, self), inTurn(letters('abc')));
  });

  it.each([0, -1, 1.5, NaN, Infinity])('refuses k = %d', (k) => {
    expect(() => topK(k, self)).toThrow(expect.objectContaining({ code: 'SFS_DURATION' }));
  });

  it('refuses weights and counts that are no safe whole numbers', () => {
    const weighted = topK<number>(
      1,
      () => 'x',
      (weight) => weight,
    );
    for (const weight of [0.5, NaN, Infinity, 2 ** 53]) expect(() => resultOf(weighted, [weight])).toThrow(RangeError);
    expect(() => resultOf(weighted, [2 ** 53 - 1, 1])).toThrow(RangeError);
  });
});

describe('distinctCount', () => {
  it('counts each value once', () => {
    expect(resultOf(distinctCount(self), letters('abracadabra'))).toBe(5);
    expect(resultOf(distinctCount(self), [])).toBe(0);
    expect(resultOf(distinctCount(self), ['', '', '__proto__', 'constructor'])).toBe(3);
  });

  it('keeps the values sorted, and the same list for one that is known', () => {
    const of = distinctCount(self);
    const seen = fold(of, inTurn(letters('cab')));
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(of.add(seen, 'b', { key: 'k', timestamp: 9 })).toBe(seen);
  });

  it('can be paned: a value in two panes counts once', () => {
    expectPaned(distinctCount(self), inTurn(letters('abracad')));
    expectImmutable(distinctCount(self), inTurn(letters('abc')));
  });
});

describe('list', () => {
  const tags = list<string, string>(self, schema.string);

  it('gives all values as they came, repeats included', () => {
    expect(resultOf(tags, ['b', 'a', 'b'])).toEqual(['b', 'a', 'b']);
    expect(resultOf(tags, [])).toEqual([]);
  });

  it('merges panes wherever they are cut, and leaves accumulators as they were', () => {
    expectPaned(tags, inTurn(letters('cabc')));
    expectImmutable(tags, inTurn(letters('cabc')));
  });
});
