import { filter, map } from 'rxjs';
import {
  days,
  debounce,
  dedupe,
  hours,
  inTimeOrder,
  lookupAll,
  merge,
  reduce,
  schema,
  to,
  topicSchema,
  topology,
  withValue,
  type Infer,
} from '../operators/index.js';
import {
  earlyBehaviourOf,
  firstWeek,
  formulaModels,
  isProfiled,
  isRestricted,
  kindsIn,
  newerProfile,
  withHour,
  type Models,
} from '../operators/recommend/index.js';
import {
  WHOLE_COURSE,
  cohortId,
  topics,
  type ActiveCourse,
  type CohortId,
  type ContextDetails,
  type CourseId,
  type Curriculum,
  type Deadline,
  type ItemId,
  type LearnerActivity,
  type LmsEvent,
  type Opened,
} from '../schemas/index.js';

const VERSION = 2;
const LATENESS = hours(1);
/** The attribute of the profile by which learners of a course are put together where no model has learnt how. */
const SEGMENT_ATTRIBUTE = 'education';
/** How long after an event a second one of its identity is taken for a repeat. */
const REPEATS_WITHIN = days(7);

/** What is told of a learner: one of the three. */
const statement = schema.record({
  event: schema.nullable(topicSchema(topics.lmsEvents)),
  profile: schema.nullable(topicSchema(topics.profiles)),
  hour: schema.nullable(topicSchema(topics.learnerActivity)),
});

const enrolment = schema.record({ isActive: schema.boolean, cohort: schema.branded<CohortId>(), toldAtMs: schema.long });
const deadline = schema.record({ item: schema.branded<ItemId>(), dueAtMs: schema.nullable(schema.long), toldAtMs: schema.long });
const course = schema.record({ course: schema.branded<CourseId>(), enrolment: schema.nullable(enrolment), deadlines: schema.array(deadline) });
const knowledge = schema.record({
  asOfMs: schema.long,
  courses: schema.array(course),
  availability: schema.nullable(schema.record({ hoursPerWeek: schema.nullable(schema.double), toldAtMs: schema.long })),
  profile: schema.nullable(topicSchema(topics.profiles)),
  /** Kept for those alone who agree to profiling. */
  firstWeek: schema.nullable(firstWeek),
  segment: schema.nullable(schema.string),
  /** Whether the last statement makes a record: hours do where they change the segment. */
  isTold: schema.boolean,
});

type Statement = Infer<typeof statement>;
type Course = Infer<typeof course>;
type Knowledge = Infer<typeof knowledge>;

const NOTHING: Knowledge = { asOfMs: 0, courses: [], availability: null, profile: null, firstWeek: null, segment: null, isTold: false };

/** Of two statements about one thing the one of the greater event time holds, whatever the order in which they come. */
const newer = <T extends { readonly toldAtMs: number }>(known: T | null | undefined, told: T): T =>
  known === null || known === undefined || known.toldAtMs <= told.toldAtMs ? told : known;

/** A statement with the kinds of the items that it speaks of. */
interface Explained {
  readonly statement: Statement;
  readonly kindOf: (item: ItemId) => string | undefined;
}

function withStatement(known: Knowledge, { statement, kindOf }: Explained, atMs: number, models: Models): Knowledge {
  const { event, profile, hour } = statement;
  if (hour !== null) return withBehaviour(known, hour, kindOf, atMs, models);
  const asOfMs = Math.max(known.asOfMs, atMs);
  if (event !== null) return assigned({ ...known, ...said(known, event), asOfMs, isTold: true }, models);
  return assigned({ ...known, asOfMs, profile: newerProfile(known.profile, profile!), isTold: true }, models);
}

/** An hour of activity counts from its end on. Of those who do not agree to profiling nothing is kept. */
function withBehaviour(known: Knowledge, hour: Opened<LearnerActivity>, kindOf: Explained['kindOf'], atMs: number, models: Models): Knowledge {
  if (!isProfiled(known.profile)) return known.isTold ? { ...known, isTold: false } : known;
  const after = assigned({ ...known, firstWeek: withHour(known.firstWeek, hour, kindOf) }, models, atMs + 1);
  return after.segment === known.segment ? { ...after, isTold: false } : { ...after, asOfMs: Math.max(known.asOfMs, atMs + 1), isTold: true };
}

/** With the segment that the model of the time gives to what is known. */
function assigned(known: Knowledge, models: Models, atMs = known.asOfMs): Knowledge {
  if (!isProfiled(known.profile)) return { ...known, firstWeek: null, segment: null };
  const { segments } = known.profile!.personal;
  const learnt = models.at(atMs).segments;
  const early = known.firstWeek === null ? null : earlyBehaviourOf(known.firstWeek);
  return { ...known, segment: learnt === null ? segmentOf(segments[SEGMENT_ATTRIBUTE]) : learnt.of(segments, early) };
}

function complete(event: Opened<LmsEvent>): Opened<LmsEvent> {
  if (event.personal.kind === 'DEADLINE' && event.personal.item === null) throw new RangeError('a DEADLINE names no item');
  return event;
}

function said(known: Knowledge, { course, cohort, occurredAtMs: toldAtMs, personal }: Opened<LmsEvent>): Partial<Knowledge> {
  const { kind, item, dueAtMs, hoursPerWeek } = personal;
  if (kind === 'AVAILABILITY') return { availability: newer(known.availability, { hoursPerWeek, toldAtMs }) };
  const before = known.courses.find((one) => one.course === course) ?? { course, enrolment: null, deadlines: [] };
  const after =
    kind === 'DEADLINE'
      ? { ...before, deadlines: withDeadline(before.deadlines, item!, dueAtMs, toldAtMs) }
      : { ...before, enrolment: newer(before.enrolment, { isActive: kind === 'ENROLLED', cohort, toldAtMs }) };
  return { courses: [...known.courses.filter((one) => one !== before), after] };
}

function withDeadline(known: Course['deadlines'], item: ItemId, dueAtMs: number | null, toldAtMs: number): Course['deadlines'] {
  const before = known.find((one) => one.item === item);
  const others = known.filter((one) => one !== before && (one.dueAtMs === null || one.dueAtMs > toldAtMs));
  return [...others, newer(before, { item, dueAtMs, toldAtMs })];
}

/** Courses of the profile count where the learning management system said nothing: some installations have no other source. */
function activeCourses({ courses, profile, asOfMs }: Knowledge): ActiveCourse[] {
  const told = courses.flatMap(({ course, enrolment, deadlines }) =>
    enrolment?.isActive ? [{ course, cohort: enrolment.cohort, enrolledAtMs: enrolment.toldAtMs, deadlines: dueAfter(asOfMs, deadlines) }] : [],
  );
  const untold = (profile?.personal.courses ?? []).flatMap((course) => {
    const known = courses.find((one) => one.course === course);
    if (known?.enrolment) return [];
    const cohort = profile!.personal.cohort ?? cohortId(course);
    return [{ course, cohort, enrolledAtMs: profile!.updatedAtMs, deadlines: dueAfter(asOfMs, known?.deadlines ?? []) }];
  });
  return [...told, ...untold].sort((a, b) => (a.course < b.course ? -1 : 1));
}

const dueAfter = (nowMs: number, deadlines: Course['deadlines']): Deadline[] =>
  deadlines
    .flatMap(({ item, dueAtMs }) => (dueAtMs !== null && dueAtMs > nowMs ? [{ item, dueAtMs }] : []))
    .sort((a, b) => a.dueAtMs - b.dueAtMs || (a.item < b.item ? -1 : 1));

/** `A Level or Equivalent` is `a-level-or-equivalent`: fit for keys and addresses. */
function segmentOf(attribute: string | undefined): string | null {
  const slug = (attribute ?? '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
  return slug === '' || slug === WHOLE_COURSE ? null : slug;
}

function details(known: Knowledge): ContextDetails {
  return {
    courses: isRestricted(known.profile) ? [] : activeCourses(known),
    segment: known.segment,
    hoursPerWeek: isRestricted(known.profile) ? null : (known.availability?.hoursPerWeek ?? null),
    consentProfiling: isProfiled(known.profile),
  };
}

const coursesOf = ({ hour }: Statement): CourseId[] => (hour?.personal.items ?? []).map(({ course }) => course);

function kindsOf(curricula: ReadonlyMap<CourseId, Curriculum>): Explained['kindOf'] {
  const kinds = [...curricula.values()].map(kindsIn);
  return (item) => kinds.find((one) => one.has(item))?.get(item);
}

/**
 * What holds of each learner beside events: active courses with their deadlines, segment, availability, consent. It holds from the event
 * time of the statement that changed it; several statements of one instant make one record.
 *
 * The segment is the one that the model of the time has for the profile and for what the learner did in their first week, from the first hour
 * on; without a model it is the education that the profile names. There is none without consent.
 *
 * A learner who objects counts as one who does not agree. One whose data are restricted has no active course either: nothing is decided for them.
 */
export default topology(
  'learner-contexts',
  { version: VERSION, description: 'active courses, segment, availability and consent of each learner' },
  ({ source, globalVersionedTable, region, models }) => {
    const curricula = globalVersionedTable(topics.curricula);
    const events = source(topics.lmsEvents, { eventTimeMs: (event) => event.occurredAtMs, latenessMs: LATENESS }).pipe(
      dedupe('once', { by: (event) => event.eventId, withinMs: REPEATS_WITHIN }),
      map((record) => withValue(record, { event: complete(record.value), profile: null, hour: null })),
    );
    const profiles = source(topics.profiles, { eventTimeMs: (profile) => profile.updatedAtMs, latenessMs: LATENESS }).pipe(
      map((record) => withValue(record, { event: null, profile: record.value, hour: null })),
    );
    const hoursOfActivity = source(topics.learnerActivity).pipe(
      map((record) => withValue(record, { event: null, profile: null, hour: record.value })),
    );
    merge('statements', events, profiles, hoursOfActivity).pipe(
      inTimeOrder('in-order', { value: statement }),
      lookupAll('kinds', { curricula }, { value: statement, keys: { curricula: coursesOf } }, (told, rows) => ({
        statement: told,
        kindOf: kindsOf(rows.curricula),
      })),
      reduce('knowledge', {
        state: knowledge,
        initial: NOTHING,
        reduce: (known, told, atMs) => withStatement(known, told, atMs, models ?? formulaModels),
      }),
      filter(({ value }) => value.isTold),
      map(({ key, value }) => ({
        key,
        timestamp: value.asOfMs,
        value: { learner: key, region, asOfMs: value.asOfMs, topologyVersion: VERSION, personal: details(value) },
      })),
      debounce('instant', { intervalMs: 1, value: topicSchema(topics.learnerContexts) }),
      to(topics.learnerContexts),
    );
  },
);
