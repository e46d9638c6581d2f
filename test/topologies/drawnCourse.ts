/** A small course, the one of a bundle of the tests, with what happens in it drawn event by event: for properties of the whole path. */
import fc from 'fast-check';
import { COHORT_FLOOR } from '../../operators/recommend/index.js';
import { cohortId, courseId, topics, type BatchFeatures, type CatalogueItem } from '../../schemas/index.js';
import { DAY_MS, HOUR_MS, at, click } from './clicks.js';
import { hardnessOf, paceOf } from './learning.js';
import { catalogueItem, profile, quiz, statement } from './statements.js';

/** The topics that events are of. */
export const SOURCES = [topics.clicks, topics.quizResults, topics.lmsEvents, topics.profiles, topics.catalogue, topics.batchFeatures] as const;

/** What happens, with the event time at which it is known. */
export interface Event {
  readonly topic: (typeof SOURCES)[number];
  readonly value: unknown;
  readonly atMs: number;
}

/** Days on which something happens. */
export const DAYS = 4;
/** Course and cohort: the bundle `RETRIEVAL` was trained on it. */
const COURSE = 'A';
/** More than the floor below which nothing is told of a cohort or an item; so are those of one segment. */
const DEGREE = ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay'];
const SCHOOL = ['gus', 'hal'];
const LEARNERS = [...DEGREE, ...SCHOOL];
/** Of the larger segment: enrolled, and uses nothing, so that the list of the segment is all they can get. */
const SILENT = 'ivy';

/** Comes in these days, and is not known to the bundle; all other items are. */
const LATE = 'a-late-0';
const ITEMS: Readonly<Record<string, Partial<CatalogueItem>>> = {
  'a-page-0': { plannedFromMs: at(1), plannedUntilMs: at(3) },
  'a-page-1': { prerequisites: ['a-page-0'].map((item) => catalogueItem(item, 0).item) },
  'a-page-2': {},
  'a-quiz-0': { kind: 'quiz', skills: ['algebra'], difficulty: 0.5 },
  'a-quiz-1': { kind: 'quiz', skills: ['algebra', 'sets'], difficulty: 0.9 },
  [LATE]: { title: 'Reading about topic 3' },
};
const itemIn = (item: string, atMs: number, parts: Partial<CatalogueItem> = {}): CatalogueItem =>
  catalogueItem(item, atMs, { ...ITEMS[item], ...parts, course: courseId(COURSE) });

/** Without the bias to the first and the last days: few runs would see next to nothing of those between. */
const instantFrom = (day: number): fc.Arbitrary<number> =>
  fc.noBias(fc.integer({ min: day * 24 * 4, max: DAYS * 24 * 4 - 1 })).map((quarters) => at(0, (quarters * HOUR_MS) / 4));
const instant = instantFrom(0);
const learner = fc.constantFrom(...LEARNERS);
const item = fc.constantFrom(...Object.keys(ITEMS));

const clickOn = (who: string, what: string, atMs: number, isDone: boolean): Event => ({
  topic: topics.clicks,
  value: click(who, atMs, { item: what, cohort: COURSE, action: isDone ? 'COMPLETE' : 'OPEN' }),
  atMs,
});
const clicked = fc.tuple(learner, item, instant, fc.boolean()).map((parts) => [clickOn(...parts)]);
/** Many use one item in one hour, so that cohort and segment have something to tell of it. */
const gathered = fc
  .tuple(fc.shuffledSubarray(LEARNERS, { minLength: COHORT_FLOOR }), item, instant, fc.boolean())
  .map(([all, what, atMs, isDone]) => all.map((who, n) => clickOn(who, what, atMs + n, isDone)));

const answer = (who: string, atMs: number, isRight: boolean): Event => {
  const result = quiz(who, atMs, isRight, { item: 'a-quiz-0', skills: ['algebra'] });
  return { topic: topics.quizResults, value: { ...result, course: courseId(COURSE), cohort: cohortId(COURSE) }, atMs };
};
const answered = fc.tuple(learner, instant, fc.boolean()).map((parts) => [answer(...parts)]);
const change = (what: string, atMs: number, withdrawn: boolean): Event => ({
  topic: topics.catalogue,
  value: itemIn(what, atMs, { withdrawn, skills: ['algebra'], difficulty: 0.2, title: `Title at ${atMs}` }),
  atMs,
});
const changed = fc.tuple(item, instant, fc.boolean()).map((parts) => [change(...parts)]);
const added = instant.map((atMs): Event[] => [{ topic: topics.catalogue, value: itemIn(LATE, atMs), atMs }]);
const deadline = (who: string, what: string, atMs: number): Event => {
  const parts = { course: COURSE, item: what, dueAtMs: atMs + 3 * DAY_MS };
  return { topic: topics.lmsEvents, value: statement('DEADLINE', who, atMs, parts), atMs };
};
const due = fc.tuple(learner, item, instant).map((parts) => [deadline(...parts)]);
const time = (who: string, atMs: number, hoursPerWeek: number): Event => ({
  topic: topics.lmsEvents,
  value: statement('AVAILABILITY', who, atMs, { course: COURSE, hoursPerWeek }),
  atMs,
});
const hasTime = fc.tuple(fc.constantFrom(...LEARNERS, SILENT), instant, fc.integer({ min: 1, max: 20 })).map((parts) => [time(...parts)]);

const row = (dayEndMs: number, atMs: number, value: number, isOfItems: boolean): Event => {
  const hardness = Object.fromEntries(Object.keys(ITEMS).map((one, n) => [one, [value / (n + 1), n % 2 === 0 ? null : value] as const]));
  const told = isOfItems ? hardnessOf(dayEndMs, hardness, atMs, COURSE) : withCompleted(paceOf(dayEndMs, 10 * value, atMs, COURSE), 5 * value);
  return { topic: topics.batchFeatures, value: told, atMs };
};
/** Rows of the daily batch: published at the end of their day, or some hours later; some days are published twice. */
const published = fc
  .tuple(fc.integer({ min: 0, max: DAYS - 1 }), fc.constantFrom(0, 3, 20), fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())
  .map(([day, hoursLater, value, isOfItems]) => [row(at(day), at(day, hoursLater * HOUR_MS), value, isOfItems)]);

/** How fast a cohort goes, with how much its learners complete. */
function withCompleted(pace: BatchFeatures, median: number): BatchFeatures {
  const rows = pace.rows.map(({ entity, values }) => ({ entity, values: [...values, median] }));
  return { ...pace, features: [...pace.features, 'completed_items_median_28d'], rows };
}

const enrolled = (who: string, education: string): Event[] => [
  { topic: topics.profiles, value: profile(who, at(-10), { segments: { education } }), atMs: at(-10) },
  { topic: topics.lmsEvents, value: statement('ENROLLED', who, at(-9), { course: COURSE }), atMs: at(-9) },
];

/** What stands before the first day: a catalogue of all but one item, and learners of two segments who agree to profiling and are enrolled. */
const before: readonly Event[] = [
  ...Object.keys(ITEMS)
    .filter((one) => one !== LATE)
    .map((one) => ({ topic: topics.catalogue, value: itemIn(one, at(-20)), atMs: at(-20) })),
  ...[...DEGREE, SILENT].flatMap((who) => enrolled(who, 'degree')),
  ...SCHOOL.flatMap((who) => enrolled(who, 'school')),
];

/** Instants that most decisions of a history can come before: something is known of the cohort from the first midnight on. */
const cut = instantFrom(1);

/** At an instant everybody is decided for; a millisecond later much happens that they must not have seen. */
const around = (cutMs: number, what: string): readonly Event[] => [
  ...[...LEARNERS, SILENT].map((who, n) => time(who, cutMs, 30 + n)),
  change(what, cutMs + 1, false),
  ...LEARNERS.flatMap((who) => [clickOn(who, what, cutMs + 1, true), answer(who, cutMs + 1, false), deadline(who, what, cutMs + 1)]),
  row(cutMs - (cutMs % DAY_MS), cutMs + 1, 0.77, true),
  row(cutMs - (cutMs % DAY_MS), cutMs + 1, 0.77, false),
];

/** All that happens in the course, in no order, and an instant in it. */
export interface History {
  readonly events: readonly Event[];
  readonly cutMs: number;
}

/** Without bias, as above. */
export const histories: fc.Arbitrary<History> = fc
  .noBias(
    fc.tuple(
      cut,
      item,
      fc.array(gathered, { minLength: 5, maxLength: 9 }),
      fc.array(clicked, { minLength: 6, maxLength: 12 }),
      fc.array(answered, { minLength: 4, maxLength: 8 }),
      fc.array(changed, { maxLength: 2 }),
      fc.array(added, { minLength: 1, maxLength: 1 }),
      fc.array(due, { minLength: 2, maxLength: 4 }),
      fc.array(hasTime, { minLength: 2, maxLength: 4 }),
      fc.array(published, { minLength: 4, maxLength: 8 }),
    ),
  )
  .map(([cutMs, what, ...drawn]) => ({ cutMs, events: [...before, ...drawn.flat(2), ...around(cutMs, what)] }));
