import type { CohortItemTrend, CohortTrend } from '../../schemas/index.js';
import { days } from '../duration.js';
import { itemFeatures } from '../features/itemFeatures.js';
import { COLUMNS, UNKNOWN } from './candidateRows.js';

type Of = (item: CohortItemTrend, cohort: CohortTrend, sums: Sums) => number;

/** Events of all items of a trend. */
interface Sums {
  readonly events1d: number;
  readonly events3d: number;
  readonly events7d: number;
  readonly events28d: number;
}

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
/** What happened on a day of the shorter window by what did on one of the longer; the more there was, the less the one that is added to both. */
const rise = (short: number, shortDays: number, long: number, longDays: number): number =>
  (short / shortDays + 1 / longDays) / (long / longDays + 1 / longDays);
const ageOf = (atMs: number | null, asOfMs: number, fallback: number): number => (atMs === null ? fallback : Math.max(0, (asOfMs - atMs) / days(1)));

/** The columns that the cohort decides, with what is in them. */
const COHORT: Readonly<Record<string, Of>> = {
  cohort_events_1d: (item) => item.events1d,
  cohort_events_3d: (item) => item.events3d,
  cohort_events_7d: (item) => item.events7d,
  cohort_learner_days_1d: (item) => item.learnerDays1d,
  cohort_learner_days_3d: (item) => item.learnerDays3d,
  cohort_learner_days_7d: (item) => item.learnerDays7d,
  cohort_new_learners_1d: (item) => item.newLearners1d,
  cohort_new_learners_3d: (item) => item.newLearners3d,
  cohort_new_learners_7d: (item) => item.newLearners7d,
  cohort_event_share_1d: (item, _, { events1d }) => share(item.events1d, events1d),
  cohort_event_share_3d: (item, _, { events3d }) => share(item.events3d, events3d),
  cohort_event_share_7d: (item, _, { events7d }) => share(item.events7d, events7d),
  cohort_event_share_28d: (item, _, { events28d }) => share(item.events28d, events28d),
  cohort_learner_share_1d: (item, cohort) => share(item.learnerDays1d, cohort.activeLearnerDays1d),
  cohort_learner_share_3d: (item, cohort) => share(item.learnerDays3d, cohort.activeLearnerDays3d),
  cohort_learner_share_7d: (item, cohort) => share(item.learnerDays7d, cohort.activeLearnerDays7d),
  cohort_learner_share_28d: (item, cohort) => share(item.learnerDays28d, cohort.activeLearnerDays28d),
  cohort_new_share_3d: (item, cohort) => share(item.newLearners3d, cohort.activeLearnerDays3d),
  cohort_new_share_7d: (item, cohort) => share(item.newLearners7d, cohort.activeLearnerDays7d),
  cohort_event_rise_1d: (item) => rise(item.events1d, 1, item.events7d, 7),
  cohort_learner_rise_3d: (item) => rise(item.learnerDays3d, 3, item.learnerDays7d, 7),
  cohort_learner_rise_7d: (item) => rise(item.learnerDays7d, 7, item.learnerDays28d, 28),
  cohort_new_rise_3d: (item) => rise(item.newLearners3d, 3, item.newLearners7d, 7),
  cohort_new_rise_7d: (item) => rise(item.newLearners7d, 7, item.newLearners28d, 28),
  cohort_penetration: (item, { learners }) => share(item.openers, learners),
  cohort_uptake_7d: (item, { learners }) => share(item.newLearners7d, learners - item.openers + item.newLearners7d),
  cohort_repeats_7d: (item) => share(item.learnerDays7d - item.newLearners7d, item.openers),
  cohort_item_age: (item, { asOfMs }) => ageOf(item.firstUsedAtMs, asOfMs, 999),
  cohort_spread_age: (item, { asOfMs }) => ageOf(item.spreadAtMs, asOfMs, 999),
};
const COHORT_COLUMNS = Object.entries(COHORT).map(([name, of]) => [itemFeatures.column(name), of] as const);

/** The columns that hold places: by what, the most first. */
const RANKS: Readonly<Record<string, (item: CohortItemTrend) => number>> = {
  cohort_event_rank_1d: (item) => item.events1d,
  cohort_event_rank_3d: (item) => item.events3d,
  cohort_event_rank_7d: (item) => item.events7d,
  cohort_event_rank_28d: (item) => item.events28d,
  cohort_learner_rank_3d: (item) => item.learnerDays3d,
  cohort_learner_rank_7d: (item) => item.learnerDays7d,
  cohort_new_rank_7d: (item) => item.newLearners7d,
};
const RANK_COLUMNS = Object.entries(RANKS).map(([name, of]) => [itemFeatures.column(name), of] as const);
const AGE = itemFeatures.column('cohort_age');

/** A row of features for each of some items, of which those of the trend come first: what the cohort decides; nothing else is known. */
export function cohortRows(items: number, trend: CohortTrend | undefined): Float32Array {
  const features = new Float32Array(items * COLUMNS);
  const unknown = UNKNOWN.slice();
  if (trend !== undefined) unknown[AGE] = ageOf(trend.firstUsedAtMs, trend.asOfMs, UNKNOWN[AGE]!);
  for (let at = 0; at < features.length; at += COLUMNS) features.set(unknown, at);
  if (trend === undefined) return features;
  const sums = sumsOf(trend.items);
  trend.items.forEach((item, number) => {
    for (const [column, of] of COHORT_COLUMNS) features[number * COLUMNS + column] = of(item, trend, sums);
  });
  for (const [column, of] of RANK_COLUMNS) writePlaces(features, column, trend.items.map(of));
  return features;
}

function sumsOf(items: readonly CohortItemTrend[]): Sums {
  const sumOf = (of: (item: CohortItemTrend) => number): number => items.reduce((sum, item) => sum + of(item), 0);
  return {
    events1d: sumOf(({ events1d }) => events1d),
    events3d: sumOf(({ events3d }) => events3d),
    events7d: sumOf(({ events7d }) => events7d),
    events28d: sumOf(({ events28d }) => events28d),
  };
}

/** Places in [0, 1): equal counts share the better one, and none is no place at all. */
function writePlaces(features: Float32Array, column: number, counts: readonly number[]): void {
  const order = counts.map((_, number) => number).sort((a, b) => counts[b]! - counts[a]!);
  let place = 0;
  order.forEach((number, n) => {
    if (n === 0 || counts[number] !== counts[order[n - 1]!]) place = n / counts.length;
    features[number * COLUMNS + column] = counts[number]! > 0 ? place : 1;
  });
}
