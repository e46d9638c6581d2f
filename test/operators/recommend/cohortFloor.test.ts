import { describe, expect, it } from 'vitest';
import { cohortActivity, cohortItem } from '../../../operators/featureViews/cohortViews.js';
import { COHORT_FLOOR, aboveFloor, leastLearnersOf } from '../../../operators/recommend/cohortFloor.js';
import { decide } from '../../../operators/recommend/index.js';
import type { CohortTrend } from '../../../schemas/index.js';
import { cohortTrend, itemTrend } from '../../topologies/trends.js';
import { AT, COHORT, COURSE, EMPTY, OPTIONS, argumentsOf, use, type World } from './worlds.js';

const FEW = COHORT_FLOOR - 1;
const used = (item: string, openers: number) =>
  itemTrend(item, { events1d: 9, events3d: 9, events7d: 9, events28d: 9, learnerDays7d: 9, learnerDays28d: 9, openers, firstUsedAtMs: AT - 1 });
const trendOf = (learners: number, ...openers: readonly number[]): CohortTrend =>
  cohortTrend(
    openers.map((count, at) => used(`item-${at}`, count)),
    { cohort: COHORT, course: COURSE, learners, firstUsedAtMs: AT - 1 },
  );

/** Items of the cohort that are recommended to a newcomer, and to somebody who has used an item; and what the log says of the latter. */
function decidedFrom(trend: CohortTrend): readonly string[][] {
  const decided = (world: World) => {
    const { moment, lookups } = argumentsOf(world);
    return decide(moment, { ...lookups, trends: new Map([[COHORT, trend]]) }, OPTIONS);
  };
  const ofCohort = (items: readonly { readonly item: string }[]): string[] =>
    items.flatMap(({ item }) => (item.startsWith('item-') ? [item] : [])).sort();
  const [newcomer, ranked] = [decided(EMPTY), decided({ ...EMPTY, uses: [use('known', 1)] })];
  const listed = [newcomer, ranked].map(({ recommendation }) => ofCohort(recommendation.personal.courses.flatMap(({ next }) => next)));
  return [...listed, ofCohort(ranked.log!.flatMap(({ personal }) => personal.candidates))];
}

describe('the floor of cohorts', () => {
  it('is five learners', () => {
    expect(COHORT_FLOOR).toBe(5);
  });

  it('leaves nothing of a cohort of fewer', () => {
    expect(aboveFloor(trendOf(FEW, FEW))).toBeUndefined();
    expect(decidedFrom(trendOf(FEW, FEW))).toEqual([[], [], []]);
    expect(decidedFrom(trendOf(COHORT_FLOOR, COHORT_FLOOR))).toEqual([['item-0'], ['item-0'], ['item-0']]);
  });

  it('leaves out the items that fewer have opened, and the record itself where there are none', () => {
    const whole = trendOf(40, COHORT_FLOOR, 30);
    expect(aboveFloor(whole)).toBe(whole);
    const mixed = trendOf(40, COHORT_FLOOR, FEW, 0, 30);
    expect(aboveFloor(mixed)!.items.map(({ item }) => item)).toEqual(['item-0', 'item-3']);
    // The same object each time: what is made of it is made once.
    expect(aboveFloor(mixed)).toBe(aboveFloor(mixed));
    const told = ['item-0', 'item-3'];
    expect(decidedFrom(mixed)).toEqual([told, told, told]);
  });

  it('holds in the views of features, too', () => {
    const rows = (trend: CohortTrend): unknown[] => [cohortItem, cohortActivity].map((view) => [...view.rowsOf(trend)].map(({ entity }) => entity));
    expect(rows(trendOf(FEW, FEW))).toEqual([[], []]);
    expect(rows(trendOf(40, FEW, 30))).toEqual([[{ cohort: COHORT, item: 'item-1' }], [{ cohort: COHORT }]]);
  });

  it.each([
    [4, 4, 4],
    [8, 4, 4],
    [29, 4, 5],
    [5, 5, 5],
    [35, 5, 5],
    [36, 5, 6],
  ])('knows of %i learner-days in a week, at most %i on a day, that they are of %i learners at least', (learnerDays, busiest, least) => {
    expect(leastLearnersOf(learnerDays, busiest, 7)).toBe(least);
  });
});
