import { itemFeatures } from '../features/itemFeatures.js';
import type { FeatureMatrix, Ranker } from '../ports/ranker.js';

const column = (name: string): number => itemFeatures.column(name);
const EVENTS_3D = column('cohort_events_3d');
const EVENTS_7D = column('cohort_events_7d');
const LEARNERS_1D = column('cohort_learner_days_1d');
const LEARNERS_3D = column('cohort_learner_days_3d');
const LEARNERS_7D = column('cohort_learner_days_7d');
const OPENED = column('opened');
const WEIGHT = column('own_weight');
const AGE = column('own_age');
const NEXT = column('next_in_course');
const DUE = column('due_in');
const WEAK = column('weak_skill');
const ITEM_AGE = column('item_age');

/** What is due within so many days counts. */
export const DUE_SOON_DAYS = 7;
/** The boost of a new item halves every so many days. */
const FRESH_DAYS = 3;

/**
 * The first ranker, a fixed formula. An item that the learner has opened before is worth its use by many learners (breadth: learner-days over 7
 * and 3 days) and the learner's own habit (days of use with a half-life of 28 days, and the time since the last one); one not opened is worth
 * its momentum in the cohort (events over 7 and 3 days, learner-days of the last day). Curriculum, deadlines, weak skills and freshness add to both.
 */
export const formulaRanker: Ranker = {
  version: 'formula-1',
  featureSet: itemFeatures,
  score: (matrix) => {
    const scores = new Float32Array(matrix.rows);
    for (let row = 0; row < matrix.rows; row++) scores[row] = scoreOf(matrix, row * matrix.columns);
    return scores;
  },
};

function scoreOf({ values }: FeatureMatrix, at: number): number {
  const of = (feature: number): number => values[at + feature]!;
  const use = of(OPENED) > 0 ? habitOf(of) : Math.log1p(of(EVENTS_7D)) + 0.5 * Math.log1p(of(EVENTS_3D)) + 0.25 * Math.log1p(of(LEARNERS_1D));
  const course = 2 * of(NEXT) + (of(DUE) <= DUE_SOON_DAYS ? 3 : 0) + 2 * of(WEAK);
  return use + course + 2 * 2 ** (-of(ITEM_AGE) / FRESH_DAYS);
}

function habitOf(of: (feature: number) => number): number {
  const breadth = Math.log1p(of(LEARNERS_7D)) + 0.5 * Math.log1p(of(LEARNERS_3D)) + 0.25 * Math.log1p(of(EVENTS_7D));
  return breadth + 1.8 * Math.log1p(of(WEIGHT)) + 1.4 * 2 ** (-Math.min(of(AGE), 99) / 3) - 0.15;
}
