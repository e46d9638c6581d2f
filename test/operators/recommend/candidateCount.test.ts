/** How many candidates a decision has: the quotas bound each source, and all of them together are 200 at most, whatever the course is like. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandidateRows } from '../../../operators/recommend/candidateRows.js';
import {
  CANDIDATE_SOURCES,
  PROPOSING_SOURCES,
  FIXED_QUOTA,
  MOST_CANDIDATES,
  MOST_USED,
  USUAL_QUOTAS,
  inTurn,
  sourceBit,
} from '../../../operators/recommend/candidateSources.js';
import { gather } from '../../../operators/recommend/candidates.js';
import type { CourseView } from '../../../operators/recommend/courseView.js';
import { NO_RETRIEVAL, type Covisits, type Retrieval } from '../../../operators/recommend/index.js';
import { LONGEST_SEGMENT_LIST } from '../../../operators/recommend/segmentList.js';
import { itemId, type ItemId } from '../../../schemas/index.js';
import { AT, DAY_MS, place, trend, use, viewOf, type World } from './worlds.js';

const RUNS = Number(process.env['SKILLFORGE_RUNS'] ?? 30);
/** As many items of a course as a decision can meet at most in a large one. */
const ITEMS = Array.from({ length: 500 }, (_, n) => `item-${String(n).padStart(3, '0')}`);
/** Counts that no two items share, far enough apart that the youth of no item can make up for the difference of ten places. */
const countOf = (place: number): number => Math.round(100 * 1.011 ** place);

const gathered = (view: CourseView): CandidateRows => {
  const rows = new CandidateRows();
  gather(view, rows);
  expect(new Set(rows.items.slice(0, rows.rows)).size).toBe(rows.rows);
  return rows;
};
const countedOf = (view: CourseView): number => gathered(view).rows;

const ROWS = new Map(ITEMS.map((item, row) => [itemId(item), row]));

/** Retrieval that knows all items, and has an opinion of each. */
function retrievalOf(seed: number): Retrieval {
  const angles = ITEMS.map((_, row) => ((row + 1) * (seed + 7)) % 360);
  const points = angles.map((angle) => Float32Array.of(Math.cos((angle / 180) * Math.PI), Math.sin((angle / 180) * Math.PI)));
  const matrix = Float32Array.from(angles, (angle) => 1 + angle / 360);
  const gram = Float64Array.of(matrix.reduce((sum, value) => sum + value * value, 0));
  const rowOf = (item: ItemId): number => ROWS.get(item) ?? -1;
  const covisits: Covisits = {
    with: (item) => Array.from({ length: 30 }, (_, n) => ({ item: itemId(ITEMS[(rowOf(item) * 31 + n * 7) % ITEMS.length]!), weight: 1 / (n + 1) })),
  };
  const nearest = (point: Float32Array, count: number): { item: ItemId; similarity: number }[] =>
    points
      .map((own, row) => ({ item: itemId(ITEMS[row]!), similarity: own[0]! * point[0]! + own[1]! * point[1]! }))
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, count);
  return {
    ...NO_RETRIEVAL,
    covisits,
    factors: { of: () => ({ dimensions: 1, regularisation: 1, alpha: 8, rowOf, matrix, gram }) },
    embeddings: { dimensions: 2, vectorOf: ({ item }) => points[rowOf(item)]!, has: () => true, nearest: (_, point, count) => nearest(point, count) },
  };
}

interface Drawn {
  readonly world: World;
  readonly seed: number;
  readonly listed: readonly string[];
}

/** Large courses in which the cohort is busy, and no two items are used alike; some items are new, need others, or exercise a weak skill. */
const large: fc.Arbitrary<Drawn> = fc
  .record({
    order: fc.shuffledSubarray(ITEMS, { minLength: 200 }),
    used: fc.shuffledSubarray(ITEMS, { minLength: 1 }),
    listed: fc.shuffledSubarray(ITEMS, { maxLength: LONGEST_SEGMENT_LIST }),
    due: fc.subarray(ITEMS, { maxLength: 6 }),
    needing: fc.integer({ min: 0, max: 12 }),
    isNew: fc.integer({ min: 2, max: 60 }),
    seed: fc.nat({ max: 300 }),
  })
  .map(({ order, used, listed, due, needing, isNew, seed }) => ({
    listed,
    seed,
    world: {
      trends: order.map((item, n) => trend(item, countOf(n))),
      places: ITEMS.map((item, n) =>
        place(item, {
          kind: n % 3 === 0 ? 'quiz' : 'page',
          skills: n % 2 === 0 ? [] : ['algebra'],
          prerequisites: n > 0 && n <= needing ? [itemId(ITEMS[0]!)] : [],
          addedAtMs: AT - (n % isNew === 1 ? 1 + (n % 12) : 100) * DAY_MS,
        }),
      ),
      uses: used.slice(0, 400).map((item, n) => use(item, n % 40, { completed: n % 2 === 0 })),
      skills: [{ skill: 'algebra', mastery: 0.2, answers: 4, lastAtMs: AT - 1 }],
      deadlines: due.map((item) => ({ item: itemId(item), dueAtMs: AT + DAY_MS })),
      busy: [3, 20, 60],
    },
  }));

/** Many of everything: the quotas together leave no room for all that was used. */
const crowded = (quotas?: CourseView['quotas']): CourseView => {
  const part = (from: number, to: number): readonly string[] => ITEMS.slice(from, to);
  const places = ITEMS.map((item, n) =>
    place(item, {
      skills: n >= 320 && n < 400 ? ['algebra'] : [],
      prerequisites: n >= 400 && n < 450 ? [itemId(ITEMS[0]!)] : [],
      addedAtMs: AT - (n >= 450 ? 1 : 100) * DAY_MS,
    }),
  );
  const world: Partial<World> = {
    places,
    trends: part(200, 260).map((item, n) => trend(item, countOf(n))),
    uses: part(0, 150).map((item, n) => use(item, n % 40, { completed: true })),
    skills: [{ skill: 'algebra', mastery: 0.2, answers: 4, lastAtMs: AT - 1 }],
  };
  return viewOf(world, { retrieval: retrievalOf(3), ...(quotas === undefined ? {} : { quotas }) }, { all: part(150, 170) });
};
const numberOf = (item: string): number => Number(item.slice(5));
const itemsOf = ({ items, rows }: CandidateRows, from: number, to: number): readonly string[] =>
  items.slice(0, rows).filter((item) => numberOf(item) >= from && numberOf(item) < to);

describe('candidates', { timeout: 120_000 }, () => {
  it('are 200 at most', () => {
    let greatest = 0;
    fc.assert(
      fc.property(large, ({ world, seed, listed }) => {
        const count = countedOf(viewOf(world, { retrieval: retrievalOf(seed) }, { all: listed }));
        greatest = Math.max(greatest, count);
        expect(count).toBeLessThanOrEqual(MOST_CANDIDATES);
      }),
      { numRuns: RUNS },
    );
    // The bound is of use: decisions come to it.
    expect(greatest).toBeGreaterThan(0.9 * MOST_CANDIDATES);
  });

  it('have room for all quotas and for a list of what was used', () => {
    const quotas = Object.values(USUAL_QUOTAS).reduce<number>((sum, quota) => sum + quota, FIXED_QUOTA);
    expect(quotas + 20).toBeLessThanOrEqual(MOST_CANDIDATES);
  });

  it('are so many of each source alone, beside what was used', () => {
    const all = CANDIDATE_SOURCES.reduce((set, source) => set | sourceBit(source), 0);
    fc.assert(
      fc.property(large, ({ world, seed, listed }) => {
        const view = viewOf(world, { retrieval: retrievalOf(seed) }, { all: listed });
        const alone = (kept: number): number => countedOf({ ...view, without: all & ~kept });
        const used = alone(0);
        expect(used).toBe(Math.min(MOST_USED, world.uses.length));
        for (const [source, quota] of Object.entries({ ...USUAL_QUOTAS, CURRICULUM: FIXED_QUOTA }))
          expect(alone(sourceBit(source as keyof typeof USUAL_QUOTAS)) - used, source).toBeLessThanOrEqual(quota);
      }),
      { numRuns: RUNS / 3 },
    );
  });

  it('keep what each source proposes where they are too many: what was used gives way, what the formula likes least first', () => {
    const rows = gathered(crowded());
    expect(rows.rows).toBe(MOST_CANDIDATES);
    expect(itemsOf(rows, 400, 450).length).toBeGreaterThanOrEqual(FIXED_QUOTA);
    expect(itemsOf(rows, 200, 260).length).toBeGreaterThanOrEqual(USUAL_QUOTAS.TRENDING);
    expect(itemsOf(rows, 450, 500).length).toBeGreaterThanOrEqual(USUAL_QUOTAS.NEW);
    // Those used in the last days stay.
    const used = itemsOf(rows, 0, 150).map((item) => numberOf(item) % 40);
    expect(used.length).toBeGreaterThanOrEqual(20);
    expect(used.length).toBeLessThan(MOST_USED);
    expect(Math.max(...used)).toBeLessThanOrEqual(Math.ceil(used.length / 3));
  });

  it('are no more where an experiment asks for more, of each source its first ones, and the same each time', () => {
    const asked = { TRENDING: 200, NEW: 200, ALS: 200, NEIGHBOURS: 200, COVISITED: 200 };
    const rows = gathered(crowded(asked));
    expect(rows.rows).toBe(MOST_CANDIDATES);
    expect(itemsOf(rows, 0, 150)).toHaveLength(20);
    for (const source of PROPOSING_SOURCES)
      expect(rows.sourceSets.slice(0, rows.rows).filter((set) => (set & sourceBit(source)) !== 0).length, source).toBeGreaterThanOrEqual(10);
    const again = gathered(crowded(asked));
    expect([again.items.slice(0, again.rows), again.sourceSets.slice(0, again.rows)]).toEqual([
      rows.items.slice(0, rows.rows),
      rows.sourceSets.slice(0, rows.rows),
    ]);
  });

  it('are taken of each source in turn', () => {
    expect(inTurn([2, 2, 8, 10], 11, 5)).toEqual([2, 3, 8, 9, 10]);
    expect(inTurn([2, 8], 10, 99)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(inTurn([2, 8], 10, 0)).toEqual([]);
  });

  it.each([
    ['what has become ready', FIXED_QUOTA, { places: ITEMS.map((item, n) => place(item, n === 0 ? {} : { prerequisites: [itemId(ITEMS[0]!)] })) }],
    [
      'what is due',
      FIXED_QUOTA,
      { places: ITEMS.map((item) => place(item)), deadlines: ITEMS.map((item) => ({ item: itemId(item), dueAtMs: AT + DAY_MS })) },
    ],
    ['what trends alike', USUAL_QUOTAS.TRENDING, { trends: ITEMS.map((item) => trend(item, 5)) }],
    ['what is new where little trends', USUAL_QUOTAS.NEW, { places: ITEMS.map((item) => place(item, { addedAtMs: AT - DAY_MS })) }],
  ])('have a bound for %s', (_, most, world) => {
    expect(countedOf(viewOf({ ...world, uses: [use(ITEMS[0]!, 1, { completed: true })] }))).toBe(1 + most);
  });
});
