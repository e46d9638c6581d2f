import { map, mergeMap } from 'rxjs';
import {
  days,
  distinctCount,
  groupedEach,
  hopping,
  joinAsOf,
  keyBy,
  merge,
  schema,
  sum,
  to,
  topicSchema,
  topology,
  tumbling,
  withValue,
  type StreamRecord,
} from '../operators/index.js';
import {
  WHOLE_COURSE,
  segmentKey,
  splitSegmentKey,
  topics,
  type ItemId,
  type LearnerActivity,
  type LearnerId,
  type Opened,
  type SegmentKey,
} from '../schemas/index.js';

const WINDOW = days(7);
const REFRESH = days(1);
const BEST = 20;
/** A list outlives its window by a day, so that one that is refreshed is never stale. */
const VALID = WINDOW + REFRESH;
const RULE = 'segment-popularity-1';

/** What a learner touched, under one list that counts it. */
interface Touched {
  readonly learner: LearnerId;
  readonly items: readonly ItemId[];
}

const partial = schema.record({ items: schema.array(schema.record({ item: schema.branded<ItemId>(), learnerDays: schema.long })) });

/** One record for each course of the hour, under the key of its list. */
function touchedIn(
  { key: learner, value, timestamp }: StreamRecord<LearnerId, Opened<LearnerActivity>>,
  segment: string,
): StreamRecord<SegmentKey, Touched>[] {
  const { items } = value.personal;
  const courses = [...new Set(items.map(({ course }) => course))];
  return courses.map((course) => {
    const ofCourse = items.filter((one) => one.course === course).map(({ item }) => item);
    return { key: segmentKey(course, segment), value: { learner, items: ofCourse }, timestamp };
  });
}

/**
 * What each segment of each course used most in the last 7 days up to each midnight (UTC), by learner-days: what a newcomer of the segment
 * gets, and whoever nothing better is known of. Learners who did not agree to profiling count in the list of the whole course alone.
 */
export default topology(
  'segment-lists',
  { version: 1, description: 'what each segment of a course, and the whole course, used most in the last 7 days' },
  ({ source, versionedTable, region }) => {
    const activity = source(topics.learnerActivity);
    const contexts = versionedTable(topics.learnerContexts);

    const ofAll = activity.pipe(mergeMap((record) => touchedIn(record, WHOLE_COURSE)));
    const ofSegments = activity.pipe(
      joinAsOf('segment-then', contexts, { value: topicSchema(topics.learnerActivity), miss: 'discard' }, (doings, { personal }) => ({
        doings,
        segment: personal.segment,
      })),
      mergeMap((record) => {
        const { doings, segment } = record.value;
        return segment === null ? [] : touchedIn(withValue(record, doings), segment);
      }),
    );

    merge('lists', ofAll, ofSegments).pipe(
      tumbling(
        'learners-of-a-day',
        { sizeMs: REFRESH, late: 'dead-letter' },
        {
          items: groupedEach(
            ({ learner, items }) => items.map((item) => ({ item, learner })),
            (touch: { readonly item: ItemId; readonly learner: LearnerId }) => touch.item,
            { learners: distinctCount(({ learner }) => learner) },
          ),
        },
      ),
      map((record) =>
        withValue(record, { items: record.value.value.items.map(({ group, value }) => ({ item: group as ItemId, learnerDays: value.learners })) }),
      ),
      keyBy('by-list', { key: (_, record) => record.key, value: partial, partitions: topics.segmentRecommendations.partitions }),
      hopping(
        'week',
        { sizeMs: WINDOW, advanceMs: REFRESH, late: 'dead-letter' },
        {
          items: groupedEach(
            ({ items }) => items,
            (one: { readonly item: ItemId; readonly learnerDays: number }) => one.item,
            { learnerDays: sum((one) => one.learnerDays) },
          ),
        },
      ),
      map((record) => {
        const { window, value } = record.value;
        const items = value.items
          .map(({ group, value: { learnerDays } }) => ({ item: group as ItemId, score: learnerDays, learnerDays }))
          // Sorting is stable: ties stay in the order of items.
          .sort((a, b) => b.learnerDays - a.learnerDays)
          .slice(0, BEST);
        return withValue(record, {
          ...splitSegmentKey(record.key),
          region,
          madeAtMs: window.endMs,
          validUntilMs: window.endMs + VALID,
          modelVersion: RULE,
          topologyVersion: 1,
          items,
        });
      }),
      to(topics.segmentRecommendations),
    );
  },
);
