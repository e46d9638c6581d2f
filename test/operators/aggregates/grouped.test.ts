import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { count, distinctCount, grouped, groupedEach, sum } from '../../../operators/index.js';
import { expectImmutable, expectPaned, inTurn, resultOf } from './folds.js';

type Pair = readonly [group: string, n: number];
const byName = grouped<Pair, { events: number; n: number }>(([group]) => group, { events: count(), n: sum(([, n]) => n) });
const words = groupedEach<string, string, { times: number }>(
  (line) => line.split(' ').filter((word) => word !== ''),
  (word) => word,
  { times: count() },
);

describe('grouped', () => {
  it('aggregates each group by itself, groups in code unit order', () => {
    const values: Pair[] = [
      ['b', 1],
      ['a', 2],
      ['b', 4],
      ['Z', 8],
      ['', 16],
    ];
    expect(resultOf(byName, values)).toEqual([
      { group: '', value: { events: 1, n: 16 } },
      { group: 'Z', value: { events: 1, n: 8 } },
      { group: 'a', value: { events: 1, n: 2 } },
      { group: 'b', value: { events: 2, n: 5 } },
    ]);
  });

  it('gives nothing of nothing', () => {
    expect(resultOf(byName, [])).toEqual([]);
  });

  it('takes groups that are no plain names', () => {
    expect(
      resultOf(byName, [
        ['__proto__', 1],
        ['__proto__', 2],
      ]).map(({ group, value }) => [group, value.n]),
    ).toEqual([['__proto__', 3]]);
  });

  it('merges panes wherever they are cut, and leaves accumulators as they were', () => {
    const values = inTurn<Pair>([
      ['b', 1],
      ['a', 2],
      ['c', 4],
      ['b', 8],
      ['d', 16],
    ]);
    expectPaned(byName, values);
    expectImmutable(byName, values);
  });

  it('names the aggregates of its groups, so that plan sees a change', () => {
    expect(byName.parameters).toEqual({ aggregates: { events: { aggregate: 'count' }, n: { aggregate: 'sum' } } });
  });
});

describe('groupedEach', () => {
  it('adds each element of a value to its group, a repeated one each time', () => {
    expect(resultOf(words, ['b a b', '', 'a c'])).toEqual([
      { group: 'a', value: { times: 2 } },
      { group: 'b', value: { times: 2 } },
      { group: 'c', value: { times: 1 } },
    ]);
  });

  it('merges panes wherever they are cut, and leaves accumulators as they were', () => {
    const lines = inTurn(['b a', 'c', '', 'a b c d']);
    expectPaned(words, lines);
    expectImmutable(words, lines);
  });

  it('equals the aggregates over a plain grouping, for any elements', () => {
    const learners = groupedEach<readonly Pair[], Pair, { seen: number }>(
      (pairs) => pairs,
      ([group]) => group,
      {
        seen: distinctCount(([, n]) => String(n)),
      },
    );
    const pair = fc.tuple(fc.constantFrom('x', 'y', 'Z', 'ä', '|'), fc.nat(3));
    fc.assert(
      fc.property(fc.array(fc.array(pair)), (values) => {
        const plain = new Map<string, Set<number>>();
        for (const [group, n] of values.flat()) plain.set(group, (plain.get(group) ?? new Set()).add(n));
        const expected = [...plain].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, seen]) => ({ group, value: { seen: seen.size } }));
        expect(resultOf(learners, values)).toEqual(expected);
      }),
    );
  });
});
