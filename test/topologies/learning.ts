/** What the topologies before it tell `recommendations`, as its tests write it. */
import {
  cohortId,
  courseId,
  itemId,
  learnerId,
  type BatchFeatures,
  type Curriculum,
  type CohortTrend,
  type LearnerActivity,
  type LearnerContext,
  type LearnerFeatures,
  type LearnerMastery,
  type Opened,
  type SegmentRecommendation,
} from '../../schemas/index.js';
import { place } from '../operators/recommend/worlds.js';
import { DAY_MS, HOUR_MS } from './clicks.js';
import { cohortTrend, itemTrend } from './trends.js';

const COURSE = 'AAA-2024J';
const BASE = { region: 'test', topologyVersion: 1 };

/** A value with the event time that its topology gives it. */
export type Told<V> = readonly [value: V, atMs: number];

/** What a learner used in the hour that starts at `hourStartMs`. */
export function hourOf(learner: string, hourStartMs: number, items: readonly string[], course = COURSE): Told<Opened<LearnerActivity>> {
  const use = { course: courseId(course), cohort: cohortId(course), events: 1, clicks: 1, dwellMs: 0, completed: false };
  const personal = { items: items.map((item) => ({ ...use, item: itemId(item) })) };
  return [{ ...BASE, learner: learnerId(learner), hourStartMs, personal }, hourStartMs + HOUR_MS - 1];
}

/** What holds of a learner beside courses. */
export interface ContextParts {
  readonly courses?: readonly string[];
  readonly segment?: string | null;
  readonly consent?: boolean;
}

/** A learner of course `AAA-2024J`, with consent and no segment unless the parts say otherwise. */
export function contextOf(learner: string, asOfMs: number, parts: ContextParts = {}): Told<Opened<LearnerContext>> {
  const { courses = [COURSE], segment = null, consent = true } = parts;
  const active = courses.map((course) => ({ course: courseId(course), cohort: cohortId(course), enrolledAtMs: asOfMs, deadlines: [] }));
  const personal = { courses: active, segment, hoursPerWeek: null, consentProfiling: consent };
  return [{ ...BASE, learner: learnerId(learner), asOfMs, personal }, asOfMs];
}

/** That a day is over for a learner; the windows that hold no event are empty. */
export function dayEndOf(learner: string, midnightMs: number): Told<Opened<LearnerFeatures>> {
  const last28d = { windowStartMs: midnightMs - 28 * DAY_MS, windowEndMs: midnightMs, events: 1, clicks: 1, dwellMs: 0, completions: 0 };
  const personal = { engagement1h: null, engagement1d: null, engagement7d: null, engagement28d: last28d };
  return [{ ...BASE, learner: learnerId(learner), asOfMs: midnightMs, personal }, midnightMs - 1];
}

/** What a learner masters. */
export function masteryOf(learner: string, asOfMs: number, skills: Readonly<Record<string, number>>): Told<Opened<LearnerMastery>> {
  const estimates = Object.entries(skills).map(([skill, mastery]) => ({ skill, mastery, answers: 3, lastAtMs: asOfMs }));
  return [{ ...BASE, learner: learnerId(learner), asOfMs, personal: { skills: estimates } }, asOfMs];
}

/** The trend of a cohort up to a midnight: the first item is used most. */
export function trendOf(midnightMs: number, items: readonly string[], course = COURSE): Told<CohortTrend> {
  const trends = items.map((item, place) => {
    const n = 100 - place;
    return itemTrend(item, { events1d: n, events3d: n, events7d: n, learnerDays1d: n, learnerDays3d: n, learnerDays7d: n, openers: 5 });
  });
  const cohort = { cohort: cohortId(course), course: courseId(course), learners: 5 };
  return [cohortTrend(trends, { ...cohort, asOfMs: midnightMs }), midnightMs - 1];
}

/** A course whose items can always be opened, but for the withdrawn ones. */
export function curriculumOf(asOfMs: number, items: readonly string[], withdrawn: readonly string[] = [], course = COURSE): Told<Curriculum> {
  const places = [...items].sort().map((item) => place(item, { addedAtMs: 0, withdrawn: withdrawn.includes(item) }));
  return [{ ...BASE, course: courseId(course), asOfMs, items: places }, asOfMs];
}

/** The list of a segment. */
export function listOf(segment: string, midnightMs: number, items: readonly string[], course = COURSE): Told<SegmentRecommendation> {
  const listed = items.map((item, place) => ({ item: itemId(item), score: 100 - place, learnerDays: 100 - place }));
  const made = { madeAtMs: midnightMs, validUntilMs: midnightMs + 8 * DAY_MS, modelVersion: 'test' };
  return [{ ...BASE, course: courseId(course), segment, ...made, items: listed }, midnightMs - 1];
}

/** What is published of the daily batch when a day ends, or later: how hard items are. */
export function hardnessOf(
  dayEndMs: number,
  items: Readonly<Record<string, readonly [difficulty: number | null, meanScore: number | null]>>,
  knownFromMs = dayEndMs,
  course = COURSE,
): BatchFeatures {
  const rows = Object.entries(items).map(([entity, values]) => ({ entity, values }));
  const features = ['difficulty', 'mean_score_28d'];
  return { view: 'item_difficulty', group: course, region: 'test', asOfMs: dayEndMs, knownFromMs, features, rows };
}

/** The same of a cohort: how fast it goes. The order of features is for whoever publishes to choose. */
export function paceOf(dayEndMs: number, events: number, knownFromMs = dayEndMs, cohort = COURSE): BatchFeatures {
  const features = ['active_days_per_learner_7d', 'events_per_learner_7d'];
  const rows = [{ entity: cohort, values: [events / 10, events] }];
  return { view: 'cohort_pace', group: cohort, region: 'test', asOfMs: dayEndMs, knownFromMs, features, rows };
}
