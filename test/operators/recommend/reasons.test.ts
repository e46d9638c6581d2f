import { describe, expect, it } from 'vitest';
import { itemFeatures } from '../../../operators/features/itemFeatures.js';
import { UNKNOWN } from '../../../operators/recommend/candidateRows.js';
import { formulaRanker } from '../../../operators/recommend/formulaRanker.js';
import { reasonsOf, signOf } from '../../../operators/recommend/reasons.js';
import type { FeatureMatrix, Ranker } from '../../../operators/ports/ranker.js';
import { REASONS } from '../../../schemas/index.js';

type Features = Readonly<Record<string, number>>;

/** Two rows: nothing is known of the first, and of the second these features. */
function matrixOf(features: Features): FeatureMatrix {
  const columns = UNKNOWN.length;
  const values = new Float32Array(2 * columns);
  for (const row of [0, 1]) values.set(UNKNOWN, row * columns);
  for (const [name, value] of Object.entries(features)) values[columns + itemFeatures.column(name)] = value;
  return { rows: 2, columns, values };
}

/** A ranker in which these features weighed. */
function weighing(weights: Features): Ranker {
  const contributions = new Float64Array(UNKNOWN.length);
  for (const [name, weight] of Object.entries(weights)) contributions[itemFeatures.column(name)] = weight;
  return { ...formulaRanker, contributions: () => contributions };
}

const why = (features: Features, weights: Features): readonly string[] => reasonsOf(weighing(weights), matrixOf(features), 1, 'next');

/** Of an item that is much used, was used by the learner lately and often, and is due. */
const BUSY = { cohort_events_7d: 20, cohort_events_3d: 15, opened: 1, own_days: 5, own_age: 1, due_in: 3 };

describe('the reasons of a listed item', () => {
  it('are what weighed most, strongest first, three at most', () => {
    expect(why(BUSY, { own_days: 3, due_in: 2, cohort_events_1d: 1, cohort_event_rise_1d: 0.9, own_age: 0.1 })).toEqual([
      'USED_OFTEN',
      'DUE_SOON',
      'TRENDING_IN_COHORT',
    ]);
  });

  it('leave a third out that weighed little', () => {
    expect(why(BUSY, { own_days: 8, due_in: 1.5, cohort_events_1d: 1 })).toEqual(['USED_OFTEN', 'DUE_SOON']);
  });

  it('sum what features of one reason added and took', () => {
    expect(why(BUSY, { own_days: 3, own_weight: -2.5, due_in: 1, cohort_events_1d: 2, cohort_events_7d: -3 })).toEqual(['DUE_SOON', 'USED_OFTEN']);
  });

  it('say nothing that is not so, however much it weighed', () => {
    const far = { ...BUSY, due_in: 400, own_age: 90, cohort_events_3d: 1 };
    expect(why(far, { due_in: 9, own_age: 8, cohort_event_rise_1d: 7, own_days: 2, cohort_events_7d: 1 })).toEqual([
      'USED_OFTEN',
      'TRENDING_IN_COHORT',
    ]);
    expect(why({ prerequisites_done: 0.5 }, { prerequisites_done: 1 })).toEqual([]);
    expect(why({}, Object.fromEntries(itemFeatures.declarations.map(({ name }) => [name, 1])))).toEqual([]);
  });

  it('are filled up by signs where less than two weighed', () => {
    expect(why(BUSY, { own_days: 1 })).toEqual(['USED_OFTEN', 'DUE_SOON']);
    expect(why(BUSY, {})).toEqual(['DUE_SOON', 'CONTINUE']);
    expect(why({ cohort_events_7d: 1 }, { cohort_events_7d: 1 })).toEqual(['TRENDING_IN_COHORT']);
  });

  it('are the signs where the ranker cannot say what weighed', () => {
    expect(reasonsOf(formulaRanker, matrixOf(BUSY), 1, 'next')).toEqual(['DUE_SOON', 'CONTINUE']);
    expect(reasonsOf(formulaRanker, matrixOf(BUSY), 0, 'new')).toEqual([]);
  });

  it('have words for whatever a feature declares, and each can be true', () => {
    const declared = new Set(itemFeatures.declarations.flatMap(({ reason }) => reason ?? []));
    for (const code of declared) expect(REASONS[code]).toMatch(/^[A-Z].{8,}[^.]$/);
    const all = {
      ...BUSY,
      cohort_penetration: 0.9,
      segment_rank: 0,
      planned_in: -1,
      planned_until: 5,
      next_in_course: 1,
      difficulty_gap: 0.1,
      kind_opened_share: 0.5,
      kind_affinity: 0.4,
      kind_share: 0.1,
      covisit_score: 0.2,
      als_score: 0.3,
      recent_similarity: 0.8,
      weak_skill: 0.7,
    };
    const told = [...declared].map((code) => {
      const features = itemFeatures.declarations.filter(({ reason }) => reason === code).map(({ name }) => [name, 1] as const);
      return [code, why(code === 'NEW_ITEM' ? { item_age: 1 } : all, Object.fromEntries(features))[0]];
    });
    expect(told).toEqual([...declared].map((code) => [code, code]));
  });
});

describe('the sign of a row', () => {
  it('is the strongest, with the source that says more than who proposed it', () => {
    expect(signOf(matrixOf(BUSY), 1)).toMatchObject({ reason: 'DUE_SOON', source: 'CURRICULUM' });
    expect(signOf(matrixOf({ weak_skill: 0.5, next_in_course: 1 }), 1)).toMatchObject({ reason: 'WEAK_SKILL', source: 'REVIEW' });
    expect(signOf(matrixOf({ item_age: 0.5 }), 1)).toMatchObject({ reason: 'NEW_ITEM', source: 'NEW' });
    expect(signOf(matrixOf({ opened: 1 }), 1)?.source).toBeUndefined();
    expect(signOf(matrixOf({}), 1)).toBeUndefined();
  });
});
