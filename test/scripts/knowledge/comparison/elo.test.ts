import { describe, expect, it } from 'vitest';
import { Elo, type EloConstants } from '../../../../scripts/knowledge/comparison/elo.js';
import { fitElo } from '../../../../scripts/knowledge/comparison/eloFit.js';
import { predictPupil } from '../../../../scripts/knowledge/comparison/knowledgeModel.js';
import { predictionsOf, sigmoidOf, somePupils } from './rows.js';

const CONSTANTS: EloConstants = {
  pupil: { first: 0.4, decay: 1 },
  pupilSkill: { first: 0.2, decay: 0 },
  skill: { first: 1, decay: 0 },
  difficulty: 0,
};

describe('Elo', () => {
  it('moves three levels by what came less what was predicted', () => {
    const [first, second, third, next] = predictionsOf(new Elo(CONSTANTS), '1+ 1- 1+', '1+');
    expect(first).toBe(0.5);
    // Surprise 0.5: pupil 0.2, pupil in the skill 0.1, difficulty -0.5.
    expect(second).toBeCloseTo(sigmoidOf(0.8), 12);
    // Surprise -0.6900; the pupil's second step is half as long: 0.2, beside 0.2 and 1.
    expect(third).toBeCloseTo(sigmoidOf(0.8 - 1.4 * sigmoidOf(0.8)), 12);
    // Another pupil meets the difficulty alone.
    const surprises = 0.5 - second! + (1 - third!);
    expect(next).toBeCloseTo(sigmoidOf(surprises), 12);
  });

  it('lets a row tell of another skill only when both can be no answer together', () => {
    const [, second] = predictionsOf(new Elo(CONSTANTS), '1+ 2+');
    expect(second).toBe(0.5);
    const [, , third] = predictionsOf(new Elo(CONSTANTS), '1+ 2- 3+');
    // The right row was another answer than the wrong one: the pupil rose by 0.4 x 0.5.
    expect(third).toBeCloseTo(sigmoidOf(0.2), 12);
  });

  it('is fitted to predict better than before', () => {
    const pupils = somePupils(200, 20);
    const fitted = fitElo(pupils);
    const loss = (constants: EloConstants): number => {
      const model = new Elo(constants);
      return pupils
        .flatMap(({ answers }) => predictPupil(model, answers).map((right, n) => -Math.log(answers[n]!.isRight ? right : 1 - right)))
        .reduce((sum, one) => sum + one, 0);
    };
    const step = { first: 0.5, decay: 0.05 };
    expect(loss(fitted)).toBeLessThan(loss({ pupil: step, pupilSkill: step, skill: { first: 1, decay: 0.05 }, difficulty: -0.62 }) * 0.99);
    // Pupils differ there, in all skills alike.
    expect(fitted.pupil.first).toBeGreaterThan(fitted.pupilSkill.first);
  });
});
