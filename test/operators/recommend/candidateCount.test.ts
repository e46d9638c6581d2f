/** How many candidates a decision has: the quotas of the sources bound it, but for what the course itself asks for and for what ties. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandidateRows } from '../../../operators/recommend/candidateRows.js';
import { CANDIDATE_SOURCES, USUAL_QUOTAS, sourceBit } from '../../../operators/recommend/candidateSources.js';
import { gather } from '../../../operators/recommend/candidates.js';
import type { CourseView } from '../../../operators/recommend/courseView.js';
import { NO_RETRIEVAL, type Covisits, type Retrieval } from '../../../operators/recommend/index.js';
import { LONGEST_SEGMENT_LIST } from '../../../operators/recommend/segmentList.js';
import { itemId, type ItemId } from '../../../schemas/index.js';
import { AT, DAY_MS, place, trend, use, viewOf, type World } from './worlds.js';

const RUNS = Number(process.env['SKILLFORGE_RUNS'] ?? 30);
/** As many items of a course as a decision can meet at most in a large one. */
const ITEMS = Array.from({ length: 500 }, (_, n) => `item-${String(n).padStart(3, '0')}`);
/** What was used is kept for so many, whatever the quotas. */
const MOST_USED = 120;
/** The sum of all that is bounded. */
const MOST = MOST_USED + Object.values(USUAL_QUOTAS).reduce((sum, quota) => sum + quota, 0) + LONGEST_SEGMENT_LIST;
/** Counts that no two items share, far enough apart that the youth of no item can make up for the difference of ten places. */
const countOf = (place: number): number => Math.round(100 * 1.011 ** place);

const countedOf = (view: CourseView): number => {
  const rows = new CandidateRows();
  gather(view, rows);
  expect(new Set(rows.items.slice(0, rows.rows)).size).toBe(rows.rows);
  return rows.rows;
};

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

/** What the course asks for: what is due, and what has become ready. */
function askedOf({ deadlines, places, uses }: World): number {
  const completed = new Set(uses.filter((one) => one.completed).map(({ item }) => item));
  const ready = places.filter(({ prerequisites }) => prerequisites.length > 0 && prerequisites.every((item) => completed.has(item)));
  return new Set([...deadlines, ...ready].map(({ item }) => item)).size;
}

describe('candidates', { timeout: 120_000 }, () => {
  it('are no more than the quotas together, and what the course asks for', () => {
    let greatest = 0;
    fc.assert(
      fc.property(large, ({ world, seed, listed }) => {
        const count = countedOf(viewOf(world, { retrieval: retrievalOf(seed) }, { all: listed }));
        greatest = Math.max(greatest, count);
        expect(count).toBeLessThanOrEqual(MOST + askedOf(world));
      }),
      { numRuns: RUNS },
    );
    // The bound is of use: decisions come near it.
    expect(greatest).toBeGreaterThan(0.7 * MOST);
  });

  it('are so many of each source alone, beside what was used', () => {
    const all = CANDIDATE_SOURCES.reduce((set, source) => set | sourceBit(source), 0);
    fc.assert(
      fc.property(large, ({ world, seed, listed }) => {
        const view = viewOf(world, { retrieval: retrievalOf(seed) }, { all: listed });
        const alone = (kept: number): number => countedOf({ ...view, without: all & ~kept });
        const used = alone(0);
        expect(used).toBe(Math.min(MOST_USED, world.uses.length));
        const quotas = { ...USUAL_QUOTAS, SEGMENT: LONGEST_SEGMENT_LIST, CURRICULUM: askedOf(world) };
        for (const [source, quota] of Object.entries(quotas) as [keyof typeof quotas, number][]) {
          // Where nothing trends there is nothing to compare the youth of an item with: see below.
          if (source !== 'NEW') expect(alone(sourceBit(source)) - used, source).toBeLessThanOrEqual(quota);
        }
      }),
      { numRuns: RUNS / 3 },
    );
  });

  it.each([
    ['what has become ready', { places: ITEMS.map((item, n) => place(item, n === 0 ? {} : { prerequisites: [itemId(ITEMS[0]!)] })) }],
    ['what is due', { places: ITEMS.map((item) => place(item)), deadlines: ITEMS.map((item) => ({ item: itemId(item), dueAtMs: AT + DAY_MS })) }],
    ['what trends alike', { trends: ITEMS.map((item) => trend(item, 5)) }],
    ['what is new where little trends', { places: ITEMS.map((item) => place(item, { addedAtMs: AT - DAY_MS })) }],
  ])('are without bound for %s', (_, world) => {
    expect(countedOf(viewOf({ ...world, uses: [use(ITEMS[0]!, 1, { completed: true })] }))).toBe(ITEMS.length);
  });
});
