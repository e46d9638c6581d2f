/** Days (UTC), written as 2025-09-01. */
import { SkillForgeError } from '../../schemas/index.js';

const DAY_MS = 86_400_000;

/** A day by its number since the epoch. */
const dayAt = (number: number): string => new Date(number * DAY_MS).toISOString().slice(0, 10);

/** The number of a day since the epoch. @throws SFS_USAGE for what is no day */
export function dayNumber(day: string): number {
  const timeMs = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : NaN;
  // February 30 comes out as a day of March.
  if (timeMs >= 0 && dayAt(timeMs / DAY_MS) === day) return timeMs / DAY_MS;
  throw new SkillForgeError('SFS_USAGE', `${day} is no day such as 2025-09-01`);
}

/** Days from one on to before another. @throws SFS_USAGE where there are none */
export function daysBetween(from: string, until: string): string[] {
  const [first, end] = [dayNumber(from), dayNumber(until)];
  if (end <= first) throw new SkillForgeError('SFS_USAGE', `no day is from ${from} on and before ${until}`);
  return Array.from({ length: end - first }, (_, index) => dayAt(first + index));
}

/** The day some days before another. */
export const daysBefore = (day: string, count: number): string => dayAt(dayNumber(day) - count);
