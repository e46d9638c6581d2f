import { map } from 'rxjs';
import {
  count,
  days,
  distinctCount,
  hours,
  keyBy,
  last,
  list,
  schema,
  sum,
  to,
  topology,
  tumbling,
  windowSet,
  withValue,
  type Infer,
  type StreamRecord,
  type WindowBounds,
  type WindowSetResult,
} from '../operators/index.js';
import {
  cohortItemKey,
  splitCohortItemKey,
  topics,
  type CohortId,
  type CohortItemKey,
  type CohortItemTrend,
  type CourseId,
  type ItemId,
  type ItemTrend,
} from '../schemas/index.js';

/** Items that the record of a cohort names. */
const MOST_ITEMS = 300;

const partial = schema.record({ course: schema.branded<CourseId>(), events: schema.long, clicks: schema.long, learnerDays: schema.long });

interface Trend {
  readonly course: CourseId | null;
  readonly events: number;
  readonly clicks: number;
  readonly learnerDays: number;
}

const named = (bounds: WindowBounds & { readonly value: Trend }) => ({
  windowStartMs: bounds.startMs,
  windowEndMs: bounds.endMs,
  events: bounds.value.events,
  clicks: bounds.value.clicks,
  learnerDays: bounds.value.learnerDays,
});

/** A midnight's trend of an item, as it travels to the task that owns the cohort. */
const shortTrend = schema.record({
  cohort: schema.branded<CohortId>(),
  course: schema.branded<CourseId>(),
  item: schema.branded<ItemId>(),
  events1d: schema.long,
  events3d: schema.long,
  events7d: schema.long,
  learnerDays1d: schema.long,
  learnerDays3d: schema.long,
  learnerDays7d: schema.long,
});

type ShortTrend = Infer<typeof shortTrend>;

function shortOf({ cohort, course, item, trend1d, trend3d, trend7d }: ItemTrend): ShortTrend {
  const none = { events: 0, learnerDays: 0 };
  const [d1, d3, d7] = [trend1d ?? none, trend3d ?? none, trend7d ?? none];
  const events = { events1d: d1.events, events3d: d3.events, events7d: d7.events };
  return { cohort, course, item, ...events, learnerDays1d: d1.learnerDays, learnerDays3d: d3.learnerDays, learnerDays7d: d7.learnerDays };
}

/** The most used first, ties by item. */
const mostUsed = (items: readonly ShortTrend[]): CohortItemTrend[] =>
  [...items]
    .sort((a, b) => b.events7d - a.events7d || (a.item < b.item ? -1 : 1))
    .slice(0, MOST_ITEMS)
    .map(({ cohort: _, course: __, ...item }) => item);

function trendOf(region: string, { key, value }: StreamRecord<CohortItemKey, WindowSetResult<'d1' | 'd3' | 'd7', Trend>>): ItemTrend {
  const { d1, d3, d7 } = value.windows;
  const { cohort, item } = splitCohortItemKey(key);
  return {
    cohort,
    item,
    course: d7!.value.course!,
    region,
    asOfMs: value.endMs,
    topologyVersion: 1,
    trend1d: d1 && named(d1),
    trend3d: d3 && named(d3),
    trend7d: d7 && named(d7),
  };
}

/**
 * How much each item is used in each cohort, over the last day, 3 and 7 days up to each midnight (UTC), in two phases:
 * every task sums its own learners by day, and only these partial sums travel to the task that owns the item. The items that
 * a cohort uses most come in one record as well, for those who need them all.
 */
export default topology('item-trends', { version: 1, description: 'use of each item by each cohort over 1 d, 3 d and 7 d' }, ({ source, region }) => {
  const partials = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs, latenessMs: hours(1) }).pipe(
    map(({ value, timestamp }) => ({ key: cohortItemKey(value.cohort, value.personal.item), value, timestamp })),
    tumbling(
      'learners-of-a-day',
      { sizeMs: days(1), late: 'dead-letter' },
      {
        course: last((click) => click.course, schema.branded<CourseId>()),
        events: count(),
        clicks: sum((click) => click.personal.clicks),
        learnerDays: distinctCount((click) => click.learner),
      },
    ),
    map((record) => {
      const { course, events, clicks, learnerDays } = record.value.value;
      return withValue(record, { course: course!, events, clicks, learnerDays });
    }),
  );

  const itemTrends = partials.pipe(
    keyBy('by-item', { key: (_, record) => record.key, value: partial }),
    windowSet(
      'trend',
      { sizesMs: { d1: days(1), d3: days(3), d7: days(7) }, advanceMs: days(1), late: 'dead-letter' },
      {
        course: last((part) => part.course, schema.branded<CourseId>()),
        events: sum((part) => part.events),
        clicks: sum((part) => part.clicks),
        learnerDays: sum((part) => part.learnerDays),
      },
    ),
    map((record) => withValue(record, trendOf(region, record))),
  );
  itemTrends.pipe(to(topics.itemTrends));

  itemTrends.pipe(
    map((record) => withValue(record, shortOf(record.value))),
    keyBy('by-cohort', { key: (item) => item.cohort, value: shortTrend, partitions: topics.cohortTrends.partitions }),
    tumbling(
      'cohort',
      { sizeMs: days(1), late: 'dead-letter' },
      { course: last((item) => item.course, schema.branded<CourseId>()), items: list((item) => item, shortTrend) },
    ),
    map((record) => {
      const { window, value } = record.value;
      const items = mostUsed(value.items);
      return withValue(record, { cohort: record.key, course: value.course!, region, asOfMs: window.endMs, topologyVersion: 1, items });
    }),
    to(topics.cohortTrends),
  );
});
