import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predictPupil } from '../../../../scripts/knowledge/comparison/knowledgeModel.js';
import { Logistic, logisticContender } from '../../../../scripts/knowledge/comparison/logistic.js';
import { fitWeights } from '../../../../scripts/knowledge/comparison/newton.js';
import { ownSigns } from '../../../../scripts/knowledge/comparison/ownModel.js';
import { pfaSigns } from '../../../../scripts/knowledge/comparison/pfa.js';
import { RateAlone } from '../../../../scripts/knowledge/comparison/rateAlone.js';
import { recentPfaSigns } from '../../../../scripts/knowledge/comparison/recentPfa.js';
import { Predictions } from '../../../../scripts/knowledge/predictions.js';
import { anyPupils, predictionsOf, rowsOf, sigmoidOf } from './rows.js';

const logitOf = (share: number): number => Math.log(share / (1 - share));

describe('the rate alone', () => {
  it('counts everybody, with five answers at 0.65 before the first', () => {
    const rates = predictionsOf(new RateAlone(), '1+ 1-', '1+ 2+');
    [0.65, 4.25 / 6, 4.25 / 7, 0.65].forEach((rate, n) => expect(rates[n]).toBeCloseTo(rate, 12));
  });
});

describe('PFA', () => {
  it('counts right and wrong answers of the pupil to the skill', () => {
    const model = new Logistic(pfaSigns, [0.1, 0.5, 0.3, -0.2]);
    const [first, second, third, fourth, next] = predictionsOf(model, '1+ 1+ 1- 1+', '1+');
    expect(first).toBeCloseTo(sigmoidOf(0.1 + 0.5 * logitOf(0.65)), 12);
    expect(second).toBeCloseTo(sigmoidOf(0.1 + 0.5 * logitOf(4.25 / 6) + 0.3 * Math.log(2)), 12);
    expect(third).toBeCloseTo(sigmoidOf(0.1 + 0.5 * logitOf(5.25 / 7) + 0.3 * Math.log(3)), 12);
    expect(fourth).toBeCloseTo(sigmoidOf(0.1 + 0.5 * logitOf(5.25 / 8) + 0.3 * Math.log(3) - 0.2 * Math.log(2)), 12);
    expect(next).toBeCloseTo(sigmoidOf(0.1 + 0.5 * logitOf(6.25 / 9)), 12);
  });

  it('with the recent share knows which answers were the last ones', () => {
    const model = new Logistic(recentPfaSigns, [0, 0, 0, 0, 1]);
    const [first, second, third] = predictionsOf(model, '1+ 1- 1+');
    expect(first).toBe(0.5);
    // Three wrong answers before the first: 1 of 1 + 0.7 + 0.49 + 0.343; then 0.7 of 1 + 0.7 x 2.533.
    expect(second).toBeCloseTo(sigmoidOf(1 / 2.533), 12);
    expect(third).toBeCloseTo(sigmoidOf(0.7 / 2.7731), 12);
  });
});

describe('this model', () => {
  it('has the signs that quiz-mastery has: with its weights it predicts the same', () => {
    fc.assert(
      fc.property(anyPupils(1, 4), (pupils) => {
        const model = new Logistic(ownSigns, [0.183, 0.979, -0.631, 2.575, 3.494]);
        const product = new Predictions();
        for (const answers of pupils) {
          const expected = [...product.of(answers)].map(({ probability }) => probability);
          predictPupil(model, answers).forEach((probability, n) => expect(probability).toBeCloseTo(expected[n]!, 10));
        }
      }),
    );
  });
});

describe('weights', () => {
  it('of groups are their logits', () => {
    const group = (sign: number, right: number, wrong: number) =>
      [...Array(right + wrong).keys()].map((n) => ({ signs: [1, sign], isRight: n < right }));
    const [base, more] = fitWeights([...group(0, 3_000, 1_000), ...group(1, 1_500, 6_000)]);
    expect(base).toBeCloseTo(Math.log(3), 3);
    expect(more).toBeCloseTo(Math.log(1 / 4) - Math.log(3), 3);
  });

  it('stay finite where a sign parts all answers', () => {
    const weights = fitWeights([true, false].map((isRight) => ({ signs: [1, isRight ? 1 : -1], isRight })));
    expect(weights[1]).toBeGreaterThan(1);
    expect(weights[1]).toBeLessThan(20);
  });

  it('are learned from what predictions see', () => {
    // A first answer is right, a second wrong: of 40 pupils.
    const pupils = Array.from({ length: 40 }, (_, n) => ({ line: 3 * n + 1, answers: rowsOf('1+ 1-') }));
    const contender = logisticContender({ model: 'x', title: 'x', signs: ({ right }) => [1, right] });
    const [first, second] = predictionsOf(contender.fit(pupils), '1+ 1+');
    expect(first).toBeGreaterThan(0.95);
    expect(second).toBeLessThan(0.05);
  });
});
