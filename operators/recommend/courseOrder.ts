import type { CohortItemTrend, CurriculumItem, ItemId } from '../../schemas/index.js';

/** The order of a course: as its catalogue has it, else that in which the cohort took the items up. */
export interface CourseOrder {
  /** Place of an item by its number, from 0. */
  readonly placeOf: Int32Array;
  /** Number of the item at a place. */
  readonly numberAt: Int32Array;
  /** Mean place of what the cohort used for the first time in the last 7 days, in [0, 1); NaN where that is nothing. */
  readonly cohortPlace: number;
}

/**
 * Orders items by their places in the catalogue where it has any; then by when they had spread in the cohort, by when they were first used in it,
 * and by name.
 */
export function courseOrder(
  items: readonly ItemId[],
  trends: readonly CohortItemTrend[],
  places: readonly (CurriculumItem | undefined)[],
): CourseOrder {
  const keyOf = (number: number): readonly number[] => [
    places[number]?.position ?? Infinity,
    trends[number]?.spreadAtMs ?? Infinity,
    trends[number]?.firstUsedAtMs ?? Infinity,
  ];
  const keys = items.map((_, number) => keyOf(number));
  const numberAt = Int32Array.from(items.keys()).sort((a, b) => before(keys[a]!, keys[b]!) || (items[a]! < items[b]! ? -1 : 1));
  const placeOf = new Int32Array(items.length);
  numberAt.forEach((number, place) => (placeOf[number] = place));
  let [sum, learners] = [0, 0];
  trends.forEach(({ newLearners7d }, number) => {
    sum += (newLearners7d * placeOf[number]!) / items.length;
    learners += newLearners7d;
  });
  return { placeOf, numberAt, cohortPlace: learners > 0 ? sum / learners : NaN };
}

/** Less than 0 where the first key comes before the second; 0 where they are equal. */
function before(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((value, n) => value !== b[n]);
  return differs < 0 ? 0 : a[differs]! < b[differs]! ? -1 : 1;
}
