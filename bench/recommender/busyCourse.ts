/**
 * A course of 500 items and learners who used half of it: a decision has about all the candidates that it can have, 200. Where a bundle knows items, they
 * are among the 500, evenly, so that its retrieval has to work.
 */
import { days } from '../../operators/index.js';
import type { DecisionLookups, LearnerState } from '../../operators/recommend/index.js';
import {
  WHOLE_COURSE,
  cohortId,
  courseId,
  itemId,
  segmentKey,
  type CohortItemTrend,
  type CourseId,
  type CurriculumItem,
  type ItemId,
} from '../../schemas/index.js';
import { SeededRandom } from '../../scripts/synthetic/random.js';
import type { TrainedCourse } from './trainedCourses.js';

/** The event time of the decisions. */
export const AT_MS = Date.UTC(2025, 10, 3);
const ITEMS = 500;
/** So many items have a row in the trend of a cohort. */
const TRENDING = 300;
const USED = 250;
const SKILLS = 30;
const KINDS = ['page', 'quiz', 'forum', 'video', 'resource'] as const;
const COHORT = cohortId('BENCH-2025J');
const SEGMENT = 'school';

/** How the course and its items are called. */
export interface BusyCourse {
  readonly course: CourseId;
  /** By place. */
  readonly items: readonly ItemId[];
}

/** The course of a bundle, filled up with items that it does not know; `null` for one that is made up. */
export function busyCourse(trained: TrainedCourse | null): BusyCourse {
  const known = trained?.items.slice(0, ITEMS) ?? [];
  const before = (n: number): number => Math.floor((n * known.length) / ITEMS);
  const items = Array.from({ length: ITEMS }, (_, n) =>
    before(n + 1) > before(n) ? known[before(n)]! : itemId(`item-${String(n).padStart(4, '0')}`),
  );
  return { course: trained?.course ?? courseId('BENCH-2025J'), items };
}

const skillOf = (n: number): string => `skill-${n % SKILLS}`;

/** What the decisions look up: the same for all learners, as in a task. */
export function lookups({ course, items }: BusyCourse): DecisionLookups {
  const random = new SeededRandom(1);
  const made = { region: 'eu-west', topologyVersion: 2, asOfMs: AT_MS };
  const list = (segment: string, from: number) => ({
    ...{ course, segment, region: 'eu-west', madeAtMs: AT_MS, validUntilMs: AT_MS + days(8), modelVersion: 'bench', topologyVersion: 1 },
    items: Array.from({ length: 20 }, (_, rank) => ({ item: items[from + 7 * rank]!, score: 400 - 10 * rank, learnerDays: 400 - 10 * rank })),
  });
  const sizes = { activeLearnerDays1d: 300, activeLearnerDays3d: 900, activeLearnerDays7d: 2_000, activeLearnerDays14d: 4_000 };
  const trend = {
    ...{ ...made, ...sizes, cohort: COHORT, course, activeLearnerDays28d: 8_000, learners: 600, firstUsedAtMs: AT_MS - days(60) },
    items: Array.from({ length: TRENDING }, (_, n) => trendOf(items[n]!, random)),
  };
  const curriculum = { ...made, course, items: items.map((_, n) => placeOf(items, n)) };
  return {
    trends: new Map([[COHORT, trend]]),
    curricula: new Map([[course, curriculum]]),
    batch: new Map(),
    segments: new Map([WHOLE_COURSE, SEGMENT].map((segment, n) => [segmentKey(course, segment), list(segment, n)])),
  };
}

function trendOf(item: ItemId, random: SeededRandom): CohortItemTrend {
  const events1d = random.below(200);
  const counts = (size: number) => ({ events: events1d * size + random.below(50), learnerDays: 40 * size, newLearners: random.below(10 * size) });
  const [d1, d3, d7, d14, d28] = [1, 3, 7, 14, 28].map(counts) as [Counts, Counts, Counts, Counts, Counts];
  return {
    ...{ item, events1d, events3d: d3.events, events7d: d7.events, events14d: d14.events, events28d: d28.events },
    ...{ learnerDays1d: d1.learnerDays, learnerDays3d: d3.learnerDays, learnerDays7d: d7.learnerDays, learnerDays14d: d14.learnerDays },
    ...{ learnerDays28d: d28.learnerDays, newLearners1d: d1.newLearners, newLearners3d: d3.newLearners, newLearners7d: d7.newLearners },
    ...{ newLearners14d: d14.newLearners, newLearners28d: d28.newLearners, openers: 300 },
    ...{ firstUsedAtMs: AT_MS - days(60), spreadAtMs: AT_MS - days(50) },
  };
}

interface Counts {
  readonly events: number;
  readonly learnerDays: number;
  readonly newLearners: number;
}

/** Each fifth item is a quiz, and each third one needs the one before it. The last ones are new. */
function placeOf(items: readonly ItemId[], n: number): CurriculumItem {
  return {
    ...{ item: items[n]!, kind: KINDS[n % KINDS.length]!, title: `Item ${n}`, skills: [skillOf(n)], difficulty: (n % 10) / 10 },
    ...{ prerequisites: n % 3 === 2 ? [items[n - 1]!] : [], durationMinutes: 20, availableFromMs: null, availableUntilMs: null, withdrawn: false },
    ...{ addedAtMs: AT_MS - days(n < ITEMS - 56 ? 100 : (ITEMS - n) / 4), position: n, plannedFromMs: AT_MS + days(n / 7 - 40) },
    plannedUntilMs: AT_MS + days(n / 7 - 33),
  };
}

/** A learner of the course, by number. */
export function learnerOf(number: number, { course, items }: BusyCourse): LearnerState {
  const random = new SeededRandom(100 + number);
  const deadlines = Array.from({ length: 5 }, (_, n) => ({ item: items[400 + 9 * n]!, dueAtMs: AT_MS + days(2 + 3 * n) }));
  const taken = { course, cohort: COHORT, enrolledAtMs: AT_MS - days(60), deadlines };
  const used = new Set(Array.from({ length: 2 * USED }, () => random.below(ITEMS - 50)));
  const uses = [...used].slice(0, USED).map((n) => {
    const lastMs = AT_MS - days(random.below(40)) - 1;
    const days_ = 1 + random.below(6);
    return {
      ...{ item: items[n]!, firstMs: lastMs - days(random.below(20)), lastMs, days: days_, recentDays: 2 * random.below(2 ** 29) + 1 },
      ...{ events: days_ * 4, weight: days_ / 2, completed: random.chance(0.5) },
    };
  });
  return {
    context: { courses: [taken], segment: SEGMENT, hoursPerWeek: 6, consentProfiling: true },
    histories: [{ course, uses }],
    skills: Array.from({ length: SKILLS }, (_, n) => ({ skill: skillOf(n), mastery: random.unit(), answers: 12, lastAtMs: AT_MS - days(1) })),
    engagement: { asOfMs: AT_MS, events1d: 20, events7d: 120, events28d: 400 },
  };
}
