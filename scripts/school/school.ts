/** A school that does not exist: its events in the order in which a log would get them. */
import { topics, type CatalogueItem, type Click, type LearnerProfile, type LmsEvent, type Opened, type QuizResult } from '../../schemas/index.js';
import { SeededRandom } from '../synthetic/random.js';
import { Arrivals } from './arrivals.js';
import type { Attendance, Motive } from './attendance.js';
import { Audience } from './audience.js';
import { Calendar, DAY_MS, ENROLMENT_MS, MINUTE_MS } from './calendar.js';
import { catalogueOf } from './catalogue.js';
import { Layout } from './layout.js';
import { Learners } from './learners.js';
import { schoolOptions, type SchoolOptions } from './options.js';
import { Presentations } from './presentations.js';
import { Progress } from './progress.js';
import { MOST_LATE_MS, Sessions } from './sessions.js';
import { StatementPlan, StatementWriter } from './statements.js';

/** The topics that a school writes. */
export const SCHOOL_TOPICS = {
  catalogue: topics.catalogue,
  profiles: topics.profiles,
  lmsEvents: topics.lmsEvents,
  quizResults: topics.quizResults,
  clicks: topics.clicks,
} as const;

/** Name of a topic of the school. */
export type SchoolTopic = keyof typeof SCHOOL_TOPICS;

/** Records by topic, in the order in which they come. */
export interface SchoolRecords {
  readonly catalogue: CatalogueItem[];
  readonly profiles: Opened<LearnerProfile>[];
  readonly lmsEvents: Opened<LmsEvent>[];
  readonly quizResults: Opened<QuizResult>[];
  readonly clicks: Opened<Click>[];
}

/** Why a learner opened an item: no topic tells it. */
export interface Opening {
  readonly click: Opened<Click>;
  readonly motive: Motive;
}

/** A part of the school's events. */
export interface SchoolStep extends SchoolRecords {
  /** The truth on those clicks that open an item. */
  readonly openings: readonly Opening[];
  /** All that arrives before this instant has come by the end of a step that has clocks. Unit: ms since epoch (UTC). */
  readonly untilMs: number;
  /** By topic: no record of an event time before this comes any more. `null` where ten minutes are not over yet. */
  readonly clocksMs: Readonly<Record<SchoolTopic, number>> | null;
}

/** A step of a school takes so long, or is a part of one that does. */
export const SLICE_MS = 10 * MINUTE_MS;
const RECORDS_PER_STEP = 5_000;

/**
 * A school: the same options give the same steps, and more days only add steps. Courses, learners and the model of what they open are described in
 * `docs/explanation/synthetic-school.md`. Memory grows with learners (16 bytes each, and 8 for each statement of a day) and with the items of the
 * presentations that run, not with events.
 *
 * Events lie within [startMs, startMs + days), but for what was said before the school opened: the catalogue and who is enrolled.
 *
 * @throws SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID
 * @example
 * for (const { clicks, clocksMs } of new School({ seed: 7, days: 28 }).steps()) await append(clicks, clocksMs);
 */
export class School {
  readonly options: SchoolOptions;
  private readonly calendar: Calendar;
  private readonly learners: Learners;
  private readonly presentations: Presentations;
  private readonly audience: Audience;
  private readonly sessions: Sessions;
  private readonly arrivals: Arrivals;
  private readonly random: SeededRandom;
  private readonly statements: StatementWriter;
  private readonly catalogue: PlannedCatalogue;

  constructor(given: Partial<SchoolOptions> = {}) {
    const options = schoolOptions(given);
    const layout = new Layout(options.items);
    this.options = options;
    this.random = new SeededRandom(options.seed);
    this.calendar = new Calendar(options.startMs, layout);
    this.learners = new Learners(options, this.calendar);
    this.presentations = new Presentations(options.seed, layout, this.calendar);
    const progress = new Progress(options.learners);
    this.audience = new Audience(this.random, options.learners, this.learners, this.presentations, progress);
    this.sessions = new Sessions(this.random, options, this.audience, (attendance) => this.endOf(attendance));
    this.arrivals = new Arrivals(this.random, options);
    this.statements = new StatementWriter(options, this.calendar, this.learners, this.presentations);
    this.catalogue = new PlannedCatalogue(options, this.calendar, this.presentations);
  }

  /** All steps, once. */
  *steps(): Generator<SchoolStep, void, undefined> {
    const { startMs, days } = this.options;
    yield* this.sliceOf(StatementPlan.opening(this.options, this.calendar, this.learners), startMs, startMs);
    for (let day = 0; day < days; day++) {
      const dayMs = startMs + day * DAY_MS;
      const plan = StatementPlan.ofDay(this.options, this.calendar, this.learners, dayMs);
      for (let untilMs = dayMs + SLICE_MS; untilMs <= dayMs + DAY_MS; untilMs += SLICE_MS) yield* this.sliceOf(plan, dayMs, untilMs);
    }
  }

  /** The presentations that a learner attends at an instant, as of the last step: what they would open then is the truth of the school. */
  attendancesOf(learner: string, timeMs: number): Attendance[] {
    const number = this.learners.numberOf(learner);
    return number === null ? [] : this.audience.allOf(number, timeMs);
  }

  /** Ten minutes, in one step or several. */
  private *sliceOf(plan: StatementPlan, dayMs: number, untilMs: number): Generator<SchoolStep> {
    let step = emptyStep();
    step.catalogue.push(...this.catalogue.take(untilMs));
    for (let due = plan.take(untilMs); due !== null; due = plan.take(untilMs)) {
      this.statements.write(due, step);
      if (step.lmsEvents.length < RECORDS_PER_STEP) continue;
      yield { ...step, untilMs, clocksMs: null };
      step = emptyStep();
    }
    for (let arrivesMs = this.arrivals.take(untilMs); arrivesMs !== null; arrivesMs = this.arrivals.take(untilMs)) {
      this.move(arrivesMs, step);
      if (step.clicks.length < RECORDS_PER_STEP) continue;
      yield { ...step, untilMs, clocksMs: null };
      step = emptyStep();
    }
    yield { ...step, untilMs, clocksMs: clocksOf(dayMs, untilMs) };
  }

  private move(arrivesMs: number, { clicks, quizResults, openings }: StepDraft): void {
    const { click, quizResult, motive } = this.sessions.step(arrivesMs);
    clicks.push(click);
    if (motive !== null) openings.push({ click, motive });
    if (this.comesTwice()) clicks.push(click);
    if (quizResult === null) return;
    quizResults.push(quizResult);
    if (this.comesTwice()) quizResults.push(quizResult);
  }

  private comesTwice(): boolean {
    const { duplicateShare } = this.options;
    return duplicateShare > 0 && this.random.chance(duplicateShare);
  }

  private endOf({ learner, slot, presentation, enrolledMs }: Attendance): number {
    return this.learners.endsMs(learner, slot, presentation.round, enrolledMs);
  }
}

type StepDraft = SchoolRecords & { readonly openings: Opening[] };

const emptyStep = (): StepDraft => ({ catalogue: [], profiles: [], lmsEvents: [], quizResults: [], clicks: [], openings: [] });

/** Late sessions come up to 30 minutes behind their time, but never after their day. */
function clocksOf(dayMs: number, untilMs: number): Record<SchoolTopic, number> {
  const isEndOfDay = untilMs - dayMs === DAY_MS;
  const behindMs = isEndOfDay ? untilMs : Math.max(dayMs, untilMs - MOST_LATE_MS);
  return { catalogue: untilMs, profiles: untilMs, lmsEvents: untilMs, quizResults: behindMs, clicks: behindMs };
}

/** The statements of the catalogue that are to come. */
class PlannedCatalogue {
  private pending: CatalogueItem[] = [];
  /** By course: the next round to announce. */
  private readonly next: number[];

  constructor(
    private readonly options: SchoolOptions,
    private readonly calendar: Calendar,
    private readonly presentations: Presentations,
  ) {
    this.next = new Array<number>(options.courses).fill(0);
  }

  /** Those before `untilMs`, in ascending time. */
  take(untilMs: number): CatalogueItem[] {
    this.announce(untilMs);
    const end = this.pending.findIndex(({ updatedAtMs }) => updatedAtMs >= untilMs);
    return this.pending.splice(0, end < 0 ? this.pending.length : end);
  }

  private announce(untilMs: number): void {
    let announced = false;
    for (let course = 0; course < this.next.length; course++) {
      while (this.calendar.startOf(course, this.next[course]!) - ENROLMENT_MS < untilMs) {
        this.pending.push(...catalogueOf(this.presentations.of(course, this.next[course]!), this.options.region));
        this.next[course]!++;
        announced = true;
      }
    }
    if (announced) this.pending.sort((a, b) => a.updatedAtMs - b.updatedAtMs);
  }
}
