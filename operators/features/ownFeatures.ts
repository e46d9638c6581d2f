import { declare, type FeatureDeclaration, type Rest } from './declarations.js';

const FLAG: Rest = { type: 'flag', unit: 'none', personal: 'behavioural', reason: 'CONTINUE' };
const DAYS: Rest = { type: 'count', unit: 'days', personal: 'behavioural', reason: 'USED_OFTEN' };
const AGE: Rest = { type: 'duration', unit: 'days', personal: 'behavioural', reason: 'CONTINUE' };
const OF_LEARNER: Rest = { type: 'count', unit: 'count', personal: 'behavioural', reason: null };

/** How the learner uses the item. */
export const OWN_FEATURES: readonly FeatureDeclaration[] = [
  declare(FLAG, 'opened', null, '1 where the learner has opened the item before.'),
  declare(FLAG, 'completed', null, '1 where the learner has completed the item before.'),
  declare(DAYS, 'own_days', null, 'Days on which the learner used the item.'),
  declare(DAYS, 'own_days_7d', '7d', 'Days on which the learner used the item, the day of the decision included.'),
  declare(DAYS, 'own_days_28d', '28d', 'Days on which the learner used the item, the day of the decision included.'),
  declare({ ...DAYS, unit: 'count' }, 'own_events', null, 'Events of the learner on the item.'),
  declare(DAYS, 'own_weight', '28d half-life', 'Days on which the learner used the item, each half as heavy after 28 days.'),
  declare(DAYS, 'own_weight_7d', '7d half-life', 'Days on which the learner used the item, each half as heavy after 7 days.'),
  declare(AGE, 'own_age', null, 'Days since the learner last used the item.', 999),
  declare(AGE, 'own_first_age', null, 'Days since the learner first used the item.', 999),
  declare(AGE, 'own_gap', '31d', 'Days between the last two on which the learner used the item.', 999),
];

/** What the learner does at all; the same for all candidates of a decision. */
export const LEARNER_FEATURES: readonly FeatureDeclaration[] = [
  declare(OF_LEARNER, 'learner_events_1d', '1d', 'Events of the learner in all courses, up to the last midnight (UTC).'),
  declare(OF_LEARNER, 'learner_events_7d', '7d', 'Events of the learner in all courses, up to the last midnight (UTC).'),
  declare(OF_LEARNER, 'learner_events_28d', '28d', 'Events of the learner in all courses, up to the last midnight (UTC).'),
  declare({ ...OF_LEARNER, unit: 'days' }, 'learner_active_days_7d', '7d', 'Days on which the learner used anything of the course.'),
  declare({ ...OF_LEARNER, unit: 'days' }, 'learner_active_days_28d', '28d', 'Days on which the learner used anything of the course.'),
  declare({ ...OF_LEARNER, type: 'duration', unit: 'days' }, 'learner_age', null, 'Days since the learner last used anything of the course.', 999),
  declare(
    { ...OF_LEARNER, type: 'duration', unit: 'days' },
    'learner_first_age',
    null,
    'Days since the learner first used anything of the course.',
    999,
  ),
  declare({ ...OF_LEARNER, type: 'ratio', unit: '0..1' }, 'learner_opened_share', null, 'Items of the course that the learner has opened.'),
  declare(OF_LEARNER, 'learner_new_items_7d', '7d', 'Items of the course that the learner opened for the first time.'),
  declare(
    { ...OF_LEARNER, type: 'ratio', unit: '0..1' },
    'learner_new_share_7d',
    '7d',
    'Items that the learner opened for the first time, by the (item, day) pairs of what they used.',
  ),
  declare({ ...OF_LEARNER, type: 'ratio' }, 'learner_items_a_day', '28d', 'Items of the course that the learner uses on a day of activity.'),
  declare(
    { ...OF_LEARNER, unit: 'hours', personal: 'profile' },
    'hours_per_week',
    null,
    'Hours that the learner has in a week; -1 where not told.',
    -1,
  ),
];
