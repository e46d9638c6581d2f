import type { CohortTrend } from '../../schemas/index.js';

/** Statistics of fewer learners than so many are not used, nor told to others: they would speak of single persons. */
export const COHORT_FLOOR = 5;

/** Once for each record: decisions share it, and what they make of it goes by its identity. */
const kept = new WeakMap<CohortTrend, CohortTrend | 'too few'>();

/**
 * What may be known of a cohort: nothing where fewer than {@link COHORT_FLOOR} learners have ever used anything of it, and else the items that as
 * many have ever opened.
 */
export function aboveFloor(trend: CohortTrend): CohortTrend | undefined {
  let known = kept.get(trend);
  if (known === undefined) kept.set(trend, (known = trend.learners < COHORT_FLOOR ? 'too few' : withoutFew(trend)));
  return known === 'too few' ? undefined : known;
}

function withoutFew(trend: CohortTrend): CohortTrend {
  const items = trend.items.filter(({ openers }) => openers >= COHORT_FLOOR);
  return items.length === trend.items.length ? trend : { ...trend, items };
}

/**
 * The least number of different learners that a sum over days can come from: those of its busiest day, or as many as it takes where each comes
 * every day.
 */
export const leastLearnersOf = (learnerDays: number, busiestDay: number, windowDays: number): number =>
  Math.max(busiestDay, Math.ceil(learnerDays / windowDays));
