import { days } from '../duration.js';
import { featureView, type EntityName, type FeatureType, type FeatureView, type StoredFeature } from './featureView.js';

/** A row is of the end of a day. It holds until the one of the next day should be there, and a day more, should that be late. */
const HOLDS_MS = days(2);

type Declared = Readonly<Record<string, readonly [type: FeatureType, description: string]>>;

const batchView = (name: string, entity: EntityName, description: string, declared: Declared): FeatureView =>
  featureView({
    name,
    description,
    entities: [entity],
    ttlMs: HOLDS_MS,
    features: Object.entries(declared).map(([feature, [type, text]]): StoredFeature => ({ name: feature, type, description: text })),
  });

const SHARE = 'of the hours with activity in 28 days, 0..1.';

/** Views whose rows dbt makes, one for each entity and day: the models of `ml/batch`. */
export const batchViews: readonly FeatureView[] = [
  batchView('learner_quiz_scores', 'learner', 'How a learner did in quizzes in the days up to the end of a day.', {
    results_7d: ['INT64', 'Results in 7 days.'],
    results_28d: ['INT64', 'Results in 28 days.'],
    quizzes_28d: ['INT64', 'Different quizzes in 28 days.'],
    mean_score_7d: ['DOUBLE', 'Mean score in 7 days, 0..1.'],
    mean_score_28d: ['DOUBLE', 'Mean score in 28 days, 0..1.'],
    correct_share_28d: ['DOUBLE', 'Share of the results that were right, 0..1.'],
    attempts_per_quiz_28d: ['DOUBLE', 'Results by different quizzes.'],
    days_since_result: ['DOUBLE', 'Days from the last result to the end of the day.'],
  }),
  batchView('learner_time_availability', 'learner', 'When a learner learns, and how much time they say to have.', {
    hours_per_week: ['DOUBLE', 'Hours a week that the learner stated last.'],
    active_days_7d: ['INT64', 'Days with activity in 7 days.'],
    active_days_28d: ['INT64', 'Days with activity in 28 days.'],
    active_hours_28d: ['INT64', 'Hours with activity in 28 days.'],
    night_share_28d: ['DOUBLE', `From 0 to 6 o'clock (UTC), ${SHARE}`],
    morning_share_28d: ['DOUBLE', `From 6 to 12, ${SHARE}`],
    afternoon_share_28d: ['DOUBLE', `From 12 to 18, ${SHARE}`],
    evening_share_28d: ['DOUBLE', `From 18 to 24, ${SHARE}`],
    weekend_share_28d: ['DOUBLE', `On Saturdays and Sundays, ${SHARE}`],
    days_since_active: ['DOUBLE', 'Days from the last activity to the end of the day.'],
  }),
  batchView('item_difficulty', 'item', 'How hard an item is, by the results of 28 days.', {
    results_28d: ['INT64', 'Results.'],
    learners_28d: ['INT64', 'Learners with a result.'],
    mean_score_28d: ['DOUBLE', 'Mean score, 0..1.'],
    first_results_28d: ['INT64', 'Results of first attempts.'],
    first_correct_share_28d: ['DOUBLE', 'Share of these that were right, 0..1.'],
    difficulty: ['DOUBLE', 'Share of first attempts that were wrong, drawn to a half where there are few, 0..1.'],
    catalogue_difficulty: ['DOUBLE', 'Difficulty that the catalogue states, 0..1.'],
  }),
  batchView('cohort_pace', 'cohort', 'How fast a cohort goes.', {
    active_learners_7d: ['INT64', 'Learners with a click in 7 days.'],
    active_learners_28d: ['INT64', 'Learners with a click in 28 days.'],
    events_per_learner_7d: ['DOUBLE', 'Events of an active learner in 7 days.'],
    active_days_per_learner_7d: ['DOUBLE', 'Days with activity of an active learner in 7 days.'],
    completed_items_mean_28d: ['DOUBLE', 'Items that an active learner completed in 28 days.'],
    completed_items_p25_28d: ['DOUBLE', 'The same, first quartile.'],
    completed_items_median_28d: ['DOUBLE', 'The same, median.'],
    completed_items_p75_28d: ['DOUBLE', 'The same, third quartile.'],
  }),
  batchView('segment_profiles', 'segment', 'What the learners of a segment are like; of those who agree to profiling, and never of few.', {
    learners: ['INT64', 'Learners of the segment.'],
    active_learners_28d: ['INT64', 'Learners with activity in 28 days.'],
    active_share_28d: ['DOUBLE', 'Their share, 0..1.'],
    hours_per_week_mean: ['DOUBLE', 'Mean of the hours a week that were stated.'],
    events_per_learner_7d: ['DOUBLE', 'Events of a learner in 7 days.'],
    mean_score_28d: ['DOUBLE', 'Mean score in quizzes, 0..1.'],
    correct_share_28d: ['DOUBLE', 'Share of the results that were right, 0..1.'],
  }),
];
