/** When clicks arrive: by habits of the hour and the week. */
import { arrivalIn, hoursFrom, type Hour } from '../synthetic/arrivals.js';
import type { SeededRandom } from '../synthetic/random.js';
import type { SchoolOptions } from './options.js';

/** The instants at which clicks arrive, ascending. */
export class Arrivals {
  private readonly hours: Generator<Hour, never, undefined>;
  private hour: Hour;
  private place = 0;
  private nextMs: number;

  constructor(
    private readonly random: SeededRandom,
    { startMs, eventsPerDay }: SchoolOptions,
  ) {
    this.hours = hoursFrom(startMs, eventsPerDay);
    this.hour = this.hours.next().value;
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
    while (this.place === this.hour.events) {
      this.hour = this.hours.next().value;
      this.place = 0;
    }
    return arrivalIn(this.hour, this.place++, this.random);
  }
}
