import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, itemFeatures } from '../../../operators/recommend/index.js';
import { blended, ownWeight } from '../../../operators/recommend/blend.js';
import { CandidateRows } from '../../../operators/recommend/candidateRows.js';
import { Scored } from '../../../operators/recommend/lists.js';
import type { SegmentList } from '../../../operators/recommend/segmentList.js';
import { DEFAULT_POLICY, NO_POLICY } from '../../../operators/recommend/policy/policy.js';
import { itemId } from '../../../schemas/index.js';
import { AT, COURSE, DAY_MS, EMPTY, OPTIONS, argumentsOf, place, trend, use } from './worlds.js';

const OPENED = itemFeatures.column('opened');
const LISTS = ['next', 'new'] as const;

/** Candidates `i0`, `i1`, ... with these scores; those at even places are opened. */
function scoredBy(scores: readonly number[]): Scored {
  const rows = new CandidateRows();
  const empty = new Float32Array(itemFeatures.declarations.length);
  scores.forEach((_, n) => rows.add(itemId(`i${n}`), n, 'TRENDING', empty, 0));
  scores.forEach((_, n) => (rows.values[n * rows.columns + OPENED] = n % 2 === 0 ? 1 : 0));
  return new Scored(rows, { next: Float32Array.from(scores), new: Float32Array.from(scores) });
}

const sharedOf = (names: readonly string[]): SegmentList => ({
  ...{ course: COURSE, segment: 'he', region: 'test', madeAtMs: AT, validUntilMs: AT + DAY_MS, modelVersion: 'test', topologyVersion: 1 },
  items: names.map((name, n) => ({ item: itemId(name), score: 100 - n, learnerDays: 100 - n, isOfSegment: n % 2 === 0 })),
});

/** Names of what a list may have, in the order of the scores. */
function orderOf(scored: Scored, list: (typeof LISTS)[number]): string[] {
  const { items, rows } = scored.candidates;
  const scores = scored.scores[list];
  return Array.from({ length: rows }, (_, row) => row)
    .filter((row) => list === 'next' || !scored.isOpened(row))
    .sort((a, b) => scores[b]! - scores[a]! || (items[a]! < items[b]! ? -1 : 1))
    .map((row) => items[row]!);
}

const drawn = fc.record({
  scores: fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 2, maxLength: 25 }),
  shared: fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }).map((numbers) => numbers.map((n) => `i${n}`)),
});
const SEED = { seed: 6, numRuns: 150 };

describe('the blend of a learner’s own ranking with the shared list', () => {
  it('weighs both alike after so many days of use, and the own one ever more', () => {
    const after = (...days: number[]): number =>
      ownWeight(
        days.map((one) => ({ days: one })),
        10,
      );
    expect([after(), after(4, 6), after(30, 60)]).toEqual([0, 0.5, 0.9]);
    expect(ownWeight([{ days: 1 }], 0)).toBe(1);
  });

  it('is one of the rankings at either end', () => {
    fc.assert(
      fc.property(drawn, ({ scores, shared }) => {
        const scored = scoredBy(scores);
        for (const list of LISTS) {
          const own = orderOf(scored, list);
          expect(orderOf(blended(scored, sharedOf(shared), 1).scored, list)).toEqual(own);
          const met = shared.filter((name) => own.includes(name));
          expect(orderOf(blended(scored, sharedOf(shared), 0).scored, list).slice(0, met.length)).toEqual(met);
        }
      }),
      SEED,
    );
  });

  it('moves from one to the other: no two items change their order twice', () => {
    fc.assert(
      fc.property(drawn, ({ scores, shared }) => {
        const scored = scoredBy(scores);
        const weights = [0, 0.1, 0.25, 0.5, 0.7, 0.9, 0.97, 1];
        for (const list of LISTS) {
          const orders = weights.map((own) => orderOf(blended(scored, sharedOf(shared), own).scored, list));
          const items = orders[0]!;
          expect(orders.every((order) => new Set(order).size === items.length)).toBe(true);
          const places = orders.map((order) => new Map(order.map((name, n) => [name, n])));
          for (const a of items)
            for (const b of items) {
              const before = places.map((place) => place.get(a)! < place.get(b)!);
              expect(before.filter((now, n) => n > 0 && now !== before[n - 1]).length).toBeLessThanOrEqual(1);
            }
        }
      }),
      { ...SEED, numRuns: 40 },
    );
  });

  it('says of an item that owes its place to the shared list so, and of no other', () => {
    const scored = scoredBy([9, 8, 7, 6, 5, 4]);
    const { explained } = blended(scored, sharedOf(['i5', 'i3']), 0.4);
    const item = (name: string) => ({ item: itemId(name), score: 1, source: 'TRENDING' as const, reasons: ['TRENDING_IN_COHORT' as const] });
    expect(explained('next', ['i0', 'i5', 'i3'].map(item)).map(({ item: name, source, reasons }) => [name, source, ...reasons].join(' '))).toEqual([
      'i0 TRENDING TRENDING_IN_COHORT',
      'i5 SEGMENT POPULAR_IN_SEGMENT TRENDING_IN_COHORT',
      'i3 POPULAR POPULAR TRENDING_IN_COHORT',
    ]);
  });
});

describe('a decision for a learner with little history', () => {
  const items = Array.from({ length: 12 }, (_, n) => `m${String(n).padStart(2, '0')}`);
  const world = {
    ...EMPTY,
    trends: items.map((item, n) => trend(item, 100 - n)),
    places: [...items.map((item) => place(item)), place('gone', { withdrawn: true })],
  };
  const segments = { he: ['gone', 'm11', 'm10'], all: ['m09', 'gone'] };
  const listsAfter = (days: number, policy = { ...NO_POLICY, evenAfter: DEFAULT_POLICY.evenAfter }) => {
    const uses = [use('m05', 1, { days, weight: Math.min(days, 30) })];
    const { moment, lookups } = argumentsOf({ ...world, uses }, { segment: 'he', segments });
    return decide(moment, lookups, { ...OPTIONS, policy }).recommendation.personal.courses[0]!;
  };
  const namesOf = (list: readonly { readonly item: string }[]): string[] => list.map(({ item }) => item);

  it('begins with what the segment uses, and ends with what the ranker says', () => {
    const [first, last, alone] = [listsAfter(1), listsAfter(5000), listsAfter(5000, NO_POLICY)];
    expect(namesOf(first.next).slice(0, 2)).toEqual(['m11', 'm10']);
    expect(first.next[0]).toMatchObject({ source: 'SEGMENT', reasons: ['POPULAR_IN_SEGMENT', expect.any(String)] });
    expect(namesOf(last.next)).toEqual(namesOf(alone.next));
    expect(last.next.map(({ source }) => source)).toEqual(alone.next.map(({ source }) => source));
  });

  it('has no item twice, none that is withdrawn, and none in `new` that was opened', () => {
    for (const days of [1, 2, 5, 10, 50, 500]) {
      const { next, new: fresh } = listsAfter(days);
      for (const list of [next, fresh]) expect(new Set(namesOf(list)).size).toBe(list.length);
      expect([...namesOf(next), ...namesOf(fresh)]).not.toContain('gone');
      expect(namesOf(fresh)).not.toContain('m05');
      expect(namesOf(fresh)).toHaveLength(11);
    }
  });
});
