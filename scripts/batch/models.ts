/** What batch features there are. */

/** The models whose days are published, in that order. */
export const modelNames = ['learner_quiz_scores', 'learner_time_availability', 'item_difficulty', 'cohort_pace', 'segment_profiles'] as const;

/** Name of a model. */
export type BatchModel = (typeof modelNames)[number];

/** Days of the windows, the day itself included; `window_days` of the dbt project. */
export const WINDOW_DAYS = 28;
