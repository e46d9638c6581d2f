/** What learners do, one step after the other: they open an item, view it, dwell on it, complete it, open the next. */
import type { Click, ClickDetails, Opened, QuizResult } from '../../schemas/index.js';
import { delayMs } from '../synthetic/arrivals.js';
import type { SeededRandom } from '../synthetic/random.js';
import type { Attendance, Motive } from './attendance.js';
import type { Audience } from './audience.js';
import { DAY_MS, MINUTE_MS } from './calendar.js';
import { skillName } from './catalogue.js';
import type { SchoolOptions } from './options.js';

const MINUTES_PER_DAY = 1_440;
/** As many sessions at once as clicks in a minute, so that a session moves every minute or so. */
const MAX_OPEN_SESSIONS = 4_096;
/** Each step may be the last one. */
const END_CHANCE = 0.15;
/** Who did nothing for so long begins anew. */
const MAX_PAUSE_MS = 30 * MINUTE_MS;
/** A late session comes at most so much behind its time. */
export const MOST_LATE_MS = 30 * MINUTE_MS;
const QUESTIONS = 5;
const QUESTIONS_TO_PASS = 3;
/** Then the course lets a learner go on. */
const MOST_ATTEMPTS = 3;

/** What one step gives. */
export interface Moved {
  readonly click: Opened<Click>;
  readonly quizResult: Opened<QuizResult> | null;
  /** Why the item was opened; `null` unless it was. */
  readonly motive: Motive | null;
}

/** What was done with an item. */
type Done = Omit<ClickDetails, 'item'>;
const NOTHING = { dwellMs: 0, clicks: 1 } as const;

interface Session {
  readonly attendance: Attendance;
  /** How much its events come behind their time. */
  readonly delayMs: number;
  /** When the enrolment ends. */
  readonly endsMs: number;
  item: number;
  isCompleted: boolean;
  /** When its last step arrived. */
  lastMs: number;
}

/** The sessions that are open at a time. */
export class Sessions {
  private readonly open: (Session | undefined)[];
  private clicks = 0;
  private results = 0;

  constructor(
    private readonly random: SeededRandom,
    private readonly options: SchoolOptions,
    private readonly audience: Audience,
    private readonly endsMsOf: (attendance: Attendance) => number,
  ) {
    const size = Math.min(MAX_OPEN_SESSIONS, Math.ceil(options.eventsPerDay / MINUTES_PER_DAY));
    this.open = new Array<Session | undefined>(size).fill(undefined);
  }

  /** The next step of any learner. @param arrivesMs - when it comes in; never descends */
  step(arrivesMs: number): Moved {
    const slot = this.random.below(this.open.length);
    const session = this.open[slot];
    if (session === undefined || this.isOver(session, arrivesMs)) return this.begin(slot, arrivesMs);
    const sinceMs = arrivesMs - session.lastMs;
    session.lastMs = arrivesMs;
    if (!session.isCompleted) return this.proceed(session, sinceMs);
    return this.openNext(session);
  }

  private isOver(session: Session, arrivesMs: number): boolean {
    return arrivesMs - session.lastMs > MAX_PAUSE_MS || arrivesMs >= session.endsMs || this.random.chance(END_CHANCE);
  }

  private begin(slot: number, arrivesMs: number): Moved {
    const behindMs = delayMs(this.random, this.options.lateShare, MOST_LATE_MS);
    const timeMs = happenedMs(arrivesMs, behindMs);
    const attendance = this.audience.draw(timeMs);
    const session = { attendance, delayMs: behindMs, endsMs: this.endsMsOf(attendance), item: 0, isCompleted: false, lastMs: arrivesMs };
    this.open[slot] = session;
    return this.openNext(session);
  }

  private openNext(session: Session): Moved {
    const { item, motive } = session.attendance.draw(this.timeOf(session), this.random);
    session.item = item;
    session.isCompleted = false;
    return this.moved(session, { ...NOTHING, action: 'OPEN' }, motive);
  }

  private proceed(session: Session, sinceMs: number): Moved {
    const chosen = this.random.unit();
    if (chosen < 0.3) return this.moved(session, { ...NOTHING, action: 'VIEW', clicks: 1 + this.random.below(4) });
    // Nobody dwells for longer than since the step before.
    if (chosen < 0.6) return this.moved(session, { ...NOTHING, action: 'DWELL', dwellMs: Math.max(1, sinceMs) });
    session.isCompleted = true;
    const { click } = this.moved(session, { ...NOTHING, action: 'COMPLETE' });
    return { click, quizResult: this.complete(session), motive: null };
  }

  /** Completes the item; a quiz gives a result, unless another session of the learner handed it in meanwhile. */
  private complete({ attendance, item, ...session }: Session): Opened<QuizResult> | null {
    const { layout, ids } = attendance.presentation;
    if (!layout.isCore(item) || layout.kindOf(item) !== 'quiz') {
      attendance.complete(item);
      return null;
    }
    if (item !== attendance.step) return null;
    const chance = attendance.answersRight(item);
    let right = 0;
    for (let question = 0; question < QUESTIONS; question++) if (this.random.chance(chance)) right++;
    const attempts = attendance.attempt();
    attendance.complete(item, right >= QUESTIONS_TO_PASS || attempts >= MOST_ATTEMPTS);
    return {
      ...this.place(attendance, this.timeOf(session), `quiz-${++this.results}`),
      personal: {
        item: ids[item]!,
        skills: [skillName(attendance.presentation, layout.skillOf(item))],
        score: right / QUESTIONS,
        attempts,
        correct: right >= QUESTIONS_TO_PASS,
        banked: false,
      },
    };
  }

  private moved(session: Session, { action, dwellMs, clicks }: Done, motive: Motive | null = null): Moved {
    const { attendance, item } = session;
    const personal = { action, item: attendance.presentation.ids[item]!, dwellMs, clicks };
    return { click: { ...this.place(attendance, this.timeOf(session), `click-${++this.clicks}`), personal }, quizResult: null, motive };
  }

  private place({ id, cohort, presentation }: Attendance, occurredAtMs: number, event: string) {
    const { seed, region } = this.options;
    return { eventId: `school-${seed}-${event}`, learner: id, course: presentation.course, cohort, occurredAtMs, region };
  }

  private timeOf(session: Pick<Session, 'lastMs' | 'delayMs'>): number {
    return happenedMs(session.lastMs, session.delayMs);
  }
}

/** No event waits for longer than its day: at midnight a day is complete. */
const happenedMs = (arrivesMs: number, behindMs: number): number => Math.max(Math.floor(arrivesMs / DAY_MS) * DAY_MS, arrivesMs - behindMs);
