import { map } from 'rxjs';
import {
  days,
  debounce,
  dedupe,
  hours,
  inTimeOrder,
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
  WHOLE_COURSE,
  cohortId,
  topics,
  type ActiveCourse,
  type CohortId,
  type ContextDetails,
  type CourseId,
  type Deadline,
  type ItemId,
  type LmsEvent,
  type Opened,
} from '../schemas/index.js';

const LATENESS = hours(1);
/** The attribute of the profile by which learners of a course are put together. */
const SEGMENT_ATTRIBUTE = 'education';
/** How long after an event a second one of its identity is taken for a repeat. */
const REPEATS_WITHIN = days(7);

const statement = schema.record({ event: schema.nullable(topicSchema(topics.lmsEvents)), profile: schema.nullable(topicSchema(topics.profiles)) });

const enrolment = schema.record({ isActive: schema.boolean, cohort: schema.branded<CohortId>(), toldAtMs: schema.long });
const deadline = schema.record({ item: schema.branded<ItemId>(), dueAtMs: schema.nullable(schema.long), toldAtMs: schema.long });
const course = schema.record({ course: schema.branded<CourseId>(), enrolment: schema.nullable(enrolment), deadlines: schema.array(deadline) });
const knowledge = schema.record({
  asOfMs: schema.long,
  courses: schema.array(course),
  availability: schema.nullable(schema.record({ hoursPerWeek: schema.nullable(schema.double), toldAtMs: schema.long })),
  profile: schema.nullable(topicSchema(topics.profiles)),
});

type Statement = Infer<typeof statement>;
type Course = Infer<typeof course>;
type Knowledge = Infer<typeof knowledge>;

const NOTHING: Knowledge = { asOfMs: 0, courses: [], availability: null, profile: null };

/** Of two statements about one thing the one of the greater event time holds, whatever the order in which they come. */
const newer = <T extends { readonly toldAtMs: number }>(known: T | null | undefined, told: T): T =>
  known === null || known === undefined || known.toldAtMs <= told.toldAtMs ? told : known;

function withStatement(known: Knowledge, { event, profile }: Statement, atMs: number): Knowledge {
  const asOfMs = Math.max(known.asOfMs, atMs);
  if (event !== null) return { ...known, ...said(known, event), asOfMs };
  return { ...known, asOfMs, profile: known.profile !== null && known.profile.updatedAtMs > profile!.updatedAtMs ? known.profile : profile };
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
  const { segments = {}, consentProfiling = false } = known.profile?.personal ?? {};
  return {
    courses: activeCourses(known),
    segment: consentProfiling ? segmentOf(segments[SEGMENT_ATTRIBUTE]) : null,
    hoursPerWeek: known.availability?.hoursPerWeek ?? null,
    consentProfiling,
  };
}

/**
 * What holds of each learner beside events: active courses with their deadlines, segment, availability, consent. It holds from the event
 * time of the statement that changed it; several statements of one instant make one record.
 */
export default topology(
  'learner-contexts',
  { version: 1, description: 'active courses, segment, availability and consent of each learner' },
  ({ source, region }) => {
    const events = source(topics.lmsEvents, { eventTimeMs: (event) => event.occurredAtMs, latenessMs: LATENESS }).pipe(
      dedupe('once', { by: (event) => event.eventId, withinMs: REPEATS_WITHIN }),
      map((record) => withValue(record, { event: complete(record.value), profile: null })),
    );
    const profiles = source(topics.profiles, { eventTimeMs: (profile) => profile.updatedAtMs, latenessMs: LATENESS }).pipe(
      map((record) => withValue(record, { event: null, profile: record.value })),
    );
    merge('statements', events, profiles).pipe(
      inTimeOrder('in-order', { value: statement }),
      reduce('knowledge', { state: knowledge, initial: NOTHING, reduce: withStatement }),
      map(({ key, value }) => ({
        key,
        timestamp: value.asOfMs,
        value: { learner: key, region, asOfMs: value.asOfMs, topologyVersion: 1, personal: details(value) },
      })),
      debounce('instant', { intervalMs: 1, value: topicSchema(topics.learnerContexts) }),
      to(topics.learnerContexts),
    );
  },
);
