/** What the learning management system and the profiles say: who enrols, leaves, changes hours or mind. */
import type { LearnerProfile, LmsDetails, LmsEvent, Opened } from '../../schemas/index.js';
import { DAY_MS, WEEK_MS, type Calendar } from './calendar.js';
import { EDUCATION, SLOTS, type Learners } from './learners.js';
import type { SchoolOptions } from './options.js';
import type { Presentation } from './presentation.js';
import type { Presentations } from './presentations.js';

/** Earlier than anybody who is enrolled when the school opens. */
const BEFORE_MS = 5 * WEEK_MS;
const KINDS = ['ENROLS', 'CHANGES_HOURS', 'CHANGES_CONSENT', 'LEAVES'] as const;
type Kind = (typeof KINDS)[number];
/** Learners (24 bits), slot, kind and round: 28 bits; what is left of 53 holds the seconds of a year. */
const CODES = 2 ** 28;

/** Statements of a time. */
export interface Statements {
  readonly lmsEvents: Opened<LmsEvent>[];
  readonly profiles: Opened<LearnerProfile>[];
}

/** A statement to be made. */
export interface Due {
  readonly kind: Kind;
  readonly learner: number;
  readonly slot: number;
  readonly round: number;
  /** Unit: ms since epoch (UTC). */
  readonly timeMs: number;
}

/**
 * The statements of a day, in ascending time: each is one number of 8 bytes until it is made. Finding them asks every learner once a day,
 * about a second for each million.
 */
export class StatementPlan {
  private readonly codes: Float64Array;
  private at = 0;

  private constructor(
    codes: readonly number[] | Float64Array,
    private readonly fromMs: number,
    private readonly firstRounds: readonly number[],
    private readonly learners: Learners,
  ) {
    this.codes = Float64Array.from(codes).sort();
  }

  /** What was said before the school opens, of those who are enrolled then. */
  static opening(options: SchoolOptions, calendar: Calendar, learners: Learners): StatementPlan {
    return StatementPlan.of(options, calendar, learners, { fromMs: options.startMs - BEFORE_MS, untilMs: options.startMs, aliveMs: options.startMs });
  }

  /** What is said on the day that begins at `fromMs`. */
  static ofDay(options: SchoolOptions, calendar: Calendar, learners: Learners, fromMs: number): StatementPlan {
    return StatementPlan.of(options, calendar, learners, { fromMs, untilMs: fromMs + DAY_MS, aliveMs: fromMs });
  }

  private static of(options: SchoolOptions, calendar: Calendar, learners: Learners, span: Span): StatementPlan {
    const firstRounds = Array.from({ length: options.courses }, (_, course) => calendar.roundAt(course, span.aliveMs));
    const codes = new Codes(span);
    for (let learner = 0; learner < options.learners; learner++) {
      for (let slot = 0; slot < SLOTS; slot++) {
        const course = learners.courseOf(learner, slot);
        if (course < 0) continue;
        for (let next = 0; next < 2; next++) addEnrolment(codes, learners, { learner, slot, round: firstRounds[course]! + next }, next);
      }
    }
    return new StatementPlan(codes.all(), span.fromMs, firstRounds, learners);
  }

  /** The next statement before `untilMs`; `null` when there is none. */
  take(untilMs: number): Due | null {
    const coded = this.codes[this.at];
    if (coded === undefined) return null;
    const timeMs = this.fromMs + Math.floor(coded / CODES) * 1_000;
    if (timeMs >= untilMs) return null;
    this.at++;
    const code = coded % CODES;
    const slot = Math.floor(code / 8) % SLOTS;
    const learner = Math.floor(code / (8 * SLOTS));
    const round = this.firstRounds[this.learners.courseOf(learner, slot)]! + (code % 2);
    return { kind: KINDS[Math.floor(code / 2) % KINDS.length]!, learner, slot, round, timeMs };
  }
}

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Enrolments that ended before are left out. */
  readonly aliveMs: number;
}

type Enrolment = Pick<Due, 'learner' | 'slot' | 'round'>;

/** Numbers that grow without objects. */
class Codes {
  private values = new Float64Array(1_024);
  private count = 0;

  constructor(readonly span: Span) {}

  add(kind: Kind, timeMs: number, { learner, slot }: Enrolment, next: number): void {
    const { fromMs, untilMs } = this.span;
    if (timeMs < fromMs || timeMs >= untilMs) return;
    if (this.count === this.values.length) this.grow();
    const code = ((learner * SLOTS + slot) * KINDS.length + KINDS.indexOf(kind)) * 2 + next;
    this.values[this.count++] = ((timeMs - fromMs) / 1_000) * CODES + code;
  }

  all(): Float64Array {
    return this.values.subarray(0, this.count);
  }

  private grow(): void {
    const grown = new Float64Array(this.values.length * 2);
    grown.set(this.values);
    this.values = grown;
  }
}

function addEnrolment(codes: Codes, learners: Learners, enrolment: Enrolment, next: number): void {
  const { learner, slot, round } = enrolment;
  const { untilMs, aliveMs } = codes.span;
  const enrolledMs = learners.enrolsMs(learner, slot, round);
  if (enrolledMs >= untilMs) return;
  const endsMs = learners.endsMs(learner, slot, round, enrolledMs);
  if (endsMs < aliveMs) return;
  codes.add('ENROLS', enrolledMs, enrolment, next);
  codes.add('CHANGES_HOURS', learners.hoursChangeMs(learner, slot, round, enrolledMs), enrolment, next);
  const consentMs = learners.consentChangesMs(learner);
  if (slot === 0 && enrolledMs < consentMs && consentMs < endsMs) codes.add('CHANGES_CONSENT', consentMs, enrolment, next);
  codes.add('LEAVES', endsMs, enrolment, next);
}

/** Makes the records of statements. */
export class StatementWriter {
  constructor(
    private readonly options: SchoolOptions,
    private readonly calendar: Calendar,
    private readonly learners: Learners,
    private readonly presentations: Presentations,
  ) {}

  /** Adds what a statement says. */
  write(due: Due, into: Statements): void {
    const { kind, learner, slot } = due;
    switch (kind) {
      case 'ENROLS':
        this.enrol(due, into);
        return;
      case 'CHANGES_HOURS':
        into.lmsEvents.push(this.event(due, 'hours-changed', { kind: 'AVAILABILITY', hoursPerWeek: this.learners.newHoursOf(learner, slot) }));
        return;
      case 'CHANGES_CONSENT':
        into.profiles.push(this.profile(due));
        return;
      case 'LEAVES':
        into.lmsEvents.push(this.event(due, 'unenrolled', { kind: 'UNENROLLED' }));
    }
  }

  private enrol(due: Due, { lmsEvents, profiles }: Statements): void {
    const presentation = this.presentationOf(due);
    profiles.push(this.profile(due));
    lmsEvents.push(this.event(due, 'enrolled', { kind: 'ENROLLED' }));
    for (let unit = 0; unit < presentation.layout.units; unit++) {
      const dueAtMs = presentation.unitDueMs(unit);
      if (dueAtMs <= due.timeMs) continue;
      const item = presentation.ids[presentation.layout.quizOf(unit)]!;
      lmsEvents.push(this.event(due, `deadline-${unit + 1}`, { kind: 'DEADLINE', item, dueAtMs }));
    }
    const hoursPerWeek = this.learners.hoursOf(due.learner, due.slot);
    if (hoursPerWeek !== null) lmsEvents.push(this.event(due, 'hours', { kind: 'AVAILABILITY', hoursPerWeek }));
  }

  private event(due: Due, what: string, said: Pick<LmsDetails, 'kind'> & Partial<LmsDetails>): Opened<LmsEvent> {
    const { seed, region } = this.options;
    const presentation = this.presentationOf(due);
    return {
      eventId: `school-${seed}-${what}-${due.learner + 1}-${presentation.course}`,
      learner: this.learners.idOf(due.learner),
      course: presentation.course,
      cohort: this.cohortOf(due, presentation),
      occurredAtMs: due.timeMs,
      region,
      personal: { item: null, dueAtMs: null, hoursPerWeek: null, ...said },
    };
  }

  private profile(due: Due): Opened<LearnerProfile> {
    const { learner, timeMs } = due;
    const consentProfiling = this.learners.consentsAt(learner, timeMs);
    const changedMs = this.learners.consentChangesMs(learner);
    const presentation = this.presentationOf(due);
    return {
      learner: this.learners.idOf(learner),
      region: this.options.region,
      updatedAtMs: timeMs,
      personal: {
        segments: { education: EDUCATION[this.learners.educationOf(learner)]!, age: this.learners.ageOf(learner) },
        courses: this.coursesAt(learner, timeMs),
        cohort: this.cohortOf(due, presentation),
        consentProfiling,
        consentAtMs: changedMs <= timeMs ? changedMs : consentProfiling ? timeMs : null,
        objectsToProfiling: null,
        restricted: null,
      },
    };
  }

  private coursesAt(learner: number, timeMs: number): Presentation['course'][] {
    return Array.from({ length: SLOTS }, (_, slot) => slot).flatMap((slot) => {
      const number = this.learners.courseOf(learner, slot);
      if (number < 0) return [];
      const round = this.calendar.roundAt(number, timeMs);
      const enrolled = [round, round + 1].filter((one) => one >= 0 && this.learners.isEnrolled(learner, slot, one, timeMs));
      return enrolled.map((one) => this.presentations.of(number, one).course);
    });
  }

  private presentationOf({ learner, slot, round }: Due): Presentation {
    return this.presentations.of(this.learners.courseOf(learner, slot), round);
  }

  private cohortOf({ learner, slot, round }: Due, presentation: Presentation): LmsEvent['cohort'] {
    return this.learners.cohortOf(presentation, this.learners.enrolsMs(learner, slot, round));
  }
}
