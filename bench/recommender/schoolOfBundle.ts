/** A school whose courses and items are called as those of a bundle, as far as it has some. */
import { School, type SchoolOptions, type SchoolStep } from '../../scripts/school/index.js';
import type { TrainedCourse } from './trainedCourses.js';

/** Tells the steps of a school with the names of trained courses: the first course with those of the first, and so on. */
export function calledAs(options: SchoolOptions, courses: readonly TrainedCourse[]): (step: SchoolStep) => SchoolStep {
  const names = new Map<string, string>();
  const taken: { readonly own: string; readonly free: Iterator<string> }[] = [];
  for (const { catalogue } of courses.length === 0 ? [] : new School(options).steps()) {
    for (const { course, item } of catalogue) {
      const trained = courses[taken.findIndex(({ own }) => own === course) === -1 ? taken.length : -1];
      if (trained !== undefined) {
        taken.push({ own: course, free: trained.items.values() });
        names.set(course, trained.course);
      }
      const name = names.has(item) ? undefined : (taken.find(({ own }) => own === course)?.free.next().value as string | undefined);
      if (name !== undefined) names.set(item, name);
    }
  }
  return (step) => (names.size === 0 ? step : (renamed(step, names) as SchoolStep));
}

/** A cohort is called as its course. */
function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return names.get(value) ?? value;
  if (Array.isArray(value)) return value.map((one) => renamed(one, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, renamed(part, names)]));
}
