import { topics, type CohortTrend } from '../../schemas/index.js';
import { days } from '../duration.js';
import { COHORT_FEATURES } from '../features/cohortFeatures.js';
import { itemFeatures } from '../features/itemFeatures.js';
import { COLUMNS } from '../recommend/candidateRows.js';
import { aboveFloor } from '../recommend/cohortFloor.js';
import { cohortRows } from '../recommend/cohortColumns.js';
import { streamView, type FeatureRow, type StoredFeature } from './featureView.js';

/** A trend holds until the next midnight, which tells of all items anew: what is not told of any more is not used any more. */
const UNTIL_NEXT_MS = days(1) - 1;
const SECOND_MS = 1000;

/** The one feature of the cohort that is the same for all items, also for those that nobody used. */
const COHORT_AGE = 'cohort_age';
const OF_ITEMS = COHORT_FEATURES.filter(({ name }) => name !== COHORT_AGE);
const ITEM_COLUMNS = OF_ITEMS.map(({ name }) => itemFeatures.column(name));
const AGE_COLUMN = itemFeatures.column(COHORT_AGE);

/** A row for each item that enough learners have opened, with the very numbers that the ranker sees. */
function* itemRows(told: CohortTrend): Generator<FeatureRow> {
  const trend = aboveFloor(told);
  if (trend === undefined) return;
  const { cohort, items } = trend;
  const rows = cohortRows(items.length, trend);
  for (const [number, { item }] of items.entries()) {
    const from = number * COLUMNS;
    yield { entity: { cohort, item }, values: ITEM_COLUMNS.map((column) => rows[from + column]!) };
  }
}

/** How a cohort uses an item. */
export const cohortItem = streamView({
  name: 'cohort_item',
  description: 'How a cohort uses an item, up to the last midnight (UTC): the features of the ranker.',
  entities: ['cohort', 'item'],
  ttlMs: UNTIL_NEXT_MS,
  features: OF_ITEMS.map(({ name, description }): StoredFeature => ({ name, type: 'FLOAT', description })),
  topic: topics.cohortTrends,
  rowsOf: itemRows,
});

const WINDOWS = ['1d', '3d', '7d', '14d', '28d'] as const;

/** How active a cohort is. */
export const cohortActivity = streamView({
  name: 'cohort_activity',
  description: 'How active a cohort is, up to the last midnight (UTC).',
  entities: ['cohort'],
  ttlMs: UNTIL_NEXT_MS,
  features: [
    { name: COHORT_AGE, type: 'FLOAT', description: itemFeatures.declarations[AGE_COLUMN]!.description },
    { name: 'cohort_course', type: 'STRING', description: 'Course that the cohort takes.' },
    { name: 'cohort_learners', type: 'INT64', description: 'Learners of the cohort who have ever used anything.' },
    { name: 'cohort_first_used_at', type: 'UNIX_TIMESTAMP', description: 'Day on which one of them used anything for the first time.' },
    ...WINDOWS.map((window): StoredFeature => ({
      name: `cohort_active_learner_days_${window}`,
      type: 'INT64',
      description: `Distinct (learner, day) pairs of activity in the last ${window}.`,
    })),
  ],
  topic: topics.cohortTrends,
  rowsOf: (trend) => {
    if (aboveFloor(trend) === undefined) return [];
    const { cohort, course, learners, firstUsedAtMs } = trend;
    const { activeLearnerDays1d, activeLearnerDays3d, activeLearnerDays7d, activeLearnerDays14d, activeLearnerDays28d } = trend;
    // An item that nobody used has what the cohort alone decides.
    const age = cohortRows(1, { ...trend, items: [] })[AGE_COLUMN]!;
    const firstUsedAt = firstUsedAtMs === null ? null : Math.floor(firstUsedAtMs / SECOND_MS);
    const active = [activeLearnerDays1d, activeLearnerDays3d, activeLearnerDays7d, activeLearnerDays14d, activeLearnerDays28d];
    return [{ entity: { cohort }, values: [age, course, learners, firstUsedAt, ...active] }];
  },
});
