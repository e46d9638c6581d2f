import { featureSet, type FeatureDeclaration } from './declarations.js';

type Rest = Pick<FeatureDeclaration, 'type' | 'unit' | 'personal'>;

const OF_COHORT: Rest = { type: 'count', unit: 'count', personal: 'none' };
const OF_LEARNER: Rest = { type: 'count', unit: 'count', personal: 'behavioural' };
const OWN_FLAG: Rest = { type: 'flag', unit: 'none', personal: 'behavioural' };

const declare = (name: string, rest: Rest, window: string | null, description: string, fallback = 0): FeatureDeclaration => ({
  name,
  ...rest,
  window,
  fallback,
  description,
});

/** What is known of a candidate when it is ranked for a learner; one row for each. */
export const itemFeatures = featureSet('item-features', [
  declare('cohort_events_1d', OF_COHORT, '1d', 'Events of the cohort on the item, up to the last midnight (UTC).'),
  declare('cohort_events_3d', OF_COHORT, '3d', 'Events of the cohort on the item, up to the last midnight (UTC).'),
  declare('cohort_events_7d', OF_COHORT, '7d', 'Events of the cohort on the item, up to the last midnight (UTC).'),
  declare('cohort_learner_days_1d', OF_COHORT, '1d', 'Distinct (learner, day) pairs of the cohort on the item.'),
  declare('cohort_learner_days_3d', OF_COHORT, '3d', 'Distinct (learner, day) pairs of the cohort on the item.'),
  declare('cohort_learner_days_7d', OF_COHORT, '7d', 'Distinct (learner, day) pairs of the cohort on the item.'),
  declare('cohort_new_learners_1d', OF_COHORT, '1d', 'Learners of the cohort who used the item for the first time.'),
  declare('cohort_new_learners_3d', OF_COHORT, '3d', 'Learners of the cohort who used the item for the first time.'),
  declare('cohort_new_learners_7d', OF_COHORT, '7d', 'Learners of the cohort who used the item for the first time.'),
  declare('opened', OWN_FLAG, null, '1 where the learner has opened the item before.'),
  declare('completed', OWN_FLAG, null, '1 where the learner has completed the item before.'),
  declare('own_days', { type: 'count', unit: 'days', personal: 'behavioural' }, null, 'Days on which the learner used the item.'),
  declare(
    'own_weight',
    { type: 'count', unit: 'days', personal: 'behavioural' },
    '28d half-life',
    'Days on which the learner used the item, each half as heavy after 28 days.',
  ),
  declare('own_age', { type: 'duration', unit: 'days', personal: 'behavioural' }, null, 'Days since the learner last used the item.', 999),
  declare('next_in_course', OWN_FLAG, null, '1 where the item is not opened, and all its prerequisites are completed and there are some.'),
  declare('due_in', { type: 'duration', unit: 'days', personal: 'profile' }, null, 'Days until the item is due for the learner.', 999),
  declare(
    'weak_skill',
    { type: 'ratio', unit: '0..1', personal: 'behavioural' },
    null,
    '1 - mastery of the least mastered skill of the item; 0 where none was answered.',
  ),
  declare('item_age', { type: 'duration', unit: 'days', personal: 'none' }, null, 'Days since the catalogue first told of the item.', 999),
  declare('learner_events_1d', OF_LEARNER, '1d', 'Events of the learner in all courses, up to the last midnight (UTC).'),
  declare('learner_events_7d', OF_LEARNER, '7d', 'Events of the learner in all courses, up to the last midnight (UTC).'),
  declare('learner_events_28d', OF_LEARNER, '28d', 'Events of the learner in all courses, up to the last midnight (UTC).'),
]);
