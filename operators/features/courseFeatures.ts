import { declare, type FeatureDeclaration, type Rest } from './declarations.js';

const KIND: Rest = { type: 'ratio', unit: '0..1', personal: 'behavioural', reason: 'KIND_YOU_USE' };
const PLACE: Rest = { type: 'rank', unit: '0..1', personal: 'none', reason: null };
const NEAR: Rest = { type: 'ratio', unit: 'none', personal: 'behavioural', reason: 'GOES_WITH_RECENT' };
const DURATION: Rest = { type: 'duration', unit: 'days', personal: 'none', reason: null };
const KNOWN: Rest = { type: 'ratio', unit: '0..1', personal: 'behavioural', reason: 'RIGHT_LEVEL' };

/** Where the item stands in its course, and the learner before it. */
export const COURSE_FEATURES: readonly FeatureDeclaration[] = [
  declare(
    { type: 'flag', unit: 'none', personal: 'behavioural', reason: 'NEXT_IN_COURSE' },
    'next_in_course',
    null,
    '1 where the item is not opened, and all its prerequisites are completed and there are some.',
  ),
  declare(
    { ...KNOWN, reason: 'READY_FOR_IT' },
    'prerequisites_done',
    null,
    'Share of the prerequisites that the learner has completed; 1 where there are none.',
    1,
  ),
  declare({ ...DURATION, personal: 'profile', reason: 'DUE_SOON' }, 'due_in', null, 'Days until the item is due for the learner.', 999),
  declare({ ...DURATION, personal: 'profile' }, 'course_due_in', null, 'Days until the next item of the course is due for the learner.', 999),
  declare({ ...DURATION, reason: 'NEW_ITEM' }, 'item_age', null, 'Days since the catalogue first told of the item.', 999),
  declare(
    { ...DURATION, reason: 'PLANNED_NOW' },
    'planned_in',
    null,
    'Days until the time for which the course plans the item; less than 0 since it began.',
    999,
  ),
  declare({ ...DURATION, reason: 'PLANNED_NOW' }, 'planned_until', null, 'Days until that time is over; less than 0 since then.', 999),
  declare(
    { type: 'category', unit: 'none', personal: 'none', reason: null },
    'item_kind',
    null,
    'Kind of activity by its number; 0 for kinds that have none.',
  ),
  declare(
    { ...KIND, personal: 'none', reason: null },
    'kind_share',
    '28d',
    'Learner-days of the cohort on items of the kind, of those on all items.',
  ),
  declare(
    KIND,
    'kind_affinity',
    '28d',
    'Days of use by the learner on items of the kind, of those on all items; with 2 more, split as by the cohort.',
  ),
  declare(KIND, 'kind_opened_share', null, 'Share of the items of the kind that the learner has opened.'),
  declare(
    PLACE,
    'order_place',
    null,
    'Place in the order of the course, 0 first: as the catalogue has it, else in which the cohort took the items up.',
    1,
  ),
  declare({ ...PLACE, unit: '-1..1' }, 'order_from_cohort', '7d', 'Place, less the mean place of what the cohort used for the first time.'),
  declare(
    { ...NEAR, unit: '-1..1' },
    'order_from_learner',
    '14d',
    'Place, less the mean place of what the learner opened for the first time; -9 where that is nothing.',
    -9,
  ),
  declare({ ...NEAR, type: 'flag' }, 'previous_opened', null, '1 where the learner has opened the item before it in the order.'),
  declare(
    { ...NEAR, unit: '0..1' },
    'neighbours_opened',
    null,
    'Share of the 4 items before it and the 4 after it in the order that the learner has opened.',
  ),
  declare(
    { ...KNOWN, reason: 'WEAK_SKILL' },
    'weak_skill',
    null,
    '1 - mastery of the least mastered skill of the item; 0 where that is 0.6 or more, or none was answered.',
  ),
  declare(KNOWN, 'mastery_mean', null, 'Mean mastery of the skills of the item that were answered; -1 where none was.', -1),
  declare(
    { ...KNOWN, unit: '-1..1' },
    'difficulty_gap',
    null,
    'Difficulty less the mean mastery of the skills, greater where it is harder for the learner; -9 where either is not known.',
    -9,
  ),
];
