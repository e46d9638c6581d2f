/** When clicks arrive: by habits of the hour and the week. */
import { hourOfWeek, hourShare } from '../synthetic/habits.js';
import type { SeededRandom } from '../synthetic/random.js';
import { HOUR_MS } from './calendar.js';
import type { SchoolOptions } from './options.js';

/** Sums of fractions that should make a whole number may lie just below it. */
const ROUNDING = 1e-6;

/** The instants at which clicks arrive, ascending. Fractions of an hour's clicks are carried on, so that no hour is rounded away. */
export class Arrivals {
  private hourMs: number;
  private due = 0;
  private inHour = 0;
  private place = 0;
  private nextMs: number;

  constructor(
    private readonly random: SeededRandom,
    private readonly options: SchoolOptions,
  ) {
    this.hourMs = options.startMs - HOUR_MS;
    this.nextMs = this.following();
  }

  /** Takes the next instant if it is before `untilMs`; `null` when it is not. Unit: ms since epoch (UTC). */
  take(untilMs: number): number | null {
    const takenMs = this.nextMs;
    if (takenMs >= untilMs) return null;
    this.nextMs = this.following();
    return takenMs;
  }

  private following(): number {
    while (this.place === this.inHour) this.startHour();
    // One click in each of equal parts of the hour: ascending without sorting.
    return this.hourMs + Math.floor(((this.place++ + this.random.unit()) / this.inHour) * HOUR_MS);
  }

  private startHour(): void {
    this.hourMs += HOUR_MS;
    this.due += 7 * this.options.eventsPerDay * hourShare(hourOfWeek(this.hourMs));
    this.inHour = Math.floor(this.due + ROUNDING);
    this.due -= this.inHour;
    this.place = 0;
  }
}
