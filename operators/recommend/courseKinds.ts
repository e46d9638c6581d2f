import type { CohortItemTrend, CurriculumItem } from '../../schemas/index.js';

/** The kinds of a course's items, by what its catalogue calls them. */
export interface CourseKinds {
  readonly count: number;
  /** Kind of an item, from 0; those without a place in the curriculum have the last one. */
  readonly of: Uint16Array;
  /** Items of a kind. */
  readonly items: Float64Array;
  /** Share of the cohort's learner-days of 28 days that a kind has; they add up to 1, or to 0 where there are none. */
  readonly cohortShare: Float64Array;
}

/** Counts the kinds of items, of which those of the trend come first. */
export function courseKinds(trends: readonly CohortItemTrend[], places: readonly (CurriculumItem | undefined)[]): CourseKinds {
  const names = [...new Set(places.flatMap((place) => place?.kind ?? []))];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const of = Uint16Array.from(places, (place) => (place === undefined ? names.length : numbers.get(place.kind)!));
  const [items, learnerDays] = [new Float64Array(names.length + 1), new Float64Array(names.length + 1)];
  for (const kind of of) items[kind]!++;
  trends.forEach(({ learnerDays28d }, number) => (learnerDays[of[number]!]! += learnerDays28d));
  const total = learnerDays.reduce((sum, days) => sum + days, 0);
  return { count: names.length + 1, of, items, cohortShare: learnerDays.map((days) => (total > 0 ? days / total : 0)) };
}
