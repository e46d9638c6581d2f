import type { Opened } from './envelope.js';
import type * as T from './generated/types.js';
import type {
  BatchFeaturesKey,
  CohortId,
  CohortItemKey,
  ControlKey,
  CourseId,
  DeadLetterKey,
  ItemId,
  LearnerId,
  RightsRequestKey,
  SegmentKey,
} from './keys.js';
import type { Topic } from './topic.js';

const DAY_MS = 86_400_000;
/** Over a year, so that a course can be compared with its last presentation and a replay can rebuild it. */
const EVENT_RETENTION_MS = 400 * DAY_MS;
const INCIDENT_RETENTION_MS = 30 * DAY_MS;
/** Topics that a task reads together must agree. */
const LEARNER_PARTITIONS = 12;
const TREND_PARTITIONS = 12;

type Rest = Omit<Topic<string, unknown>, 'name' | 'schemaName' | 'schema'>;

function of<K extends string, V>(name: string, schemaName: string, rest: Rest): Topic<K, Opened<V>> {
  return Object.freeze({ name, schemaName, ...rest }) as Topic<K, Opened<V>>;
}

const events = (description: string): Rest => ({
  partitions: LEARNER_PARTITIONS,
  cleanup: 'delete',
  retentionMs: EVENT_RETENTION_MS,
  keyFields: ['learner'],
  derived: false,
  description,
});
/** Of which the last record of each key is all that is asked for. */
const table = (partitions: number, keyFields: readonly string[], description: string): Rest => ({
  partitions,
  cleanup: 'compact',
  retentionMs: null,
  keyFields,
  derived: true,
  description,
});
/**
 * What is told of a thing or a person, state by state. Topologies decide at each statement, so each stays: compaction would leave the last one, and a
 * version that starts anew would decide otherwise. There are few, and the oldest may still hold, so none is too old.
 */
const statements = (partitions: number, keyFields: readonly string[], description: string): Rest => ({
  partitions,
  cleanup: 'delete',
  retentionMs: null,
  keyFields,
  derived: false,
  description,
});
/**
 * What topologies derive for other topologies: every record stays, because these look up what held at a time, or decide anew at each record.
 * Compaction would remove what a slow reader, or a replay, has not seen.
 */
const history = (partitions: number, keyFields: readonly string[], description: string): Rest => ({
  partitions,
  cleanup: 'delete',
  retentionMs: EVENT_RETENTION_MS,
  keyFields,
  derived: true,
  description,
});
const incidents = (description: string): Rest => ({
  partitions: 4,
  cleanup: 'delete',
  retentionMs: INCIDENT_RETENTION_MS,
  keyFields: ['id'],
  derived: false,
  description,
});

/** The catalogue of the project's topics: key, partitions, cleanup, retention. In the broker each has its region before its name. */
export const topics = {
  clicks: of<LearnerId, T.Click>('clicks', 'click', events('What learners view, open, complete and dwell on.')),
  quizResults: of<LearnerId, T.QuizResult>('quiz-results', 'quiz-result', events('Quizzes and assessments handed in.')),
  lmsEvents: of<LearnerId, T.LmsEvent>('lms-events', 'lms-event', events('Enrolment and its end, deadlines, stated availability.')),
  catalogue: of<ItemId, T.CatalogueItem>('catalogue', 'catalogue-item', statements(4, ['item'], 'What there is to learn from.')),
  profiles: of<LearnerId, T.LearnerProfile>(
    'profiles',
    'learner-profile',
    statements(LEARNER_PARTITIONS, ['learner'], 'Segment attributes and consent.'),
  ),
  learnerFeatures: of<LearnerId, T.LearnerFeatures>('learner-features', 'learner-features', {
    ...history(LEARNER_PARTITIONS, ['learner'], 'Windowed features of each learner.'),
    copartitioned: true,
  }),
  learnerActivity: of<LearnerId, T.LearnerActivity>('learner-activity', 'learner-activity', {
    ...history(LEARNER_PARTITIONS, ['learner'], 'What each learner did in each hour, item by item.'),
    copartitioned: true,
  }),
  learnerContexts: of<LearnerId, T.LearnerContext>('learner-contexts', 'learner-context', {
    ...history(LEARNER_PARTITIONS, ['learner'], 'Active courses, segment, consent and availability of each learner.'),
    copartitioned: true,
  }),
  learnerMastery: of<LearnerId, T.LearnerMastery>('learner-mastery', 'learner-mastery', {
    ...history(LEARNER_PARTITIONS, ['learner'], 'What each learner masters, skill by skill.'),
    copartitioned: true,
  }),
  curricula: of<CourseId, T.Curriculum>('curricula', 'curriculum', {
    ...history(2, ['course'], 'All items of each course.'),
    copartitioned: true,
  }),
  cohortTrends: of<CohortId, T.CohortTrend>('cohort-trends', 'cohort-trend', {
    ...history(2, ['cohort'], 'The items that each cohort uses most, with their windows.'),
    copartitioned: true,
  }),
  segmentRecommendations: of<SegmentKey, T.SegmentRecommendation>('segment-recommendations', 'segment-recommendation', {
    ...history(2, ['course', 'segment'], 'What each segment of a course uses most; readers serve it where nothing better is known.'),
    copartitioned: true,
  }),
  itemTrends: of<CohortItemKey, T.ItemTrend>(
    'item-trends',
    'item-trend',
    table(TREND_PARTITIONS, ['cohort', 'item'], 'Windowed use of each item by each cohort.'),
  ),
  itemActivity: of<CohortItemKey, T.ItemActivity>('item-activity', 'item-activity', {
    partitions: TREND_PARTITIONS,
    cleanup: 'delete',
    retentionMs: INCIDENT_RETENTION_MS,
    keyFields: ['cohort', 'item'],
    derived: true,
    description: 'Partial daily sums from which trends are made.',
  }),
  // Not compacted, and of one partition: decisions look up what held at a time, and a channel more that is mostly silent is one to wait for.
  batchFeatures: of<BatchFeaturesKey, T.BatchFeatures>('batch-features', 'batch-features', {
    partitions: 1,
    cleanup: 'delete',
    retentionMs: EVENT_RETENTION_MS,
    keyFields: ['view', 'group'],
    derived: false,
    description: 'What decisions see of the daily batch: how hard items are, how fast cohorts go.',
  }),
  recommendations: of<LearnerId, T.Recommendation>('recommendations', 'recommendation', {
    ...table(LEARNER_PARTITIONS, ['learner'], 'The recommendations of each learner; readers serve it.'),
    copartitioned: true,
  }),
  featureLog: of<LearnerId, T.FeatureLog>('feature-log', 'feature-log', {
    ...history(LEARNER_PARTITIONS, ['learner'], 'What decisions saw, for training.'),
    copartitioned: true,
  }),
  experimentExposures: of<LearnerId, T.ExperimentExposure>('experiment-exposures', 'experiment-exposure', {
    ...history(LEARNER_PARTITIONS, ['learner'], 'Who was decided for under which variation of an experiment.'),
    copartitioned: true,
  }),
  // Kept for ever and not compacted: a replay applies each record at the position where it stood.
  control: of<ControlKey, T.Control>('control', 'control', {
    partitions: 1,
    cleanup: 'delete',
    retentionMs: null,
    keyFields: ['id'],
    derived: false,
    description: 'What is not in the data but decides results.',
  }),
  // Apart from the control topic: what workers write there in transactions would hold back, for as long as one of them is open, what is decided here.
  measures: of<ControlKey, T.Control>('measures', 'control', {
    partitions: 1,
    cleanup: 'delete',
    retentionMs: null,
    keyFields: ['id'],
    derived: false,
    description: 'What people decided for all: pauses, blocked items, killed models; runs and readers go by it.',
  }),
  overrides: of<LearnerId, T.Override>(
    'overrides',
    'override',
    statements(LEARNER_PARTITIONS, ['learner'], 'What people decided about the recommendations of single learners; readers go by it.'),
  ),
  deadLetters: of<DeadLetterKey, T.DeadLetter>('dead-letters', 'dead-letter', incidents('What could not be decoded, validated or processed.')),
  lateEvents: of<DeadLetterKey, T.LateEvent>('late-events', 'late-event', incidents('What came behind its window.')),
  exposures: of<LearnerId, T.Exposure>('exposures', 'exposure', events('Recommendations shown.')),
  feedback: of<LearnerId, T.Feedback>('feedback', 'feedback', events('What learners did with recommendations.')),
  rightsRequests: of<LearnerId, T.RightsRequest>(
    'rights-requests',
    'rights-request',
    events('What learners ask for by right; `skillforge privacy serve` does it.'),
  ),
  // Few, and read whole by who is asked about one.
  rightsOutcomes: of<RightsRequestKey, T.RightsOutcome>('rights-outcomes', 'rights-outcome', {
    ...table(1, ['request'], 'How far each request is; gateways answer with it.'),
    derived: false,
  }),
} as const;

/** Names of the catalogue's entries, such as `clicks`. */
export type TopicName = keyof typeof topics;
