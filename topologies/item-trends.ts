import { map } from 'rxjs';
import {
  count,
  days,
  distinctCount,
  hours,
  keyBy,
  last,
  schema,
  sum,
  to,
  topology,
  tumbling,
  windowSet,
  withValue,
  type StreamRecord,
  type WindowBounds,
  type WindowSetResult,
} from '../operators/index.js';
import { cohortItemKey, splitCohortItemKey, topics, type CohortItemKey, type CourseId, type ItemTrend } from '../schemas/index.js';

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
 * every task sums its own learners by day, and only these partial sums travel to the task that owns the item.
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

  partials.pipe(
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
    to(topics.itemTrends),
  );
});
