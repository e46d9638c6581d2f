/** Learners who from some day on do something else than before, so that drift can be seen to be noticed. */
import { shareOf } from '../../operators/hash.js';
import type { Click, CourseId, ItemId, Opened } from '../../schemas/index.js';
import type { School, SchoolStep } from './school.js';

/** Instead of what they would do they do so much, each with an item of the course that nobody chose. */
const TIMES = 5;

/**
 * The same school, but for the clicks from an instant on: each becomes five, on items that are drawn from all of the course. When learners come
 * stays as it was, and all else, the results of quizzes included. The same arguments give the same steps.
 *
 * @param fromMs - event time of the first click that differs, ms
 */
export function shifted(school: Pick<School, 'steps'>, fromMs: number): Pick<School, 'steps'> {
  return {
    *steps() {
      const items = new Map<CourseId, ItemId[]>();
      for (const step of school.steps()) {
        for (const { course, item } of step.catalogue) {
          const known = items.get(course);
          if (known === undefined) items.set(course, [item]);
          else if (!known.includes(item)) known.push(item);
        }
        yield shiftedStep(step, fromMs, items);
      }
    },
  };
}

function shiftedStep(step: SchoolStep, fromMs: number, items: ReadonlyMap<CourseId, readonly ItemId[]>): SchoolStep {
  if (step.untilMs <= fromMs) return step;
  return { ...step, clicks: step.clicks.flatMap((click) => (click.occurredAtMs < fromMs ? [click] : othersOf(click, items.get(click.course)!))) };
}

function othersOf(click: Opened<Click>, items: readonly ItemId[]): Opened<Click>[] {
  return Array.from({ length: TIMES }, (_, n) => {
    const eventId = n === 0 ? click.eventId : `${click.eventId}-${n}`;
    const item = items[Math.floor(shareOf(eventId) * items.length)]!;
    return { ...click, eventId, personal: { ...click.personal, item } };
  });
}
