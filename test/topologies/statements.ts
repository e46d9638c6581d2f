/** What the learning management system, profiles, quizzes and the catalogue say, as tests of topologies write it. */
import {
  cohortId,
  courseId,
  itemId,
  learnerId,
  type CatalogueItem,
  type LearnerProfile,
  type LmsEvent,
  type LmsEventKind,
  type Opened,
  type QuizResult,
} from '../../schemas/index.js';

const COURSE = 'AAA-2024J';

/** What a statement holds besides its learner, kind and time. */
export interface StatementParts {
  readonly course?: string;
  readonly cohort?: string;
  readonly item?: string | null;
  readonly dueAtMs?: number | null;
  readonly hoursPerWeek?: number;
  readonly eventId?: string;
}

/** A statement about a learner; of course `AAA-2024J` unless the parts say otherwise. */
export function statement(kind: LmsEventKind, learner: string, occurredAtMs: number, parts: StatementParts = {}): Opened<LmsEvent> {
  const { course = COURSE, cohort = course, item = null, dueAtMs = null, hoursPerWeek = null } = parts;
  return {
    eventId: parts.eventId ?? `${kind} ${learner} ${course} ${item} ${occurredAtMs}`,
    learner: learnerId(learner),
    course: courseId(course),
    cohort: cohortId(cohort),
    occurredAtMs,
    region: 'test',
    personal: { kind, item: item === null ? null : itemId(item), dueAtMs, hoursPerWeek },
  };
}

/** What a profile holds besides its learner and time. */
export interface ProfileParts {
  readonly segments?: Readonly<Record<string, string>>;
  readonly courses?: readonly string[];
  readonly cohort?: string | null;
  readonly consent?: boolean;
  readonly objects?: boolean | null;
  readonly restricted?: boolean | null;
}

/** A profile with consent, without courses or attributes unless the parts say otherwise. */
export function profile(learner: string, updatedAtMs: number, parts: ProfileParts = {}): Opened<LearnerProfile> {
  const { segments = {}, courses = [], cohort = null, consent = true, objects = null, restricted = null } = parts;
  return {
    learner: learnerId(learner),
    region: 'test',
    updatedAtMs,
    personal: {
      segments,
      courses: courses.map(courseId),
      cohort: cohort === null ? null : cohortId(cohort),
      consentProfiling: consent,
      consentAtMs: updatedAtMs,
      objectsToProfiling: objects,
      restricted,
    },
  };
}

/** What a quiz result holds besides its learner, outcome and time. */
export interface QuizParts {
  readonly item?: string;
  readonly skills?: readonly string[];
  readonly banked?: boolean;
  readonly eventId?: string;
}

/** A quiz on skill `algebra` unless the parts say otherwise. */
export function quiz(learner: string, occurredAtMs: number, correct: boolean, parts: QuizParts = {}): Opened<QuizResult> {
  const { item = 'quiz-1', skills = ['algebra'], banked = false } = parts;
  return {
    eventId: parts.eventId ?? `${learner} ${occurredAtMs} ${item}`,
    learner: learnerId(learner),
    course: courseId(COURSE),
    cohort: cohortId(COURSE),
    occurredAtMs,
    region: 'test',
    personal: { item: itemId(item), skills, score: correct ? 1 : 0, attempts: 1, correct, banked },
  };
}

/** An item of course `AAA-2024J` that can always be opened, unless the parts say otherwise. */
export function catalogueItem(
  item: string,
  updatedAtMs: number,
  parts: Partial<Omit<CatalogueItem, 'item' | 'course'>> & { readonly course?: string } = {},
): CatalogueItem {
  return {
    kind: 'page',
    title: `Page ${item}`,
    text: '',
    skills: [],
    prerequisites: [],
    difficulty: null,
    durationMinutes: null,
    availableFromMs: null,
    availableUntilMs: null,
    region: 'test',
    withdrawn: false,
    position: null,
    plannedFromMs: null,
    plannedUntilMs: null,
    ...parts,
    item: itemId(item),
    course: courseId(parts.course ?? COURSE),
    updatedAtMs,
  };
}
