/** When presentations of courses run, and when their units begin. */
import { HOUR_MS } from '../synthetic/habits.js';
import type { Layout } from './layout.js';

export { HOUR_MS };
export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
export const WEEK_MS = 604_800_000;

/** Enrolment opens so long before a presentation; its catalogue stands from then on. */
export const ENROLMENT_MS = 2 * WEEK_MS;
/** Courses begin in different weeks: up to so many before the school opens. */
const STAGGERED_WEEKS = 3;

/**
 * The presentations (rounds) of a course follow each other without a gap; round 0 is the one that runs when the school opens. Unit u of a
 * round that begins at T opens at T + u weeks, and its quiz is due at T + (u + 2) weeks + 4 days: on the Friday of a round that begins on a Monday.
 */
export class Calendar {
  readonly lengthMs: number;

  constructor(
    readonly schoolStartMs: number,
    private readonly layout: Layout,
  ) {
    this.lengthMs = layout.weeks * WEEK_MS;
  }

  /** First instant of a round of a course (both 0 first). */
  startOf(course: number, round: number): number {
    return this.schoolStartMs - (course % STAGGERED_WEEKS) * WEEK_MS + round * this.lengthMs;
  }

  /** The round of a course that runs at an instant. */
  roundAt(course: number, timeMs: number): number {
    return Math.floor((timeMs - this.startOf(course, 0)) / this.lengthMs);
  }

  /** Instants are relative to the start of a round, ms. */
  unitOpens(unit: number): number {
    return unit * WEEK_MS;
  }

  /** @see unitOpens */
  unitDue(unit: number): number {
    return (unit + 2) * WEEK_MS + 4 * DAY_MS;
  }

  /** How long units open. Unit: ms since the start of the round. */
  get contentMs(): number {
    return this.layout.units * WEEK_MS;
  }
}
