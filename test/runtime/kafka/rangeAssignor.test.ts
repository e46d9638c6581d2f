import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangesOf } from '../../../runtime/kafka/kafkajs/rangeAssignor.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('the range assignor', () => {
  it('gives consecutive partitions, the first members one more', () => {
    expect(rangesOf(['b', 'a', 'c'], new Map([['t', upTo(7)]]))).toEqual(
      new Map([
        ['a', { t: [0, 1, 2] }],
        ['b', { t: [3, 4] }],
        ['c', { t: [5, 6] }],
      ]),
    );
  });

  it('gives each partition to one member, and keeps equal numbers together', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 }), fc.nat(20), (members, count) => {
        const ranges = rangesOf(members, new Map([['one', upTo(count)], ['two', upTo(count)]])); // prettier-ignore
        expect([...ranges.values()].flatMap(({ one }) => one!).sort((a, b) => a - b)).toEqual(upTo(count));
        for (const { one, two } of ranges.values()) expect(one).toEqual(two);
      }),
    );
  });
});
