/** A school that is written into a storage: some days of history at once, then live. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalStorage } from '../../runtime/ports.js';
import { DAY_MS } from './calendar.js';
import { claimSchool } from './keptSchool.js';
import type { SchoolOptions } from './options.js';
import { PacedClock, type Pace } from './pacedClock.js';
import { School, type SchoolStep } from './school.js';
import { SchoolWriter, endsHour, type SchoolWritten } from './schoolWriter.js';

/** What decides a school that a folder keeps; what is left out is as the folder has it, or the default. */
export interface FeedRequest {
  readonly region: string;
  readonly seed?: number | undefined;
  readonly learners?: number | undefined;
}

/** How the feed goes on after the history. */
export interface LiveRequest {
  readonly pace: Pace;
  /** Ends the feed after the commits in progress. */
  readonly stopped: AbortSignal;
  /** Whether what reads the topics is so far behind that time is to stand still (never). */
  readonly isHeld?: () => boolean;
  /** Between two looks at the clock, ms (200). */
  readonly tickMs?: number;
}

/** A day more than the 7 of a window: the first full one is over. */
const HISTORY_DAYS = 8;
const EVENTS_PER_LEARNER_AND_DAY = 12;
const LEARNERS = 600;
const TICK_MS = 200;

/**
 * Writes a school into a storage. The folder keeps the options, and each topic how far it is, so that a later feed goes on where the log ends,
 * with the same events as one that was never stopped.
 *
 * Clocks are told hourly in the history and with every ten minutes of the simulated time after it.
 */
export class SchoolFeed {
  private readonly steps: Iterator<SchoolStep, void>;
  private readonly writer: SchoolWriter;
  private clock: PacedClock | null = null;
  private untilMs: number;
  /** The last step taken, when its time has not come. */
  private next: SchoolStep | null = null;
  /** Up to where things are written at once. */
  private endMs = 0;
  /** By learner: clicks of the last day before that. */
  private readonly clicks = new Map<string, number>();

  private constructor(
    storage: LocalStorage,
    readonly options: SchoolOptions,
  ) {
    this.writer = new SchoolWriter(() => storage, options);
    this.steps = new School(options).steps();
    this.untilMs = options.startMs;
  }

  /**
   * @throws SFS_SCHOOL_FOREIGN when the topics have records of something else; SFS_SCHOOL_OTHER when the folder has another school than the
   * one asked for; SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID, SFS_TOPIC_MISMATCH
   */
  static async open(storage: LocalStorage, request: FeedRequest): Promise<SchoolFeed> {
    const { region, seed, learners } = request;
    const defaults = { learners: LEARNERS, eventsPerDay: (learners ?? LEARNERS) * EVENTS_PER_LEARNER_AND_DAY };
    const options = await claimSchool(storage, { region, seed, learners, days: Number.MAX_SAFE_INTEGER }, defaults);
    return new SchoolFeed(storage, options);
  }

  /** Where the history ends, and what is live begins. Unit: ms since epoch. */
  get historyEndMs(): number {
    return this.options.startMs + HISTORY_DAYS * DAY_MS;
  }

  /** The time in the school: what happened before it is written. Unit: ms since epoch. */
  simulatedNowMs(): number {
    return this.clock?.nowMs ?? this.untilMs;
  }

  get counts(): SchoolWritten {
    return this.writer.counts;
  }

  /** The learners with clicks on the last day of what {@link writeHistory} wrote or passed over, the busiest first. */
  busiest(): string[] {
    return [...this.clicks].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([learner]) => learner);
  }

  /**
   * Writes the history; what is there already is passed over, what an earlier feed wrote live as well.
   *
   * @param onProgress - called after each simulated hour with the part of the time that is done
   * @returns whether it came to the end, and was not stopped
   * @throws what writing throws
   */
  async writeHistory(stopped: AbortSignal, onProgress: (doneMs: number, totalMs: number) => void): Promise<boolean> {
    const { startMs } = this.options;
    const endMs = (this.endMs = Math.max(this.historyEndMs, this.writer.untilMs));
    while (!stopped.aborted && this.untilMs < endMs) {
      await this.take(endMs);
      onProgress(this.untilMs - startMs, endMs - startMs);
    }
    await this.writer.finish();
    return !stopped.aborted;
  }

  /** Goes on, step by step as their time comes, until stopped. @throws what writing throws */
  async live({ pace, stopped, isHeld = () => false, tickMs = TICK_MS }: LiveRequest): Promise<void> {
    const clock = (this.clock = new PacedClock(this.untilMs, pace));
    while (!stopped.aborted) {
      const nowMs = clock.advance(isHeld());
      while (!stopped.aborted && (await this.take(nowMs)));
      await sleep(tickMs, undefined, { signal: stopped }).catch(() => undefined);
    }
    await this.writer.finish();
  }

  /** Writes the next step if its time is over by `nowMs`; returns whether it did. */
  private async take(nowMs: number): Promise<boolean> {
    this.next ??= this.steps.next().value ?? null;
    if (this.next === null || this.next.untilMs > nowMs) return false;
    const step = this.next;
    this.next = null;
    this.countClicks(step);
    await this.writer.write(step, this.endsCommit(step));
    if (step.clocksMs !== null) this.untilMs = step.untilMs;
    // The generator and full batches of commits leave no other room for signals and requests.
    await new Promise((resolve) => setImmediate(resolve));
    return true;
  }

  /** By the step alone, see {@link SchoolWriter}. */
  private endsCommit(step: SchoolStep): boolean {
    return endsHour(step) || (step.clocksMs !== null && step.untilMs > this.historyEndMs);
  }

  private countClicks({ clicks, untilMs }: SchoolStep): void {
    if (untilMs > this.endMs || untilMs <= this.endMs - DAY_MS) return;
    for (const { learner } of clicks) this.clicks.set(learner, (this.clicks.get(learner) ?? 0) + 1);
  }
}
