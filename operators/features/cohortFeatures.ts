import { declare, type FeatureDeclaration, type Rest } from './declarations.js';

const COUNT: Rest = { type: 'count', unit: 'count', personal: 'none', reason: 'TRENDING_IN_COHORT' };
const SHARE: Rest = { type: 'ratio', unit: '0..1', personal: 'none', reason: 'TRENDING_IN_COHORT' };
const RANK: Rest = { type: 'rank', unit: '0..1', personal: 'none', reason: 'TRENDING_IN_COHORT' };
const RISE: Rest = { type: 'ratio', unit: 'none', personal: 'none', reason: 'RISING_IN_COHORT' };
const SPREAD: Rest = { type: 'ratio', unit: '0..1', personal: 'none', reason: 'POPULAR' };
const AGE: Rest = { type: 'duration', unit: 'days', personal: 'none', reason: null };

const EVENTS = 'Events of the cohort on the item, up to the last midnight (UTC).';
const LEARNER_DAYS = 'Distinct (learner, day) pairs of the cohort on the item.';
const NEW_LEARNERS = 'Learners of the cohort who used the item for the first time.';
const EVENT_SHARE = 'Events on the item, of all events of the cohort.';
const LEARNER_SHARE = 'Learner-days on the item, of all learner-days of the cohort.';
const NEW_SHARE = 'Learners who used the item for the first time, by the learner-days of the cohort.';
const RISE_OF = 'a day in the shorter of two windows, by those a day in the longer one; each with one more in the longer window.';

/** Value of a rise where nothing happened in either window. */
const STEADY = 1;

/** How the cohort uses the item; windows end at the last midnight (UTC). */
export const COHORT_FEATURES: readonly FeatureDeclaration[] = [
  declare(COUNT, 'cohort_events_1d', '1d', EVENTS),
  declare(COUNT, 'cohort_events_3d', '3d', EVENTS),
  declare(COUNT, 'cohort_events_7d', '7d', EVENTS),
  declare(COUNT, 'cohort_learner_days_1d', '1d', LEARNER_DAYS),
  declare(COUNT, 'cohort_learner_days_3d', '3d', LEARNER_DAYS),
  declare(COUNT, 'cohort_learner_days_7d', '7d', LEARNER_DAYS),
  declare(COUNT, 'cohort_new_learners_1d', '1d', NEW_LEARNERS),
  declare(COUNT, 'cohort_new_learners_3d', '3d', NEW_LEARNERS),
  declare(COUNT, 'cohort_new_learners_7d', '7d', NEW_LEARNERS),
  declare(SHARE, 'cohort_event_share_1d', '1d', EVENT_SHARE),
  declare(SHARE, 'cohort_event_share_3d', '3d', EVENT_SHARE),
  declare(SHARE, 'cohort_event_share_7d', '7d', EVENT_SHARE),
  declare(SHARE, 'cohort_event_share_28d', '28d', EVENT_SHARE),
  declare(SHARE, 'cohort_learner_share_1d', '1d', LEARNER_SHARE),
  declare(SHARE, 'cohort_learner_share_3d', '3d', LEARNER_SHARE),
  declare(SHARE, 'cohort_learner_share_7d', '7d', LEARNER_SHARE),
  declare(SHARE, 'cohort_learner_share_28d', '28d', LEARNER_SHARE),
  declare(SHARE, 'cohort_new_share_3d', '3d', NEW_SHARE),
  declare(SHARE, 'cohort_new_share_7d', '7d', NEW_SHARE),
  declare(RANK, 'cohort_event_rank_1d', '1d', 'Place of the item by events of the cohort, 0 first.', 1),
  declare(RANK, 'cohort_event_rank_3d', '3d', 'Place of the item by events of the cohort, 0 first.', 1),
  declare(RANK, 'cohort_event_rank_7d', '7d', 'Place of the item by events of the cohort, 0 first.', 1),
  declare(RANK, 'cohort_event_rank_28d', '28d', 'Place of the item by events of the cohort, 0 first.', 1),
  declare(RANK, 'cohort_learner_rank_3d', '3d', 'Place of the item by learner-days, 0 first.', 1),
  declare(RANK, 'cohort_learner_rank_7d', '7d', 'Place of the item by learner-days, 0 first.', 1),
  declare(RANK, 'cohort_new_rank_7d', '7d', 'Place of the item by new learners, 0 first.', 1),
  declare(RISE, 'cohort_event_rise_1d', '1d, 7d', `Events ${RISE_OF}`, STEADY),
  declare(RISE, 'cohort_learner_rise_3d', '3d, 7d', `Learner-days ${RISE_OF}`, STEADY),
  declare(RISE, 'cohort_learner_rise_7d', '7d, 28d', `Learner-days ${RISE_OF}`, STEADY),
  declare(RISE, 'cohort_new_rise_3d', '3d, 7d', `New learners ${RISE_OF}`, STEADY),
  declare(RISE, 'cohort_new_rise_7d', '7d, 28d', `New learners ${RISE_OF}`, STEADY),
  declare(SPREAD, 'cohort_penetration', null, 'Learners of the cohort who have ever used the item, of all who have ever used anything.'),
  declare(SPREAD, 'cohort_uptake_7d', '7d', 'Learners who used the item for the first time, of all who had not used it before.'),
  declare({ ...SPREAD, unit: 'days' }, 'cohort_repeats_7d', '7d', 'Days on which the item was used again, by those who have ever used it.'),
  declare(AGE, 'cohort_item_age', null, 'Days since a learner of the cohort used the item for the first time.', 999),
  declare(AGE, 'cohort_spread_age', null, 'Days since one in twenty learners of the cohort had used the item.', 999),
  declare(AGE, 'cohort_age', null, 'Days since a learner of the cohort used anything for the first time: the day of the course.', 999),
];
