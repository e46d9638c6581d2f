/** How far the clock of the data stands after an import. */
import { choosesPresentation, type OuladChoice } from './choice.js';
import { firstEpochDay } from './presentations.js';

const DAY_MS = 86_400_000;

/**
 * The instant before which an import leaves nothing to come: with a last day of the calendar chosen, the midnight (UTC) after it; with a last
 * day of presentations, the midnight after that day of the latest one; else the midnight after the last event. An import with a greater last day goes on from there.
 *
 * @param courses - those that the files have, such as `AAA-2014J`; those outside of the choice do not count
 * @param lastMs - greatest event time of what was imported; `-Infinity` for nothing
 * @returns `null` when nothing was chosen. Unit: ms since epoch (UTC)
 */
export function clockOf(courses: Iterable<string>, choice: OuladChoice, lastMs: number): number | null {
  const { untilDay, untilEpochDay } = choice;
  if (untilEpochDay !== undefined) return (untilEpochDay + 1) * DAY_MS;
  if (untilDay === undefined) return Number.isFinite(lastMs) ? (Math.floor(lastMs / DAY_MS) + 1) * DAY_MS : null;
  const chosen = [...courses].map(codesOf).filter((codes) => choosesPresentation(choice, codes));
  const firstDays = chosen.map(({ firstDay }) => firstDay).filter((day) => day !== null);
  return firstDays.length === 0 ? null : (Math.max(...firstDays) + untilDay + 1) * DAY_MS;
}

function codesOf(course: string): { readonly module: string; readonly presentation: string; readonly firstDay: number | null } {
  const dash = course.lastIndexOf('-');
  const presentation = course.slice(dash + 1);
  return { module: course.slice(0, dash), presentation, firstDay: firstEpochDay(presentation) };
}
