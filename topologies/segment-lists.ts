import { map, mergeMap } from 'rxjs';
import {
  days,
  distinctCount,
  groupedEach,
  hopping,
  joinAsOf,
  keyBy,
  max,
  merge,
  schema,
  sum,
  to,
  topicSchema,
  topology,
  tumbling,
  withValue,
  type Infer,
  type Sources,
  type StreamRecord,
  type Topology,
} from '../operators/index.js';
import { COHORT_FLOOR, leastLearnersOf } from '../operators/recommend/index.js';
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

const VERSION = 2;
const WINDOW_DAYS = 7;
const WINDOW = days(WINDOW_DAYS);
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

/** What an item has in a week. */
interface Week {
  readonly learnerDays: number;
  /** Learners of its busiest day. */
  readonly busiest: number | null;
}

/** The items that surely so many learners used, the most used first. */
function listOf(items: readonly { readonly group: string; readonly value: Week }[], leastLearners: number) {
  return (
    items
      .filter(({ value }) => leastLearnersOf(value.learnerDays, value.busiest ?? 0, WINDOW_DAYS) >= leastLearners)
      .map(({ group, value: { learnerDays } }) => ({ item: group as ItemId, score: learnerDays, learnerDays }))
      // Sorting is stable: ties stay in the order of items.
      .sort((a, b) => b.learnerDays - a.learnerDays)
      .slice(0, BEST)
  );
}

const learnerDaysOf = (items: readonly { readonly group: string; readonly value: { readonly learnerDays: number } }[]) => ({
  items: items.map(({ group, value }) => ({ item: group as ItemId, learnerDays: value.learnerDays })),
});

function declare({ source, versionedTable, region }: Sources, leastLearners: number): void {
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

  const daysOfTasks = merge('lists', ofAll, ofSegments).pipe(
    tumbling(
      'learners-of-a-day',
      { sizeMs: REFRESH, late: 'dead-letter' },
      {
        items: groupedEach(
          ({ learner, items }) => items.map((item) => ({ item, learner })),
          (touch: { readonly item: ItemId; readonly learner: LearnerId }) => touch.item,
          { learnerDays: distinctCount(({ learner }) => learner) },
        ),
      },
    ),
    map((record) => withValue(record, learnerDaysOf(record.value.value.items))),
  );
  const ofEach = groupedEach(
    ({ items }: Infer<typeof partial>) => items,
    (one: { readonly item: ItemId; readonly learnerDays: number }) => one.item,
    { learnerDays: sum((one) => one.learnerDays), busiest: max((one) => one.learnerDays) },
  );
  daysOfTasks
    .pipe(
      keyBy('by-list', { key: (_, record) => record.key, value: partial, partitions: topics.segmentRecommendations.partitions }),
      // How many learners an item has on a day is known when the tasks are added up.
      tumbling('day', { sizeMs: REFRESH, late: 'dead-letter' }, { items: ofEach }),
      map((record) => withValue(record, learnerDaysOf(record.value.value.items))),
      hopping('week', { sizeMs: WINDOW, advanceMs: REFRESH, late: 'dead-letter' }, { items: ofEach }),
    )
    .pipe(
      map((record) => {
        const { window, value } = record.value;
        const made = { madeAtMs: window.endMs, validUntilMs: window.endMs + VALID, modelVersion: RULE, topologyVersion: VERSION };
        return withValue(record, { ...splitSegmentKey(record.key), region, ...made, items: listOf(value.items, leastLearners) });
      }),
      to(topics.segmentRecommendations),
    );
}

const ABOUT = { version: VERSION, description: 'what each segment of a course, and the whole course, used most in the last 7 days' };

/** The lists with another floor than that of production. @param leastLearners - learners that an item of a list has at least */
export const segmentListsTopology = (leastLearners: number): Topology =>
  topology('segment-lists', ABOUT, (sources) => {
    declare(sources, leastLearners);
  });

/**
 * What each segment of each course used most in the last 7 days up to each midnight (UTC), by learner-days: what a newcomer of the segment
 * gets, and whoever nothing better is known of. Learners who did not agree to profiling count in the list of the whole course alone. An item that
 * may have had fewer than {@link COHORT_FLOOR} learners stands in no list.
 */
export default topology('segment-lists', ABOUT, (sources) => {
  declare(sources, COHORT_FLOOR);
});
