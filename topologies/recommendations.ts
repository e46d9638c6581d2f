import { filter, map, mergeMap } from 'rxjs';
import {
  days,
  dedupe,
  everySilent,
  foreignKeyChanges,
  inTimeOrder,
  joinTable,
  lookupAll,
  merge,
  reduceTable,
  seconds,
  schema,
  to,
  topicSchema,
  topology,
  withValue,
  type GlobalVersionedTable,
  type Infer,
  type Records,
  type Sources,
  type Topology,
} from '../operators/index.js';
import {
  DEFAULT_POLICY,
  NOT_ASSIGNED,
  assignedAt,
  assignedState,
  dayOf,
  decide,
  decisionIdOf,
  exposuresOf,
  formulaModels,
  initialLearnerState,
  isSampled,
  learnerState,
  lookupKeys,
  treated,
  withActivity,
  withContext,
  withFeatures,
  withMastery,
  type Decision,
  type DecisionLookups,
  type DecisionOptions,
  type LearnerState,
  type Moment,
} from '../operators/recommend/index.js';
import {
  topics,
  type BatchFeatures,
  type BatchFeaturesKey,
  type CohortId,
  type CohortTrend,
  type CourseId,
  type Curriculum,
  type LearnerContext,
  type LearnerId,
  type Opened,
  type SegmentKey,
  type SegmentRecommendation,
} from '../schemas/index.js';

const VERSION = 2;
/** Lists are made anew at the end of the day of the last activity and of so many days after it, then of each 7th day. */
const DAILY_DAYS = 7;
/** The last day of silence of which `learner-features` tell, where that is a 7th: its windows are empty soon after. */
const LAST_TOLD_DAY = 21;
/** Of those of whom nothing else tells, lists are made anew each 7th day since their context changed, for so many weeks. */
const WEEKS = 52;
/** Lists that are made anew every 7th day are never stale. */
const VALID_FOR = days(8);
/** What the daily batch publishes comes at once, if at all: nobody waits longer for a publisher that says nothing. */
const BATCH_IDLE = seconds(1);
/** What holds unless another setting is given. */
const SETTING = {
  /** Share of the decisions whose features are logged, for training. */
  loggedShare: 1 / 8,
  /** Share of the decisions that draw the last places of their lists, to learn what they are worth. */
  explorationShare: 1 / 20,
  /** Event time before which news counts and nothing is decided, in ms: for who asks for the lists of one instant alone. */
  decideFromMs: -Infinity,
  /** Share of the decisions that are made, the logged ones first: for who asks for the log alone. */
  decidedShare: 1,
  /** Candidate sources that propose nothing, as a set of `CANDIDATE_SOURCES`: for who asks what they are worth. */
  without: 0,
  /** Whether decisions are made under experiments: other operators, so another version. */
  experiments: false,
};
/** Of {@link VERSION}, with experiments. */
const EXPERIMENTS_VERSION = 3;
/** A learner who is decided for under a variation again and again is exposed once in so long. */
const EXPOSED_ONCE_IN = days(7);

/** How the recommendations of a run may differ from those of production. */
export type RecommendationsSetting = Partial<typeof SETTING>;

const isRefreshed = (silentDays: number): boolean => silentDays <= DAILY_DAYS || (silentDays <= LAST_TOLD_DAY && silentDays % 7 === 0);

/** What is new of a learner: one of the four, or that so many days have passed since the context changed. */
const news = schema.record({
  activity: schema.nullable(topicSchema(topics.learnerActivity)),
  context: schema.nullable(topicSchema(topics.learnerContexts)),
  mastery: schema.nullable(topicSchema(topics.learnerMastery)),
  features: schema.nullable(topicSchema(topics.learnerFeatures)),
  daysSinceContext: schema.nullable(schema.long),
});
type News = Infer<typeof news>;
const newsOf = ({ activity = null, context = null, mastery = null, features = null, daysSinceContext = null }: Partial<News>): News => ({
  activity,
  context,
  mastery,
  features,
  daysSinceContext,
});

/** What is known of a learner, as of when, when they did something last, and whether the last news makes a decision due. */
const known = schema.record({ state: learnerState, asOfMs: schema.long, activeAtMs: schema.nullable(schema.long), isDue: schema.boolean });
type Known = Infer<typeof known>;
const NOTHING: Known = { state: initialLearnerState, asOfMs: 0, activeAtMs: null, isDue: false };

/** Whom a decision is for, and what is known of them. */
const learnerAt = schema.record({ learner: schema.branded<LearnerId>(), state: learnerState });

const isStudying = ({ context }: LearnerState): boolean => context !== null && context.courses.length > 0;

/** News that comes too late for its place counts, and decides nothing about the past. */
function withNews(before: Known, news: News, atMs: number): Known {
  const { state, activeAtMs } = before;
  const { context, daysSinceContext } = news;
  const asOfMs = Math.max(before.asOfMs, atMs);
  if (context !== null) {
    return { state: withContext(state, context), asOfMs, activeAtMs: context.personal.consentProfiling ? activeAtMs : null, isDue: true };
  }
  if (daysSinceContext !== null) {
    const isTold = activeAtMs !== null && dayOf(atMs) - dayOf(activeAtMs) <= LAST_TOLD_DAY;
    return { state, asOfMs, activeAtMs, isDue: !isTold && isStudying(state) };
  }
  if (state.context?.consentProfiling === false) return { state, asOfMs, activeAtMs, isDue: false };
  return { ...withDoings(before, news, atMs), asOfMs };
}

/** Of those who agreed to profiling, and of those who have not been asked yet. */
function withDoings({ state, activeAtMs }: Known, { activity, mastery, features }: News, atMs: number): Omit<Known, 'asOfMs'> {
  const isDue = isStudying(state);
  if (activity !== null) return { state: withActivity(state, activity), activeAtMs: Math.max(activeAtMs ?? atMs, atMs), isDue };
  if (mastery !== null) return { state: withMastery(state, mastery), activeAtMs, isDue };
  const isFresh = activeAtMs !== null && isRefreshed(dayOf(atMs) - dayOf(activeAtMs));
  return { state: withFeatures(state, features!), activeAtMs, isDue: isDue && isFresh };
}

/** Contexts, and the days since the last one: newcomers do nothing that features could tell of, nor do those who have been away for long. */
function contextNews(contexts: Records<LearnerId, Opened<LearnerContext>>): Records<LearnerId, News> {
  const daily = contexts.pipe(
    everySilent('newcomer', { everyMs: days(1), forMs: days(DAILY_DAYS - 1), value: topicSchema(topics.learnerContexts) }),
    map((record) => {
      const { tick, value } = record.value;
      return withValue(record, newsOf(tick === 0 ? { context: value } : { daysSinceContext: tick }));
    }),
  );
  const weekly = contexts.pipe(
    map((record) => withValue(record, true)),
    everySilent('weekly', { everyMs: days(7), forMs: days(7 * WEEKS), value: schema.boolean }),
    filter((record) => record.value.tick > 0),
    map((record) => withValue(record, newsOf({ daysSinceContext: 7 * record.value.tick }))),
  );
  return merge('contexts', daily, weekly);
}

/** What decisions look up, as it stood at their time. */
interface Tables {
  readonly trends: GlobalVersionedTable<CohortId, CohortTrend>;
  readonly curricula: GlobalVersionedTable<CourseId, Curriculum>;
  readonly segments: GlobalVersionedTable<SegmentKey, SegmentRecommendation>;
  readonly batch: GlobalVersionedTable<BatchFeaturesKey, BatchFeatures>;
}

function lookingUp<R>(
  tables: Tables,
  join: (moment: Moment, rows: DecisionLookups) => R,
): (source: Records<LearnerId, Infer<typeof learnerAt>>) => Records<LearnerId, R> {
  return lookupAll(
    'decide',
    { ...tables },
    {
      value: learnerAt,
      keys: {
        trends: ({ state }) => lookupKeys.trends(state),
        curricula: ({ state }) => lookupKeys.curricula(state),
        segments: ({ state }) => lookupKeys.segments(state),
        batch: ({ state }) => lookupKeys.batch(state),
      },
    },
    ({ learner, state }, rows, atMs) => join({ learner, state, atMs }, rows),
  );
}

const withdrawnOf = ({ items }: Curriculum): string => items.flatMap(({ item, withdrawn }) => (withdrawn ? [item] : [])).join('\n');

function declare({ source, globalVersionedTable, region, models }: Sources, setting: typeof SETTING): void {
  const { loggedShare, explorationShare, decideFromMs, decidedShare, without } = setting;
  const trends = globalVersionedTable(topics.cohortTrends);
  const curricula = globalVersionedTable(topics.curricula);
  const segments = globalVersionedTable(topics.segmentRecommendations);
  const batch = globalVersionedTable(topics.batchFeatures, { eventTimeMs: ({ knownFromMs }) => knownFromMs, idleMs: BATCH_IDLE });

  const activity = source(topics.learnerActivity).pipe(map((record) => withValue(record, newsOf({ activity: record.value }))));
  const mastery = source(topics.learnerMastery).pipe(map((record) => withValue(record, newsOf({ mastery: record.value }))));
  // Those of an hour change nothing that a decision looks at; those of a midnight say that a day is over, too.
  const features = source(topics.learnerFeatures).pipe(
    filter((record) => record.value.asOfMs % days(1) === 0),
    map((record) => withValue(record, newsOf({ features: record.value }))),
  );
  const contexts = contextNews(source(topics.learnerContexts));

  const learners = reduceTable('learner', merge('news', activity, contexts, mastery, features).pipe(inTimeOrder('in-order', { value: news })), {
    state: known,
    initial: NOTHING,
    reduce: withNews,
  });
  const due = learners.changes.pipe(
    filter((record) => record.value.isDue),
    map(({ key, value }) => ({ key, value, timestamp: value.asOfMs })),
  );
  const affected = foreignKeyChanges('withdrawn', learners, curricula, {
    keys: ({ state }) => lookupKeys.curricula(state),
    signature: withdrawnOf,
  });

  const topologyVersion = setting.experiments ? EXPERIMENTS_VERSION : VERSION;
  const made = { models: models ?? formulaModels, region, topologyVersion, validForMs: VALID_FOR };
  const options: DecisionOptions = { ...made, loggedShare, policy: { ...DEFAULT_POLICY, explorationShare }, without };
  const toDecide = merge('due', due, affected).pipe(
    filter(({ timestamp }) => timestamp >= decideFromMs),
    filter(({ key, timestamp }) => decidedShare === 1 || isSampled(decisionIdOf(key, timestamp, topologyVersion), decidedShare)),
    map((record) => withValue(record, { learner: record.key, state: record.value.state })),
  );
  const tables = { trends, curricula, segments, batch };
  const decisions = setting.experiments
    ? underExperiments(toDecide.pipe(lookingUp(tables, (moment, rows) => ({ moment, rows }))), options)
    : toDecide.pipe(lookingUp(tables, (moment, rows) => decide(moment, rows, options)));
  decisions.pipe(
    map((record) => withValue(record, record.value.recommendation)),
    to(topics.recommendations),
  );
  decisions.pipe(
    mergeMap((record) => (record.value.log ?? []).map((log) => withValue(record, log))),
    to(topics.featureLog),
  );
}

/** What is looked up, before it is decided. */
interface Looked {
  readonly moment: Moment;
  readonly rows: DecisionLookups;
}

/** Decides under the experiments in force: a learner is assigned at the instant of the decision, and stays where they were assigned. */
function underExperiments(looked: Records<LearnerId, Looked>, options: DecisionOptions): Records<LearnerId, Decision> {
  // Declared before the join, so that a decision finds what was assigned for it.
  const assigned = reduceTable('assigned', looked, {
    state: assignedState,
    initial: NOT_ASSIGNED,
    reduce: (before, { moment }) => assignedAt(before, moment, options.models, options.region),
  });
  const decided = looked.pipe(
    joinTable('decide-assigned', assigned, { miss: 'dead-letter' }, ({ moment, rows }, state) => {
      const decision = decide(moment, rows, treated(options, state));
      return { decision, exposures: exposuresOf(decision, state) };
    }),
  );
  decided.pipe(
    mergeMap((record) => record.value.exposures.map((exposure) => withValue(record, exposure))),
    dedupe('exposed', { by: ({ experiment, variation }) => `${experiment}:${variation}`, withinMs: EXPOSED_ONCE_IN }),
    to(topics.experimentExposures),
  );
  return decided.pipe(map((record) => withValue(record, record.value.decision)));
}

const ABOUT = { version: VERSION, description: 'what each learner could do next, and what is new to them' };

/** The recommendations under another setting than that of production. */
export const recommendationsTopology = (setting: RecommendationsSetting): Topology =>
  topology('recommendations', setting.experiments === true ? { ...ABOUT, version: EXPERIMENTS_VERSION } : ABOUT, (sources) => {
    declare(sources, { ...SETTING, ...setting });
  });

/**
 * The recommendations of each learner, made anew after each hour of activity, each quiz and each change of context, when an item of a course
 * is withdrawn, at the end of days of silence, and each week for whoever is still enrolled. A decision sees what happened up to its event time, and the trends, curricula and lists
 * of segments as they stood then: in a replay, too.
 */
export default topology('recommendations', { ...ABOUT, inExperiments: recommendationsTopology({ experiments: true }) }, (sources) => {
  declare(sources, SETTING);
});
