import { describe, expect, it } from 'vitest';
import { overCutsText } from '../../../scripts/evaluation/evaluationText.js';
import { overCuts, type ScoredCut } from '../../../scripts/evaluation/overCuts.js';
import type { Groups } from '../../../scripts/evaluation/ouladGroups.js';
import { scoreGroups, type LearnerScores } from '../../../scripts/evaluation/scoring.js';

const LEARNERS = Array.from({ length: 80 }, (_, at) => String(at));
const isOdd = (learner: string): boolean => Number(learner) % 2 === 1;
const GROUPS: Groups = {
  gender: new Map(LEARNERS.map((learner) => [learner, isOdd(learner) ? 'M' : 'F'])),
  'age band': new Map(),
  disability: new Map(),
  deprivation: new Map(),
};

/** A cut at which odd learners have one NDCG of ours and even ones another; the yardstick serves both alike. */
function cutOf(day: number, learners: readonly string[], even: number, odd: number, presentation = '2014J'): ScoredCut {
  const scores: LearnerScores = {
    learners,
    ours: Float64Array.from(learners, (learner) => (isOdd(learner) ? odd : even)),
    yardstick: new Float64Array(learners.length).fill(0.5),
  };
  const groups = scoreGroups(learners, GROUPS, scores.ours, scores.yardstick);
  const newcomers = day < 7 ? { learners: day, ours: day / 10, yardstick: 0.25 } : null;
  const protocol = { groups, newcomers };
  return {
    cut: { module: 'AAA', presentation, day },
    groups: GROUPS,
    byLearner: { any: scores, new: scores },
    protocols: { any: protocol, new: protocol },
  };
}

describe('cuts of a course together', () => {
  it('give each learner the mean of the cuts at which they are scored, in any order', () => {
    const cuts = [cutOf(60, LEARNERS, 0.5, 0.7), cutOf(90, LEARNERS.slice(0, 70).reverse(), 0.7, 0.5)];
    const [any, fresh] = overCuts(cuts).courses;
    expect([any!.protocol, fresh!.protocol, any!.cuts, any!.learners]).toEqual(['any', 'new', 2, 80]);
    // The 70 of both cuts have 0.6, whatever their group; the others what the first cut gave them: 35 and 5 of each group.
    const [gender] = any!.groups;
    expect(gender!.groups.map(({ ours }) => ours)).toEqual([
      expect.closeTo((35 * 0.6 + 5 * 0.5) / 40, 10),
      expect.closeTo((35 * 0.6 + 5 * 0.7) / 40, 10),
    ]);
    expect(gender!.ours.gap).toBeCloseTo(0.025, 10);
    expect(gender!.yardstick.gap).toBe(0);
  });

  it('count the gaps above 0.05 and the yardstick, of single cuts and together', () => {
    const { single, together } = overCuts([cutOf(60, LEARNERS, 0.5, 0.7), cutOf(90, LEARNERS, 0.7, 0.5), cutOf(120, LEARNERS, 0.5, 0.549)]);
    expect([single, together]).toEqual([
      { missed: 4, gaps: 6 },
      { missed: 0, gaps: 2 },
    ]);
    expect(overCuts([cutOf(60, LEARNERS, 0.4, 0.7), cutOf(90, LEARNERS, 0.6, 0.5)]).together).toEqual({ missed: 2, gaps: 2 });
  });

  it('are those of one presentation: of a single cut there is nothing to put together', () => {
    const { courses, single } = overCuts([cutOf(60, LEARNERS, 0.5, 0.7), cutOf(60, LEARNERS, 0.5, 0.7, '2013J')]);
    expect([courses, single.gaps]).toEqual([[], 4]);
  });

  it('weigh newcomers by how many they are', () => {
    const { newcomers } = overCuts([cutOf(2, LEARNERS, 0.5, 0.5), cutOf(6, LEARNERS, 0.5, 0.5), cutOf(60, LEARNERS, 0.5, 0.5)]);
    expect(newcomers.any).toEqual({
      learners: 8,
      ours: expect.closeTo((2 * 0.2 + 6 * 0.6) / 8, 10) as number,
      yardstick: expect.closeTo(0.25, 10) as number,
    });
    expect(overCuts([cutOf(60, LEARNERS, 0.5, 0.5)]).newcomers).toEqual({ any: null, new: null });
  });

  it('are told with their counts', () => {
    const text = overCutsText(overCuts([cutOf(5, LEARNERS, 0.5, 0.7), cutOf(90, LEARNERS, 0.7, 0.5)]));
    expect(text).toContain('AAA-2014J, 2 cuts together: what was not opened before (list new), 80 learners');
    expect(text).toContain("gaps above 0.05 and the yardstick's own: 4 of 4 of single cuts, 0 of 2 of cuts together");
    expect(text).toContain('learners in their first seven days: 5, NDCG@10 0.5000, yardstick 0.2500');
  });
});
