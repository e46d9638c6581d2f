import { itemFeatures } from '../features/itemFeatures.js';
import type { FeatureMatrix, Ranker } from '../ports/ranker.js';
import { freshnessOf, logOf, momentumOf } from './momentum.js';

const column = (name: string): number => itemFeatures.column(name);
const EVENTS_7D = column('cohort_events_7d');
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

/** After so many days nothing is left of the last use. */
const LONG_AGO = 99;
/** What is left of the last use after whole days. */
const RECENCY = Float64Array.from({ length: LONG_AGO + 1 }, (_, age) => 1.4 * 2 ** (-age / 3));

let scores = new Float32Array(256);

/**
 * The first ranker, a fixed formula. An item that the learner has opened before is worth its use by many learners (breadth: learner-days over 7
 * and 3 days) and the learner's own habit (days of use with a half-life of 28 days, and the time since the last one); one not opened is worth
 * its momentum in the cohort. Curriculum, deadlines, weak skills and freshness add to both.
 */
export const formulaRanker: Ranker = {
  version: 'formula-2',
  featureSet: itemFeatures,
  score: ({ rows, columns, values }) => {
    if (scores.length < rows) scores = new Float32Array(2 * rows);
    for (let row = 0; row < rows; row++) scores[row] = formulaScore(values, row * columns);
    return { next: scores, new: scores };
  },
  contributions: null,
};

/** What an item that exercises a weak skill has more, by the weakness. */
export const WEAKNESS_WORTH = 2;

/** Score of one row, which begins at `at`. */
export function formulaScore(values: FeatureMatrix['values'], at: number): number {
  const use = values[at + OPENED]! > 0 ? habitOf(values, at) : momentumOf(values, at);
  const course = 2 * values[at + NEXT]! + (values[at + DUE]! <= DUE_SOON_DAYS ? 3 : 0) + WEAKNESS_WORTH * values[at + WEAK]!;
  return use + course + freshnessOf(values[at + ITEM_AGE]!);
}

function habitOf(values: FeatureMatrix['values'], at: number): number {
  const breadth = logOf(values[at + LEARNERS_7D]!) + 0.5 * logOf(values[at + LEARNERS_3D]!) + 0.25 * logOf(values[at + EVENTS_7D]!);
  return breadth + 1.8 * Math.log1p(values[at + WEIGHT]!) + RECENCY[Math.min(values[at + AGE]!, LONG_AGO)]! - 0.15;
}
