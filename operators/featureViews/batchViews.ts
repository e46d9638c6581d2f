import { days } from '../duration.js';
import { featureView, type BatchFeature, type BatchView, type EntityName } from './featureView.js';

/** A row is of the end of a day. It holds until the one of the next day should be there, and a day more, should that be late. */
const HOLDS_MS = days(2);

type Personal = BatchFeature['personal'];
type Declared = Readonly<Record<string, Omit<BatchFeature, 'name' | 'personal'> & { readonly personal?: Personal }>>;

/** @param personal - of its features, where they do not say otherwise */
const batchView = (name: string, entity: EntityName, personal: Personal, description: string, declared: Declared): BatchView =>
  featureView({
    name,
    description,
    entities: [entity],
    ttlMs: HOLDS_MS,
    features: Object.entries(declared).map(([feature, { type, ...rest }]): BatchFeature => ({ name: feature, type, personal, ...rest })),
  });

type One = Declared[string];
type Window = BatchFeature['window'];

/** How many there were: 0 where there is no row. */
const counted = (window: Window, description: string, unit = 'count'): One => ({ type: 'INT64', unit, window, fallback: 0, description });
/** What nothing can stand in for where it is not known. */
const measured = (unit: string, window: Window, description: string): One => ({ type: 'DOUBLE', unit, window, fallback: null, description });

const HOURS = 'of the hours with activity in 28 days, 0..1.';

/** Views whose rows dbt makes, one for each entity and day: the models of `ml/batch`. */
export const batchViews: readonly BatchView[] = [
  batchView('learner_quiz_scores', 'learner', 'behavioural', 'How a learner did in quizzes in the days up to the end of a day.', {
    results_7d: counted('7d', 'Results in 7 days.'),
    results_28d: counted('28d', 'Results in 28 days.'),
    quizzes_28d: counted('28d', 'Different quizzes in 28 days.'),
    mean_score_7d: measured('0..1', '7d', 'Mean score in 7 days, 0..1.'),
    mean_score_28d: measured('0..1', '28d', 'Mean score in 28 days, 0..1.'),
    correct_share_28d: measured('0..1', '28d', 'Share of the results that were right, 0..1.'),
    attempts_per_quiz_28d: measured('count', '28d', 'Results by different quizzes.'),
    days_since_result: measured('days', '28d', 'Days from the last result to the end of the day.'),
  }),
  batchView('learner_time_availability', 'learner', 'behavioural', 'When a learner learns, and how much time they say to have.', {
    hours_per_week: { ...measured('hours', null, 'Hours a week that the learner stated last.'), personal: 'profile' },
    active_days_7d: counted('7d', 'Days with activity in 7 days.', 'days'),
    active_days_28d: counted('28d', 'Days with activity in 28 days.', 'days'),
    active_hours_28d: counted('28d', 'Hours with activity in 28 days.', 'hours'),
    night_share_28d: measured('0..1', '28d', `From 0 to 6 o'clock (UTC), ${HOURS}`),
    morning_share_28d: measured('0..1', '28d', `From 6 to 12, ${HOURS}`),
    afternoon_share_28d: measured('0..1', '28d', `From 12 to 18, ${HOURS}`),
    evening_share_28d: measured('0..1', '28d', `From 18 to 24, ${HOURS}`),
    weekend_share_28d: measured('0..1', '28d', `On Saturdays and Sundays, ${HOURS}`),
    days_since_active: measured('days', '28d', 'Days from the last activity to the end of the day.'),
  }),
  batchView('item_difficulty', 'item', 'none', 'How hard an item is, by the results of 28 days; never of few learners.', {
    // No row, and no figure, may be of less than five learners: that is not 0.
    results_28d: { ...counted('28d', 'Results.'), fallback: null },
    learners_28d: { ...counted('28d', 'Learners with a result.'), fallback: null },
    mean_score_28d: measured('0..1', '28d', 'Mean score, 0..1.'),
    first_results_28d: { ...counted('28d', 'Results of first attempts.'), fallback: null },
    first_learners_28d: {
      ...counted('28d', 'Learners with a first attempt; null below five, as are all figures of first attempts.'),
      fallback: null,
    },
    first_correct_share_28d: measured('0..1', '28d', 'Share of these that were right, 0..1.'),
    difficulty: {
      ...measured('0..1', '28d', 'Share of first attempts that were wrong, drawn to a half where there are few, 0..1.'),
      // Of no attempt the rule of the model makes a half.
      fallback: 0.5,
    },
    catalogue_difficulty: measured('0..1', null, 'Difficulty that the catalogue states, 0..1.'),
  }),
  batchView('cohort_pace', 'cohort', 'none', 'How fast a cohort goes.', {
    // As above.
    active_learners_7d: { ...counted('7d', 'Learners with a click in 7 days; null below five, as are all figures of 7 days.'), fallback: null },
    active_learners_28d: { ...counted('28d', 'Learners with a click in 28 days.'), fallback: null },
    events_per_learner_7d: measured('count', '7d', 'Events of an active learner in 7 days.'),
    active_days_per_learner_7d: measured('days', '7d', 'Days with activity of an active learner in 7 days.'),
    completed_items_mean_28d: measured('count', '28d', 'Items that an active learner completed in 28 days, mean.'),
    completed_items_p25_28d: measured('count', '28d', 'Items that an active learner completed in 28 days, first quartile.'),
    completed_items_median_28d: measured('count', '28d', 'Items that an active learner completed in 28 days, median.'),
    completed_items_p75_28d: measured('count', '28d', 'Items that an active learner completed in 28 days, third quartile.'),
  }),
  batchView('segment_profiles', 'segment', 'none', 'What the learners of a segment are like; of those who agree to profiling, and never of few.', {
    learners: { ...counted(null, 'Learners of the segment.'), fallback: null },
    active_learners_28d: { ...counted('28d', 'Learners with activity in 28 days.'), fallback: null },
    active_share_28d: measured('0..1', '28d', 'Their share, 0..1.'),
    hours_per_week_mean: measured('hours', null, 'Mean of the hours a week that were stated.'),
    events_per_learner_7d: measured('count', '7d', 'Events of a learner in 7 days.'),
    mean_score_28d: measured('0..1', '28d', 'Mean score in quizzes, 0..1.'),
    correct_share_28d: measured('0..1', '28d', 'Share of the results that were right, 0..1.'),
  }),
];
