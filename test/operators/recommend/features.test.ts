import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandidateRows } from '../../../operators/recommend/candidateRows.js';
import { gather } from '../../../operators/recommend/candidates.js';
import { itemFeatures } from '../../../operators/recommend/index.js';
import { itemTrend, cohortTrend } from '../../topologies/trends.js';
import { slowCohort, slowOwn, slowPlace } from './slowFeatures.js';
import { AT, DAY_MS, EMPTY, place, use, viewOf, worlds, type World } from './worlds.js';

const RUNS = Number(process.env['SKILLFORGE_RUNS'] ?? 30);

const rowsOf = (...args: Parameters<typeof viewOf>): CandidateRows => {
  const rows = new CandidateRows();
  gather(viewOf(...args), rows);
  return rows;
};
/** What of the expected features of a candidate is not there. */
function differences(rows: CandidateRows, row: number, expected: Readonly<Record<string, number>>): string[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    const found = rows.values[row * rows.columns + itemFeatures.column(name)]!;
    return Math.abs(found - value) < 1e-4 * Math.max(1, value) ? [] : [`${name} of ${rows.items[row]!} is ${found}, not ${value}`];
  });
}
const featureOf = (rows: CandidateRows, item: string, name: string): number =>
  rows.values[rows.items.findIndex((one) => one === item) * rows.columns + itemFeatures.column(name)]!;

describe('the features of candidates', { timeout: 120_000 }, () => {
  it.each([
    ['cohort', slowCohort],
    ['learner', slowOwn],
    ['course', slowPlace],
  ] as const)('are what their definitions say: %s', (_, slowly) => {
    fc.assert(
      fc.property(worlds, (world: World) => {
        const rows = rowsOf(world);
        const found = rows.items.slice(0, rows.rows).flatMap((item, row) => differences(rows, row, slowly(world, item)));
        expect(found).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('set the item beside everybody in the cohort', () => {
    const item = itemTrend('a', {
      events7d: 9,
      learnerDays1d: 2,
      learnerDays3d: 5,
      learnerDays7d: 8,
      newLearners3d: 3,
      newLearners7d: 4,
      openers: 10,
    });
    const people = {
      activeLearnerDays1d: 4,
      activeLearnerDays3d: 20,
      activeLearnerDays7d: 32,
      learners: 40,
      firstUsedAtMs: AT - 12 * DAY_MS,
      asOfMs: AT,
    };
    const rows = rowsOf({ uses: [use('b', 1)] }, { trend: cohortTrend([item], people) });
    const of = (name: string): number => featureOf(rows, 'a', name);
    expect([of('cohort_learner_share_1d'), of('cohort_learner_share_3d'), of('cohort_learner_share_7d')]).toEqual([0.5, 0.25, 0.25]);
    expect(of('cohort_new_share_3d')).toBeCloseTo(3 / 20, 6);
    expect(of('cohort_new_share_7d')).toBeCloseTo(4 / 32, 6);
    expect(of('cohort_penetration')).toBe(0.25);
    expect(of('cohort_uptake_7d')).toBeCloseTo(4 / (40 - 10 + 4), 6);
    // Neither the trend nor the curriculum knows b: the day of its course is that of the cohort all the same.
    expect([of('cohort_age'), featureOf(rows, 'b', 'cohort_age')]).toEqual([12, 12]);
  });

  it('know what is planned, and the order that the catalogue tells', () => {
    const places = [
      place('a', { position: 2, plannedFromMs: AT + 3 * DAY_MS, plannedUntilMs: AT + 10 * DAY_MS }),
      place('b', { position: 1 }),
      place('c', { position: 0 }),
      place('d'),
    ];
    const rows = rowsOf({ places, uses: [use('a', 1), use('d', 1)], trends: [itemTrend('b', { events7d: 1, spreadAtMs: 1 })] });
    expect(['c', 'b', 'a', 'd'].map((item) => featureOf(rows, item, 'order_place')).filter((one) => one >= 0)).toEqual([0.25, 0.5, 0.75]);
    expect([featureOf(rows, 'a', 'planned_in'), featureOf(rows, 'a', 'planned_until')]).toEqual([3, 10]);
    expect(featureOf(rows, 'd', 'planned_in')).toBe(999);
  });

  it('compare the difficulty of an item with what the learner masters', () => {
    const skills = [
      { skill: 'algebra', mastery: 0.5, answers: 3, lastAtMs: AT },
      { skill: 'logic', mastery: 0.75, answers: 3, lastAtMs: AT },
    ];
    const places = [place('a', { skills: ['algebra', 'logic', 'prose'], difficulty: 0.75 }), place('b', { skills: ['prose'], difficulty: 0.75 })];
    const rows = rowsOf({ ...EMPTY, places, skills, uses: [use('a', 1), use('b', 1)] });
    expect(['weak_skill', 'mastery_mean', 'difficulty_gap'].map((name) => featureOf(rows, 'a', name))).toEqual([0.5, 0.625, 0.125]);
    expect(['weak_skill', 'mastery_mean', 'difficulty_gap'].map((name) => featureOf(rows, 'b', name))).toEqual([0, -1, -9]);
  });

  it('say how many of the prerequisites are done', () => {
    const places = [place('a', { prerequisites: [use('x', 1).item, use('y', 1).item] }), place('b')];
    const rows = rowsOf({ places, uses: [use('a', 1), use('b', 1), use('x', 2, { completed: true }), use('y', 2)] });
    expect(['a', 'b'].map((item) => featureOf(rows, item, 'prerequisites_done'))).toEqual([0.5, 1]);
  });

  it('number the kinds whose names are known', () => {
    const places = ['homepage', 'Home', 'forumng', 'something else'].map((kind, n) => place(`i${n}`, { kind }));
    const rows = rowsOf({ places, uses: places.map(({ item }) => use(item, 1)) });
    const [home, alias, forum, unknown] = places.map(({ item }) => featureOf(rows, item, 'item_kind'));
    expect([home === alias, home !== forum, unknown]).toEqual([true, true, 0]);
  });
});
