import { map, mergeMap } from 'rxjs';
import {
  countWhere,
  days,
  distinctCount,
  groupedEach,
  keyBy,
  last,
  reduce,
  schema,
  sum,
  to,
  topicSchema,
  topology,
  tumbling,
  windowSet,
  withValue,
  type GroupResult,
  type Infer,
  type StreamRecord,
  type WindowSetResult,
} from '../operators/index.js';
import {
  cohortItemKey,
  splitCohortItemKey,
  topics,
  type CohortId,
  type CohortItemKey,
  type CohortItemTrend,
  type CohortTrend,
  type CourseId,
  type ItemId,
  type LearnerId,
} from '../schemas/index.js';

const VERSION = 2;
/** Items that the record of a cohort names. */
const MOST_ITEMS = 300;
/** An item has spread when such a share of the learners have used it. */
const SPREAD = 1 / 20;

const used = schema.record({
  course: schema.branded<CourseId>(),
  cohort: schema.branded<CohortId>(),
  item: schema.branded<ItemId>(),
  events: schema.long,
  /** The learner had not used it before. */
  isNew: schema.boolean,
  /** The learner had used nothing of the cohort before. */
  isNewcomer: schema.boolean,
});
/** What a learner has used so far, and what in the hour of activity at hand. */
const doings = schema.record({ soFar: schema.array(schema.branded<CohortItemKey>()), now: schema.array(used) });
const sums = schema.record({ item: schema.branded<ItemId>(), events: schema.long, learnerDays: schema.long, newLearners: schema.long });
const people = { activeLearners: schema.long, newcomers: schema.long };
const partial = schema.record({ course: schema.branded<CourseId>(), ...people, items: schema.array(sums) });
/** What a cohort has ever used, and what its last midnight told. */
const past = schema.record({
  learners: schema.long,
  firstUsedAtMs: schema.nullable(schema.long),
  items: schema.array(
    schema.record({
      item: schema.branded<ItemId>(),
      openers: schema.long,
      firstUsedAtMs: schema.nullable(schema.long),
      spreadAtMs: schema.nullable(schema.long),
    }),
  ),
  told: schema.nullable(topicSchema(topics.cohortTrends)),
});

type Past = Infer<typeof past>;
type Used = Infer<typeof used>;
type Sums = Infer<typeof sums>;
type Doings = Infer<typeof doings>;

/** The use of an item by a learner in an hour. */
type LearnerUse = Used & { readonly learner: LearnerId };

function byCohort({ key: learner, value, timestamp }: StreamRecord<LearnerId, Doings>): StreamRecord<CohortId, LearnerUse[]>[] {
  const uses = value.now.map((use) => ({ learner, ...use }));
  const cohorts = [...new Set(uses.map(({ cohort }) => cohort))];
  return cohorts.map((cohort) => ({ key: cohort, value: uses.filter((use) => use.cohort === cohort), timestamp }));
}

function withHour({ soFar }: Doings, items: readonly Omit<Used, 'isNew' | 'isNewcomer'>[]): Doings {
  const before = new Set(soFar);
  const newcomerTo = new Set(
    [...new Set(items.map(({ cohort }) => cohort))].filter((cohort) => !soFar.some((key) => splitCohortItemKey(key).cohort === cohort)),
  );
  const now = items.map(({ course, cohort, item, events }) => ({
    course,
    cohort,
    item,
    events,
    isNew: !before.has(cohortItemKey(cohort, item)),
    isNewcomer: newcomerTo.has(cohort),
  }));
  const added = now.flatMap(({ cohort, item, isNew }) => (isNew ? [cohortItemKey(cohort, item)] : []));
  return { soFar: added.length === 0 ? soFar : [...soFar, ...added], now };
}

interface CohortWindow {
  readonly course: CourseId | null;
  readonly activeLearners: number;
  readonly newcomers: number;
  readonly items: readonly GroupResult<Omit<Sums, 'item'>>[];
}
type Size = 'd1' | 'd3' | 'd7' | 'd14' | 'd28';
type Trend = WindowSetResult<Size, CohortWindow>;

/** The past after one more day. Items are found in the order in which they were used first. */
function withDay({ learners, firstUsedAtMs, items }: Past, { endMs, windows: { d1 } }: Trend): Omit<Past, 'told'> {
  if (d1 === null) return { learners, firstUsedAtMs, items };
  const [today, everybody] = [endMs - days(1), learners + d1.value.newcomers];
  const added = new Map(d1.value.items.map(({ group, value }) => [group, value.newLearners]));
  const known = new Set<string>(items.map(({ item }) => item));
  const fresh = d1.value.items.flatMap(({ group }) =>
    known.has(group) ? [] : [{ item: group as ItemId, openers: 0, firstUsedAtMs: today, spreadAtMs: null }],
  );
  const opened = [...items, ...fresh].map((one) => {
    const openers = one.openers + (added.get(one.item) ?? 0);
    return { ...one, openers, spreadAtMs: one.spreadAtMs ?? (openers >= SPREAD * everybody ? today : null) };
  });
  return { learners: everybody, firstUsedAtMs: firstUsedAtMs ?? today, items: opened };
}

/** What a day of one task adds to the cohort. */
function partialOf({ course, activeLearners, newcomers, items }: CohortWindow): Infer<typeof partial> {
  const sumsOf = items.map(({ group, value: { events, learnerDays, newLearners } }) => ({ item: group as ItemId, events, learnerDays, newLearners }));
  return { course: course!, activeLearners, newcomers, items: sumsOf };
}

const NONE = { events: 0, learnerDays: 0, newLearners: 0 };

/** The items of the last 28 days, the most used in 7 days first, then in 28, ties by name. */
function mostUsed({ windows }: Trend, items: Past['items']): CohortItemTrend[] {
  const ofWindow = (size: Size) => new Map(windows[size]?.value.items.map(({ group, value }) => [group, value]));
  const [d1, d3, d7, d14] = [ofWindow('d1'), ofWindow('d3'), ofWindow('d7'), ofWindow('d14')];
  const known = new Map<string, Past['items'][number]>(items.map((one) => [one.item, one]));
  return windows
    .d28!.value.items.map(({ group, value: d28 }) => ({ group, d7: d7.get(group) ?? NONE, d28 }))
    .sort((a, b) => b.d7.events - a.d7.events || b.d28.events - a.d28.events)
    .slice(0, MOST_ITEMS)
    .map(({ group, d7, d28 }) => {
      const [one, three, fourteen] = [d1.get(group) ?? NONE, d3.get(group) ?? NONE, d14.get(group) ?? NONE];
      const { openers, firstUsedAtMs, spreadAtMs } = known.get(group)!;
      return {
        item: group as ItemId,
        events1d: one.events,
        events3d: three.events,
        events7d: d7.events,
        learnerDays1d: one.learnerDays,
        learnerDays3d: three.learnerDays,
        learnerDays7d: d7.learnerDays,
        newLearners1d: one.newLearners,
        newLearners3d: three.newLearners,
        newLearners7d: d7.newLearners,
        events14d: fourteen.events,
        learnerDays14d: fourteen.learnerDays,
        newLearners14d: fourteen.newLearners,
        events28d: d28.events,
        learnerDays28d: d28.learnerDays,
        newLearners28d: d28.newLearners,
        openers,
        firstUsedAtMs,
        spreadAtMs,
      };
    });
}

function trendOf(cohort: CohortId, region: string, trend: Trend, { learners, firstUsedAtMs, items }: Omit<Past, 'told'>): CohortTrend {
  const { d1, d3, d7, d14, d28 } = trend.windows;
  const activeIn = (window: typeof d1): number => window?.value.activeLearners ?? 0;
  return {
    cohort,
    course: d28!.value.course!,
    region,
    asOfMs: trend.endMs,
    topologyVersion: VERSION,
    items: mostUsed(trend, items),
    activeLearnerDays1d: activeIn(d1),
    activeLearnerDays3d: activeIn(d3),
    activeLearnerDays7d: activeIn(d7),
    activeLearnerDays14d: activeIn(d14),
    activeLearnerDays28d: activeIn(d28),
    learners,
    firstUsedAtMs,
  };
}

/**
 * The items that each cohort used most in the last days up to each midnight (UTC), with their use over 1 d to 28 d, how many learners were new
 * to them, and how far they have spread: all that a decision needs to know of a cohort, in one record. In two phases, as `item-trends`.
 */
export default topology(
  'cohort-trends',
  { version: VERSION, description: 'the items that each cohort uses most, over 1 d to 28 d' },
  ({ source, region }) => {
    source(topics.learnerActivity).pipe(
      reduce('used-so-far', { state: doings, initial: { soFar: [], now: [] }, reduce: (before, { personal }) => withHour(before, personal.items) }),
      mergeMap(byCohort),
      tumbling(
        'learners-of-a-day',
        { sizeMs: days(1), late: 'dead-letter' },
        {
          course: last(([use]) => use!.course, schema.branded<CourseId>()),
          activeLearners: distinctCount(([use]) => use!.learner),
          newcomers: countWhere(([use]) => use!.isNewcomer),
          items: groupedEach(
            (uses) => uses,
            (use: LearnerUse) => use.item,
            {
              events: sum((use) => use.events),
              learnerDays: distinctCount((use) => use.learner),
              newLearners: countWhere((use) => use.isNew),
            },
          ),
        },
      ),
      map((record) => withValue(record, partialOf(record.value.value))),
      keyBy('by-cohort', { key: (_, record) => record.key, value: partial, partitions: topics.cohortTrends.partitions }),
      windowSet(
        'trend',
        { sizesMs: { d1: days(1), d3: days(3), d7: days(7), d14: days(14), d28: days(28) }, advanceMs: days(1), late: 'dead-letter' },
        {
          course: last(({ course }) => course, schema.branded<CourseId>()),
          activeLearners: sum((day) => day.activeLearners),
          newcomers: sum((day) => day.newcomers),
          items: groupedEach(
            ({ items }) => items,
            (one: Sums) => one.item,
            {
              events: sum((one) => one.events),
              learnerDays: sum((one) => one.learnerDays),
              newLearners: sum((one) => one.newLearners),
            },
          ),
        },
      ),
      map((record) => withValue(record, { cohort: record.key, trend: record.value })),
      reduce('past', {
        state: past,
        initial: { learners: 0, firstUsedAtMs: null, items: [], told: null },
        reduce: (before, { cohort, trend }) => {
          const after = withDay(before, trend);
          return { ...after, told: trendOf(cohort, region, trend, after) };
        },
      }),
      map((record) => withValue(record, record.value.told!)),
      to(topics.cohortTrends),
    );
  },
);
