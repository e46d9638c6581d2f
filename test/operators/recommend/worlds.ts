/** Courses and learners for the tests of decisions: built by hand, or drawn. */
import fc from 'fast-check';
import type { DecisionLookups, DecisionOptions, LearnerState, Moment } from '../../../operators/recommend/index.js';
import { COHORT_FLOOR } from '../../../operators/recommend/cohortFloor.js';
import type { CourseView } from '../../../operators/recommend/courseView.js';
import { NO_POLICY, NO_RETRIEVAL, formulaModels, initialLearnerState } from '../../../operators/recommend/index.js';
import {
  cohortId,
  courseId,
  itemId,
  learnerId,
  segmentKey,
  type CohortItemTrend,
  type CurriculumItem,
  type ItemId,
  type SegmentRecommendation,
} from '../../../schemas/index.js';
import { cohortTrend, itemTrend } from '../../topologies/trends.js';

export const DAY_MS = 86_400_000;
export const AT = Date.UTC(2024, 10, 1);
export const COURSE = courseId('AAA-2024J');
export const COHORT = cohortId('AAA-2024J');
/** Of the cohort: enough to be told of. */
const LEARNERS = 40;

export type Trend = CohortItemTrend;
export type Use = LearnerState['histories'][number]['uses'][number];
export type Skill = LearnerState['skills'][number];
type ActiveCourse = NonNullable<LearnerState['context']>['courses'][number];

/** A learner in a course, with all that a decision can look at. */
export interface World {
  readonly trends: readonly Trend[];
  readonly places: readonly CurriculumItem[];
  readonly uses: readonly Use[];
  readonly skills: readonly Skill[];
  readonly deadlines: ActiveCourse['deadlines'];
  /** Events of the learner in the last 1, 7 and 28 days. */
  readonly busy: readonly [number, number, number];
}

export const EMPTY: World = { trends: [], places: [], uses: [], skills: [], deadlines: [], busy: [0, 0, 0] };
export const OPTIONS: DecisionOptions = {
  models: formulaModels,
  region: 'test',
  topologyVersion: 3,
  validForMs: 8 * DAY_MS,
  loggedShare: 1,
  policy: NO_POLICY,
};

/** An item of the curriculum that can always be opened, told of 100 days ago. */
export const place = (item: string, parts: Partial<CurriculumItem> = {}): CurriculumItem => ({
  item: itemId(item),
  kind: 'page',
  title: item,
  skills: [],
  prerequisites: [],
  difficulty: null,
  durationMinutes: null,
  availableFromMs: null,
  availableUntilMs: null,
  addedAtMs: AT - 100 * DAY_MS,
  withdrawn: false,
  position: null,
  plannedFromMs: null,
  plannedUntilMs: null,
  ...parts,
});

/** An item that the cohort uses `n` times as much as the least. */
export const trend = (item: string, n: number): Trend =>
  itemTrend(item, { events1d: n, events3d: 2 * n, events7d: 4 * n, learnerDays1d: n, learnerDays3d: n, learnerDays7d: 2 * n, openers: COHORT_FLOOR });

/** An item that the learner used on `days` days, the last of them so many days ago. */
export const use = (item: string, daysAgo: number, parts: Partial<Use> = {}): Use => ({
  item: itemId(item),
  lastMs: AT - daysAgo * DAY_MS - 1,
  firstMs: AT - daysAgo * DAY_MS - 1,
  days: 1,
  recentDays: 1,
  events: 1,
  weight: 1,
  completed: false,
  ...parts,
});

/** What a decision is made from. */
export interface Arguments {
  readonly moment: Moment;
  readonly lookups: DecisionLookups;
}

export interface LearnerParts {
  readonly consent?: boolean;
  readonly segment?: string | null;
  /** Lists of segments, by name: `all` is that of the whole course. */
  readonly segments?: Readonly<Record<string, readonly string[]>>;
  readonly learner?: string;
}

export function argumentsOf(world: World, { consent = true, segment = null, segments = {}, learner = 'ada' }: LearnerParts = {}): Arguments {
  const { trends, places, uses, skills, deadlines } = world;
  const [events1d, events7d, events28d] = world.busy;
  const made = { region: 'test', topologyVersion: 1, asOfMs: AT - DAY_MS };
  const course = { course: COURSE, cohort: COHORT, enrolledAtMs: AT - 50 * DAY_MS, deadlines };
  const state: LearnerState = {
    ...initialLearnerState,
    context: { courses: [course], segment, hoursPerWeek: null, consentProfiling: consent },
    histories: uses.length === 0 ? [] : [{ course: COURSE, uses: [...uses] }],
    skills: [...skills],
    engagement: { asOfMs: AT, events1d, events7d, events28d },
  };
  const lookups = {
    trends: new Map(trends.length === 0 ? [] : [[COHORT, cohortTrend(trends, { ...made, cohort: COHORT, course: COURSE, learners: LEARNERS })]]),
    curricula: new Map(places.length === 0 ? [] : [[COURSE, { ...made, course: COURSE, items: places }]]),
    batch: new Map(),
    segments: new Map(Object.entries(segments).map(([name, items]) => [segmentKey(COURSE, name), segmentList(name, items)])),
  };
  return { moment: { learner: learnerId(learner), state, atMs: AT }, lookups };
}

/** What candidates are made from; the first of the lists is that of the segment. */
export function viewOf(world: Partial<World>, parts: Partial<CourseView> = {}, lists: Readonly<Record<string, readonly string[]>> = {}): CourseView {
  const { moment, lookups } = argumentsOf({ ...EMPTY, ...world }, { segments: lists });
  const { context, histories, skills, engagement } = moment.state;
  return {
    course: context!.courses[0]!,
    uses: histories[0]?.uses ?? [],
    trend: [...lookups.trends.values()][0],
    curriculum: [...lookups.curricula.values()][0],
    skills,
    engagement: engagement!,
    hoursPerWeek: null,
    segment: [...lookups.segments.values()][0],
    retrieval: NO_RETRIEVAL,
    batch: { items: undefined, cohort: undefined },
    atMs: AT,
    ...parts,
  };
}

function segmentList(segment: string, items: readonly string[]): SegmentRecommendation {
  const listed = items.map((item, rank) => ({ item: itemId(item), score: 100 - rank, learnerDays: 100 - rank }));
  const made = { region: 'test', madeAtMs: AT, validUntilMs: AT + DAY_MS, modelVersion: 'test', topologyVersion: 1 };
  return { course: COURSE, segment, ...made, items: listed };
}

const ITEMS = Array.from({ length: 140 }, (_, n) => `item-${String(n).padStart(3, '0')}`);
const SKILLS = ['algebra', 'logic', 'prose'];
/** Few different counts, so that many items tie. */
const count = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(10, 500, 5000));
/** Days, with the borders at which something changes. */
const age = fc.oneof(fc.constantFrom(0, 1, 13.999, 14, 14.001, 60), fc.double({ min: 0, max: 30, noNaN: true }));
const mastery = fc.constantFrom(0, 0.2, 0.599, 0.6, 0.9, 0.95, 1);
const someItems = fc.subarray(ITEMS);
const itemOf = (names: readonly string[]): ItemId[] => names.map((name) => itemId(name));

const drawnTrend: fc.Arbitrary<Omit<Trend, 'item'>> = fc.record({
  events1d: count,
  events3d: count,
  events7d: count.map((n) => n + 1),
  learnerDays1d: count,
  learnerDays3d: count,
  learnerDays7d: count,
  newLearners1d: count,
  newLearners3d: count,
  newLearners7d: count,
  events14d: count,
  learnerDays14d: count,
  newLearners14d: count,
  events28d: count,
  learnerDays28d: count,
  newLearners28d: count,
  openers: count,
  firstUsedAtMs: fc.constantFrom(null, AT - 30 * DAY_MS),
  spreadAtMs: fc.constantFrom(null, AT - 20 * DAY_MS),
});

const drawnPlace: fc.Arbitrary<Partial<CurriculumItem>> = fc.record({
  kind: fc.constantFrom('quiz', 'page'),
  skills: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray(SKILLS) }),
  prerequisites: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray(ITEMS, { maxLength: 2 }).map(itemOf) }),
  availableFromMs: fc.constantFrom(null, null, null, AT - 1, AT, AT + 1),
  availableUntilMs: fc.constantFrom(null, null, null, AT, AT + 1),
  addedAtMs: age.map((days) => AT - Math.round(days * DAY_MS)),
  withdrawn: fc.constantFrom(false, false, false, false, true),
});

const drawnUse: fc.Arbitrary<Omit<Use, 'item'>> = fc
  .record({
    hoursAgo: fc.integer({ min: 0, max: 40 * 24 }),
    hoursBefore: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 * 24 })),
    recentDays: fc.integer({ min: 0, max: 2 ** 30 - 1 }).map((others) => 2 * others + 1),
    events: fc.integer({ min: 1, max: 100 }),
    days: fc.integer({ min: 1, max: 30 }),
    weight: fc.double({ min: 0.01, max: 20, noNaN: true }),
    completed: fc.boolean(),
  })
  .map(({ hoursAgo, hoursBefore, ...rest }) => {
    const lastMs = AT - hoursAgo * 3_600_000 - 1;
    return { ...rest, lastMs, firstMs: lastMs - hoursBefore * 3_600_000 };
  });

/** Draws something for each of some items; none is drawn twice. */
function forSome<T>(arbitrary: fc.Arbitrary<T>, from: fc.Arbitrary<string[]> = someItems): fc.Arbitrary<(T & { readonly item: ItemId })[]> {
  return from.chain((items) =>
    fc
      .array(arbitrary, { minLength: items.length, maxLength: items.length })
      .map((drawn) => drawn.map((one, n) => ({ ...one, item: itemId(items[n]!) }))),
  );
}

/** Courses of up to 140 items, all with something that lets some in and keeps others out. */
export const worlds: fc.Arbitrary<World> = fc.record({
  trends: forSome(drawnTrend),
  places: forSome(drawnPlace).map((drawn) => drawn.map(({ item, ...parts }) => place(item, parts))),
  uses: forSome(drawnUse, fc.subarray(ITEMS, { minLength: 1, maxLength: 40 })),
  skills: fc
    .subarray(SKILLS)
    .chain((skills) => fc.tuple(...skills.map((skill) => mastery.map((known) => ({ skill, mastery: known, answers: 1, lastAtMs: AT - 1 }))))),
  deadlines: fc.array(
    fc.record({ item: fc.constantFrom(...ITEMS).map((item) => itemId(item)), dueAtMs: age.map((days) => AT + Math.round((days - 5) * DAY_MS)) }),
    { maxLength: 4 },
  ),
  busy: fc.tuple(count, count, count),
});
