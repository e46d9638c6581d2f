/** When made-up events arrive, and how late: the same for plain clicks and for a school. */
import { HOUR_MS, hourOfWeek, hourShare } from './habits.js';
import type { SeededRandom } from './random.js';

/** Sums of fractions that should make a whole number may lie just below it. */
const ROUNDING = 1e-6;

/** The events that arrive in an hour. */
export interface Hour {
  /** Unit: ms since epoch (UTC). */
  readonly startMs: number;
  readonly events: number;
}

/** Hour after hour, without an end, by the habits of all learners; fractions are carried on, so that no hour is rounded away. @param perDay - on the average of a week */
export function* hoursFrom(startMs: number, perDay: number): Generator<Hour, never, undefined> {
  let due = 0;
  for (let hourMs = startMs; ; hourMs += HOUR_MS) {
    due += 7 * perDay * hourShare(hourOfWeek(hourMs));
    const events = Math.floor(due + ROUNDING);
    due -= events;
    yield { startMs: hourMs, events };
  }
}

/** When the event of a place (0 first) arrives: one in each of equal parts of the hour, so that they ascend without sorting. Unit: ms since epoch (UTC). */
export const arrivalIn = ({ startMs, events }: Hour, place: number, random: SeededRandom): number =>
  startMs + Math.floor(((place + random.unit()) / events) * HOUR_MS);

/** How much an event comes behind its time; most delays are short. @param share - of those that come late, 0..1 */
export function delayMs(random: SeededRandom, share: number, mostMs: number): number {
  if (!random.chance(share)) return 0;
  const part = random.unit();
  return Math.floor(mostMs * part * part);
}
