import { topics, type EngagementWindow } from '../../schemas/index.js';
import { days } from '../duration.js';
import { streamView, type FeatureType, type FeatureValue, type StoredFeature } from './featureView.js';

const WINDOWS = ['1h', '1d', '7d', '28d'] as const;
const SECOND_MS = 1000;
const seconds = (atMs: number): number => Math.floor(atMs / SECOND_MS);

const feature = (name: string, type: FeatureType, description: string): StoredFeature => ({ name, type, description });

const ofWindow = (window: string): StoredFeature[] => [
  feature(`learner_events_${window}`, 'INT64', `Events of the learner in the last ${window}.`),
  feature(`learner_clicks_${window}`, 'INT64', `Clicks of the learner in the last ${window}.`),
  feature(`learner_dwell_ms_${window}`, 'INT64', `Time that the learner spent in the last ${window}, ms.`),
  feature(`learner_completions_${window}`, 'INT64', `Items that the learner completed in the last ${window}.`),
];

const inWindow = (window: EngagementWindow | null): FeatureValue[] =>
  window === null ? [null, null, null, null] : [window.events, window.clicks, window.dwellMs, window.completions];

/**
 * How busy a learner was. It is told anew each midnight while a window holds anything, and a decision takes it for a day: older windows are
 * empty.
 */
export const learnerEngagement = streamView({
  name: 'learner_engagement',
  description: 'How busy a learner was: in the last hour, and in the days up to the last midnight (UTC); empty where a window saw nothing.',
  entities: ['learner'],
  ttlMs: days(1),
  features: WINDOWS.flatMap(ofWindow),
  topic: topics.learnerFeatures,
  rowsOf: ({ learner, personal: { engagement1h, engagement1d, engagement7d, engagement28d } }) => [
    { entity: { learner }, values: [engagement1h, engagement1d, engagement7d, engagement28d].flatMap(inWindow) },
  ],
});

/** What a learner did in the hour of which the topic told last. */
export const learnerLastHour = streamView({
  name: 'learner_last_hour',
  description: 'What a learner did in their last hour of activity, item by item: the lists go together.',
  entities: ['learner'],
  ttlMs: days(28),
  features: [
    feature('last_hour_items', 'STRING_LIST', 'Items that were used.'),
    feature('last_hour_courses', 'STRING_LIST', 'Their courses.'),
    feature('last_hour_events', 'INT64_LIST', 'Events on each.'),
    feature('last_hour_clicks', 'INT64_LIST', 'Clicks on each.'),
    feature('last_hour_dwell_ms', 'INT64_LIST', 'Time spent on each, ms.'),
    feature('last_hour_completed', 'BOOL_LIST', 'Whether each was completed.'),
  ],
  topic: topics.learnerActivity,
  rowsOf: ({ learner, personal: { items } }) => [
    {
      entity: { learner },
      values: [
        items.map(({ item }) => item),
        items.map(({ course }) => course),
        items.map(({ events }) => events),
        items.map(({ clicks }) => clicks),
        items.map(({ dwellMs }) => dwellMs),
        items.map(({ completed }) => completed),
      ],
    },
  ],
});

/** What a learner masters. */
export const learnerMastery = streamView({
  name: 'learner_mastery',
  description: 'What a learner masters, skill by skill, by name: the lists go together.',
  entities: ['learner'],
  ttlMs: null,
  features: [
    feature('skills', 'STRING_LIST', 'Skills of which an answer was given.'),
    feature('skill_mastery', 'DOUBLE_LIST', 'Probability of a right answer to the next question on each, 0..1.'),
    feature('skill_answers', 'INT32_LIST', 'Answers that were given on each.'),
    feature('skill_last_at', 'UNIX_TIMESTAMP_LIST', 'When the last answer on each was given.'),
  ],
  topic: topics.learnerMastery,
  rowsOf: ({ learner, personal: { skills } }) => [
    {
      entity: { learner },
      values: [
        skills.map(({ skill }) => skill),
        skills.map(({ mastery }) => mastery),
        skills.map(({ answers }) => answers),
        skills.map(({ lastAtMs }) => seconds(lastAtMs)),
      ],
    },
  ],
});

/** Where a learner stands. */
export const learnerContext = streamView({
  name: 'learner_context',
  description: 'The courses of a learner, their segment, how much time they have, and whether they agree to profiling.',
  entities: ['learner'],
  ttlMs: null,
  features: [
    feature('hours_per_week', 'DOUBLE', 'Hours that the learner has in a week; empty where not told.'),
    feature('learner_segment', 'STRING', 'Segment of the learner; empty where there is none.'),
    feature('learner_courses', 'STRING_LIST', 'Courses that the learner is enrolled in.'),
    feature('learner_cohorts', 'STRING_LIST', 'The cohort in each of them.'),
    feature('consents_to_profiling', 'BOOL', 'Whether the learner agrees to profiling.'),
  ],
  topic: topics.learnerContexts,
  rowsOf: ({ learner, personal: { courses, segment, hoursPerWeek, consentProfiling } }) => [
    {
      entity: { learner },
      values: [hoursPerWeek, segment, courses.map(({ course }) => course), courses.map(({ cohort }) => cohort), consentProfiling],
    },
  ],
});
