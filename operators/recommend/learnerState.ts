import {
  WHOLE_COURSE,
  batchFeaturesKey,
  segmentKey,
  type CohortId,
  type CourseId,
  type ItemId,
  type ItemUse,
  type LearnerActivity,
  type LearnerContext,
  type LearnerFeatures,
  type LearnerMastery,
  type Opened,
  type SegmentKey,
  type BatchFeaturesKey,
} from '../../schemas/index.js';
import { days } from '../duration.js';
import { SEEN_OF_COHORTS, SEEN_OF_ITEMS } from '../features/batchFeatures.js';
import { schema, type Infer } from '../schema.js';
import { dayOf, withDay } from './recentDays.js';

/** Items of a course whose use is kept: the ones used last. */
const MOST_ITEMS = 400;
/** After how many days a use weighs half. */
const HALF_LIFE_DAYS = 28;

/** Days (UTC) from the one of an instant to that of a later one; 0 where it is not later. */
export const daysBetween = (fromMs: number, toMs: number): number => Math.max(0, dayOf(toMs) - dayOf(fromMs));
/** What the weight of a use is after some days. */
export const decayed = (weight: number, elapsedDays: number): number => weight * (SHARES[elapsedDays] ?? 2 ** (-elapsedDays / HALF_LIFE_DAYS));
/** What is left after whole days, of which most are few. */
const SHARES = Array.from({ length: 400 }, (_, elapsedDays) => 2 ** (-elapsedDays / HALF_LIFE_DAYS));

const deadline = schema.record({ item: schema.branded<ItemId>(), dueAtMs: schema.long });
const activeCourse = schema.record({
  course: schema.branded<CourseId>(),
  cohort: schema.branded<CohortId>(),
  enrolledAtMs: schema.long,
  deadlines: schema.array(deadline),
});
const context = schema.record({
  courses: schema.array(activeCourse),
  segment: schema.nullable(schema.string),
  hoursPerWeek: schema.nullable(schema.double),
  consentProfiling: schema.boolean,
});
const use = schema.record({
  item: schema.branded<ItemId>(),
  firstMs: schema.long,
  lastMs: schema.long,
  days: schema.long,
  /** Which of the last days: see RecentDays. */
  recentDays: schema.long,
  events: schema.long,
  weight: schema.double,
  completed: schema.boolean,
});
const history = schema.record({ course: schema.branded<CourseId>(), uses: schema.array(use) });
const skill = schema.record({ skill: schema.string, mastery: schema.double, answers: schema.long, lastAtMs: schema.long });
const engagement = schema.record({ asOfMs: schema.long, events1d: schema.long, events7d: schema.long, events28d: schema.long });

/** Shape of {@link LearnerState}. */
export const learnerState = schema.record({
  context: schema.nullable(context),
  histories: schema.array(history),
  skills: schema.array(skill),
  engagement: schema.nullable(engagement),
});

/** What a decision knows of a learner. */
export type LearnerState = Infer<typeof learnerState>;
/** How a learner used an item. */
export type Use = Infer<typeof use>;
/** A course that a learner is enrolled in. */
export type ActiveCourse = Infer<typeof activeCourse>;
/** How busy a learner was in the days up to a midnight (UTC). */
export type Engagement = Omit<Infer<typeof engagement>, 'asOfMs'>;

/** Before anything is known of a learner. */
export const initialLearnerState: LearnerState = { context: null, histories: [], skills: [], engagement: null };

/** Without consent nothing is kept that tells what the learner did. Before the first context nothing is refused yet. */
const refusesProfiling = (state: LearnerState): boolean => state.context !== null && !state.context.consentProfiling;

/** The state after an hour of activity. */
export function withActivity(state: LearnerState, { personal, hourStartMs }: Opened<LearnerActivity>): LearnerState {
  if (refusesProfiling(state)) return state;
  const touched = [...new Set(personal.items.map(({ course }) => course))];
  const others = state.histories.filter(({ course }) => !touched.includes(course));
  const changed = touched.map((course) => {
    const before = state.histories.find((one) => one.course === course)?.uses ?? [];
    const items = personal.items.filter((one) => one.course === course);
    return { course, uses: withUses(before, items, hourStartMs) };
  });
  return { ...state, histories: [...others, ...changed] };
}

function withUses(before: readonly Use[], items: readonly ItemUse[], atMs: number): Use[] {
  const used = new Map(items.map((one) => [one.item, one]));
  const uses = before.map((one) => {
    const now = used.get(one.item);
    if (now === undefined) return one;
    used.delete(one.item);
    return usedAgain(one, now, atMs);
  });
  for (const { item, events, completed } of used.values())
    uses.push({ item, firstMs: atMs, lastMs: atMs, days: 1, recentDays: 1, events, weight: 1, completed });
  return uses.length <= MOST_ITEMS ? uses : uses.sort((a, b) => b.lastMs - a.lastMs).slice(0, MOST_ITEMS);
}

function usedAgain(before: Use, now: ItemUse, atMs: number): Use {
  const elapsed = daysBetween(before.lastMs, atMs);
  const isNewDay = elapsed > 0 ? 1 : 0;
  return {
    item: before.item,
    firstMs: Math.min(before.firstMs, atMs),
    lastMs: Math.max(before.lastMs, atMs),
    days: before.days + isNewDay,
    recentDays: withDay(before.recentDays, dayOf(atMs) - dayOf(before.lastMs)),
    events: before.events + now.events,
    weight: decayed(before.weight, elapsed) + isNewDay,
    completed: before.completed || now.completed,
  };
}

/** The state after a change of context. A learner who does not agree to profiling is forgotten but for it. */
export function withContext(state: LearnerState, { personal }: Opened<LearnerContext>): LearnerState {
  return personal.consentProfiling ? { ...state, context: personal } : { ...initialLearnerState, context: personal };
}

/** The state after a quiz. */
export function withMastery(state: LearnerState, { personal }: Opened<LearnerMastery>): LearnerState {
  return refusesProfiling(state) ? state : { ...state, skills: personal.skills };
}

/** The state after new windows of engagement. */
export function withFeatures(state: LearnerState, { asOfMs, personal }: Opened<LearnerFeatures>): LearnerState {
  if (refusesProfiling(state)) return state;
  const { engagement1d, engagement7d, engagement28d } = personal;
  const engagement = {
    asOfMs,
    events1d: engagement1d?.events ?? 0,
    events7d: engagement7d?.events ?? 0,
    events28d: engagement28d?.events ?? 0,
  };
  return { ...state, engagement };
}

const IDLE: Engagement = { events1d: 0, events7d: 0, events28d: 0 };

/** How busy a learner was up to the last midnight. Windows are told of at each midnight while they hold anything: later than a day, they are empty. */
export const engagementAt = ({ engagement }: LearnerState, atMs: number): Engagement =>
  engagement !== null && atMs < engagement.asOfMs + days(1) ? engagement : IDLE;

/** What a learner used in a course. */
export const usesIn = ({ histories }: LearnerState, course: CourseId): readonly Use[] => histories.find((one) => one.course === course)?.uses ?? [];

/** Under which keys a decision looks, by the table. */
export const lookupKeys = {
  trends: ({ context }: LearnerState): CohortId[] => (context?.courses ?? []).map(({ cohort }) => cohort),
  curricula: ({ context }: LearnerState): CourseId[] => (context?.courses ?? []).map(({ course }) => course),
  /** Lists of segments stand in where there is little history or none. */
  segments: ({ context }: LearnerState): SegmentKey[] => {
    const { courses, consentProfiling, segment } = context ?? { courses: [], consentProfiling: false, segment: null };
    const names = consentProfiling && segment !== null ? [segment, WHOLE_COURSE] : [WHOLE_COURSE];
    return courses.flatMap(({ course }) => names.map((name) => segmentKey(course, name)));
  },
  batch: ({ context }: LearnerState): BatchFeaturesKey[] =>
    (context?.courses ?? []).flatMap(({ course, cohort }) => [
      batchFeaturesKey(SEEN_OF_ITEMS.view.name, course),
      // Whoever wrote the profile may have named none.
      ...(cohort === '' ? [] : [batchFeaturesKey(SEEN_OF_COHORTS.view.name, cohort)]),
    ]),
};
