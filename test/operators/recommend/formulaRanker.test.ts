import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formulaRanker, itemFeatures } from '../../../operators/recommend/index.js';

const NAMES = itemFeatures.declarations.map(({ name }) => name);

type Features = Readonly<Record<string, number>>;

/** The score of one candidate; features that are not given are as if nothing were known. */
const scoreOf = (...rows: readonly Features[]): number[] => {
  const values = rows.flatMap((row) => itemFeatures.declarations.map(({ name, fallback }) => row[name] ?? fallback));
  return [...formulaRanker.score({ rows: rows.length, columns: NAMES.length, values: Float32Array.from(values) }).next.subarray(0, rows.length)];
};

/** The formula, written as the documents have it. */
function plain(of: (name: string) => number): number {
  const log = (name: string): number => Math.log(1 + of(name));
  const uptake = log('cohort_new_learners_7d') + log('cohort_new_learners_3d') + 0.5 * log('cohort_new_learners_1d');
  const momentum = 0.6 * (log('cohort_events_7d') + 0.5 * log('cohort_events_3d') + 0.25 * log('cohort_learner_days_1d') + uptake);
  const breadth = log('cohort_learner_days_7d') + 0.5 * log('cohort_learner_days_3d') + 0.25 * log('cohort_events_7d');
  const habit = breadth + 1.8 * log('own_weight') + 1.4 * 2 ** (-of('own_age') / 3) - 0.15;
  const course = 2 * of('next_in_course') + (of('due_in') <= 7 ? 3 : 0) + 2 * of('weak_skill');
  return (of('opened') > 0 ? habit : momentum) + course + 2 * 2 ** (-of('item_age') / 3);
}

const counts = fc.oneof(fc.nat(20), fc.nat(100_000));
const days = fc.double({ min: 0, max: 60, noNaN: true });
const vectors: fc.Arbitrary<Features> = fc.record(
  Object.fromEntries(
    NAMES.map((name): [string, fc.Arbitrary<number>] => {
      if (name.startsWith('cohort_') || name.startsWith('learner_')) return [name, counts];
      if (['opened', 'completed', 'next_in_course'].includes(name)) return [name, fc.nat(1)];
      if (name === 'own_age') return [name, fc.nat(99)];
      return [name, name === 'weak_skill' ? fc.double({ min: 0, max: 1, noNaN: true }) : days];
    }),
  ),
);

describe('the formula', () => {
  it('is what the documents say', () => {
    fc.assert(
      fc.property(fc.array(vectors, { minLength: 1, maxLength: 5 }), (rows) => {
        const expected = rows.map((row) => plain((name) => Math.fround(row[name]!)));
        scoreOf(...rows).forEach((score, row) => expect(score).toBeCloseTo(expected[row]!, 3));
      }),
    );
  });

  it('gives a candidate the same score whatever is scored beside it, and whatever was scored before', () => {
    fc.assert(
      fc.property(fc.array(vectors, { minLength: 1, maxLength: 400 }), (rows) => {
        const alone = rows.slice(0, 5).map((row) => scoreOf(row)[0]);
        expect(scoreOf(...rows).slice(0, 5)).toEqual(alone);
      }),
      { numRuns: 20 },
    );
  });

  it('has no score that is not a number, where nothing is known', () => {
    expect(scoreOf({}, { opened: 1 })).toEqual([expect.closeTo(0, 6), expect.closeTo(-0.15, 6)]);
  });

  it('is known by its version, and by the features that it reads', () => {
    expect(formulaRanker.version).toBe('formula-2');
    expect(formulaRanker.featureSet).toBe(itemFeatures);
  });
});
