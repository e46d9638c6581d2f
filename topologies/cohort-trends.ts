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
  topics,
  type CohortId,
  type CohortItemKey,
  type CohortItemTrend,
  type CourseId,
  type ItemId,
  type LearnerId,
} from '../schemas/index.js';

/** Items that the record of a cohort names. */
const MOST_ITEMS = 300;

const used = schema.record({
  course: schema.branded<CourseId>(),
  cohort: schema.branded<CohortId>(),
  item: schema.branded<ItemId>(),
  events: schema.long,
  /** The learner had not used it before. */
  isNew: schema.boolean,
});
/** What a learner has used so far, and what in the hour of activity at hand. */
const doings = schema.record({ soFar: schema.array(schema.branded<CohortItemKey>()), now: schema.array(used) });
const sums = schema.record({ item: schema.branded<ItemId>(), events: schema.long, learnerDays: schema.long, newLearners: schema.long });
const partial = schema.record({ course: schema.branded<CourseId>(), items: schema.array(sums) });

type Used = Infer<typeof used>;
type Sums = Infer<typeof sums>;
type Doings = Infer<typeof doings>;

/** The use of an item by a learner in an hour. */
type LearnerUse = Used & { readonly learner: LearnerId };

function byCohort({ key: learner, value, timestamp }: StreamRecord<LearnerId, Doings>): StreamRecord<CohortId, LearnerUse[]>[] {
  const uses = value.now.map(({ course, cohort, item, events, isNew }) => ({ learner, course, cohort, item, events, isNew }));
  const cohorts = [...new Set(uses.map(({ cohort }) => cohort))];
  return cohorts.map((cohort) => ({ key: cohort, value: uses.filter((use) => use.cohort === cohort), timestamp }));
}

function withHour({ soFar }: Doings, items: readonly Omit<Used, 'isNew'>[]): Doings {
  const before = new Set(soFar);
  const now = items.map(({ course, cohort, item, events }) => ({ course, cohort, item, events, isNew: !before.has(cohortItemKey(cohort, item)) }));
  const added = now.flatMap(({ cohort, item, isNew }) => (isNew ? [cohortItemKey(cohort, item)] : []));
  return { soFar: added.length === 0 ? soFar : [...soFar, ...added], now };
}

type Windows = WindowSetResult<'d1' | 'd3' | 'd7', { readonly items: readonly GroupResult<Omit<Sums, 'item'>>[] }>['windows'];

/** The items of the last 7 days, the most used first, ties by name. */
function mostUsed({ d1, d3, d7 }: Windows): CohortItemTrend[] {
  const none = { events: 0, learnerDays: 0, newLearners: 0 };
  const [oneDay, threeDays] = [d1, d3].map((window) => new Map(window?.value.items.map(({ group, value }) => [group, value])));
  return d7!.value.items
    .map(({ group, value }) => ({ group, one: oneDay!.get(group) ?? none, three: threeDays!.get(group) ?? none, seven: value }))
    .sort((a, b) => b.seven.events - a.seven.events)
    .slice(0, MOST_ITEMS)
    .map(({ group, one, three, seven }) => ({
      item: group as ItemId,
      events1d: one.events,
      events3d: three.events,
      events7d: seven.events,
      learnerDays1d: one.learnerDays,
      learnerDays3d: three.learnerDays,
      learnerDays7d: seven.learnerDays,
      newLearners1d: one.newLearners,
      newLearners3d: three.newLearners,
      newLearners7d: seven.newLearners,
    }));
}

/**
 * The items that each cohort used most in the last 7 days up to each midnight (UTC), with their use over 1 d, 3 d and 7 d and how many learners
 * were new to them: all that a decision needs to know of a cohort, in one record. In two phases, as `item-trends`.
 */
export default topology(
  'cohort-trends',
  { version: 1, description: 'the items that each cohort uses most, over 1 d, 3 d and 7 d' },
  ({ source, region }) => {
    source(topics.learnerActivity).pipe(
      reduce('used-so-far', { state: doings, initial: { soFar: [], now: [] }, reduce: (before, { personal }) => withHour(before, personal.items) }),
      mergeMap(byCohort),
      tumbling(
        'learners-of-a-day',
        { sizeMs: days(1), late: 'dead-letter' },
        {
          course: last(([use]) => use!.course, schema.branded<CourseId>()),
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
      map((record) => {
        const { course, items } = record.value.value;
        const flat = items.map(({ group, value: { events, learnerDays, newLearners } }) => ({
          item: group as ItemId,
          events,
          learnerDays,
          newLearners,
        }));
        return withValue(record, { course: course!, items: flat });
      }),
      keyBy('by-cohort', { key: (_, record) => record.key, value: partial, partitions: topics.cohortTrends.partitions }),
      windowSet(
        'trend',
        { sizesMs: { d1: days(1), d3: days(3), d7: days(7) }, advanceMs: days(1), late: 'dead-letter' },
        {
          course: last(({ course }) => course, schema.branded<CourseId>()),
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
      map((record) => {
        const { endMs, windows } = record.value;
        const { course } = windows.d7!.value;
        return withValue(record, { cohort: record.key, course: course!, region, asOfMs: endMs, topologyVersion: 1, items: mostUsed(windows) });
      }),
      to(topics.cohortTrends),
    );
  },
);
