import { describe, expect, it } from 'vitest';
import {
  NO_ANSWERS,
  NO_RESIDUALS,
  probabilityRight,
  skillRate,
  withAnyAnswer,
  withLearnerAnswer,
  withSkillAnswer,
  type Residuals,
} from '../../../operators/knowledge/rightAnswer.js';

/** A learner who answers one skill of this rate. */
function after(answers: readonly boolean[], rate = 0.65): { readonly skill: Residuals; readonly learner: Residuals } {
  let [skill, learner] = [NO_RESIDUALS, NO_RESIDUALS];
  for (const right of answers) {
    skill = withSkillAnswer(skill, right, rate);
    learner = withLearnerAnswer(learner, right, rate);
  }
  return { skill, learner };
}
const predicted = (answers: readonly boolean[], rate = 0.65): number => probabilityRight({ rate, ...after(answers, rate) });

describe('the probability of a right answer', () => {
  it('rests on the rate of the skill before the first answer', () => {
    const logit = 0.183 - 0.631 + 0.979 * Math.log(0.8 / 0.2);
    expect(predicted([], 0.8)).toBeCloseTo(1 / (1 + Math.exp(-logit)), 12);
    expect(skillRate(NO_ANSWERS)).toBe(0.65);
    expect(skillRate([true, true, false].reduce(withAnyAnswer, NO_ANSWERS))).toBeCloseTo((2 + 0.65 * 5) / 8, 12);
  });

  it('keeps the decayed sum of residuals in two numbers', () => {
    const rate = 0.6;
    const { skill, learner } = after([true, false, true], rate);
    expect(skill).toEqual({ answers: 3, sum: expect.closeTo(0.4 * 0.49 - 0.6 * 0.7 + 0.4, 12) as number });
    expect(learner.sum).toBeCloseTo(0.4 * 0.99 ** 2 - 0.6 * 0.99 + 0.4, 12);
  });

  it('rises with right answers, falls with wrong ones, and the last ones weigh most', () => {
    const rising = [1, 2, 5, 10, 20].map((count) => predicted(Array<boolean>(count).fill(true)));
    const falling = [1, 2, 5, 10, 20].map((count) => predicted(Array<boolean>(count).fill(false)));
    expect(rising).toEqual([...rising].sort((a, b) => a - b));
    expect(falling).toEqual([...falling].sort((a, b) => b - a));
    expect(predicted([false, false, true, true])).toBeGreaterThan(predicted([true, true, false, false]));
  });

  it('stays a probability however long a learner answers', () => {
    for (const right of [true, false]) {
      for (const rate of [1e-6, 0.5, 1 - 1e-6]) {
        const probability = predicted(Array<boolean>(5_000).fill(right), rate);
        expect(probability).toBeGreaterThan(0);
        expect(probability).toBeLessThan(1);
      }
    }
  });
});
