import { expect, it } from 'vitest';
import { DAY_MS, School, shifted, type SchoolStep } from '../../../scripts/school/index.js';

const school = () => new School({ seed: 5, learners: 60, courses: 2, items: 20, days: 3, eventsPerDay: 200 });
const FROM_MS = school().options.startMs + 2 * DAY_MS;
const steady = [...school().steps()];
const moved = [...shifted(school(), FROM_MS).steps()];

const clicks = (steps: readonly SchoolStep[], isShifted: boolean) =>
  steps.flatMap((step) => step.clicks.filter(({ occurredAtMs }) => occurredAtMs >= FROM_MS === isShifted));

it('leaves everything before its day, and all that is no click, as it was', () => {
  expect(clicks(moved, false)).toEqual(clicks(steady, false));
  expect(clicks(steady, false).length).toBeGreaterThan(300);
  const others = (steps: readonly SchoolStep[]) => steps.map(({ clicks: _, ...rest }) => rest);
  expect(others(moved)).toEqual(others(steady));
});

it('makes five clicks of each, at the same instants by the same learners, each with an identity of its own', () => {
  const [before, after] = [clicks(steady, true), clicks(moved, true)];
  expect(before.length).toBeGreaterThan(100);
  expect(after).toHaveLength(5 * before.length);
  expect(after.map(({ learner, occurredAtMs }) => [learner, occurredAtMs])).toEqual(
    before.flatMap(({ learner, occurredAtMs }) => Array.from({ length: 5 }, () => [learner, occurredAtMs])),
  );
  expect(new Set(after.map(({ eventId }) => eventId)).size).toBe(after.length);
});

it('draws items from all of the course, the same ones each time', () => {
  const after = clicks(moved, true);
  const catalogue = new Map(moved.flatMap((step) => step.catalogue.map(({ item, course }) => [item as string, course])));
  expect(after.every(({ course, personal }) => catalogue.get(personal.item) === course)).toBe(true);
  const used = (steps: readonly SchoolStep[]) => new Set(clicks(steps, true).map(({ personal }) => personal.item)).size;
  expect(used(moved)).toBeGreaterThan(used(steady));
  expect([...shifted(school(), FROM_MS).steps()]).toEqual(moved);
});
