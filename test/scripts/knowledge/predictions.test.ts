import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Predictions } from '../../../scripts/knowledge/predictions.js';
import { areaInterval, areaUnderCurve, calibrationOf, logLoss } from '../../../scripts/knowledge/quality.js';
import type { GivenAnswer } from '../../../scripts/knowledge/answerFile.js';
import { SeededRandom } from '../../../scripts/synthetic/random.js';

const probabilities = (pupils: readonly (readonly GivenAnswer[])[]): number[] => {
  const predictions = new Predictions();
  return pupils.flatMap((answers) => [...predictions.of(answers)].map(({ probability }) => probability));
};
const rows = (text: string): GivenAnswer[] => text.split(' ').map((row) => ({ skills: row.slice(0, -1).split('_'), isRight: row.endsWith('+') }));

const answer = fc.record({ skills: fc.uniqueArray(fc.constantFrom('1', '2', '3'), { minLength: 1, maxLength: 2 }), isRight: fc.boolean() });
const pupilsOf = fc.array(fc.array(answer, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });

describe('predictions', () => {
  it('do not change when an answer, or one after it, does', () => {
    fc.assert(
      fc.property(pupilsOf, fc.nat(), (pupils, at) => {
        const count = pupils.flat().length;
        const from = at % count;
        let place = 0;
        const other = pupils.map((answers) => answers.map((one) => (place++ >= from ? { ...one, isRight: !one.isRight } : one)));
        expect(probabilities(other).slice(0, from + 1)).toEqual(probabilities(pupils).slice(0, from + 1));
      }),
    );
  });

  it('tell nothing of an answer from its rows for other skills', () => {
    // One answer, written as two rows: the second is predicted as if the first had not come.
    const [, second] = probabilities([rows('1+ 2+')]);
    const [, secondOfWrong] = probabilities([rows('1- 2-')]);
    expect(second).toBe(secondOfWrong);
    expect(second).toBe(probabilities([rows('2+')])[0]);
  });

  it('use the level of the pupil once rows can be no part of the answer', () => {
    const [, , right] = probabilities([rows('1+ 1+ 2+')]);
    const [, , wrong] = probabilities([rows('1- 1- 2+')]);
    expect(right).toBeGreaterThan(wrong!);
    // A right row and a wrong one are two answers: the first of them counts.
    const mixed = probabilities([rows('1- 2+ 3+')]);
    expect(mixed[2]).toBeLessThan(mixed[1]!);
  });

  it('take the mean of the skills of one answer', () => {
    const before = rows('1+ 1+ 2- 2-');
    const last = (text: string): number => probabilities([[...before, ...rows(text)]]).at(-1)!;
    expect(last('1_3+')).toBeCloseTo((last('1+') + last('3+')) / 2, 12);
  });

  it('find the better of two pupils where the truth is known', () => {
    const random = new SeededRandom(7);
    const abilities = Array.from({ length: 300 }, () => 4 * random.unit() - 2);
    const difficulties = Array.from({ length: 5 }, () => 2 * random.unit() - 1);
    const predictions = new Predictions();
    const scored = abilities.flatMap((ability, group) => {
      const answers = Array.from({ length: 40 }, () => {
        const skill = random.below(difficulties.length);
        return { skills: [String(skill)], isRight: random.chance(1 / (1 + Math.exp(difficulties[skill]! - ability))) };
      });
      const truth = answers.map(({ skills }) => 1 / (1 + Math.exp(difficulties[Number(skills[0])]! - ability)));
      return [...predictions.of(answers)].map((one, n) => ({ ...one, group, truth: truth[n]! }));
    });
    const area = areaUnderCurve(scored)!;
    const best = areaUnderCurve(scored.map((one) => ({ ...one, probability: one.truth })))!;
    const rate = areaUnderCurve(scored.map((one) => ({ ...one, probability: one.rate })))!;
    // Half of the way from what everybody gets to what nobody can beat.
    expect(area).toBeGreaterThan((rate + best) / 2);
    expect(area).toBeLessThan(best);
  });
});

describe('quality', () => {
  const scored = (text: string) =>
    text.split(' ').map((one, group) => ({ probability: Number(one.slice(0, -1)), isRight: one.endsWith('+'), group }));

  it('computes the area by pairs, ties counting half', () => {
    // Pairs (right, wrong): 0.8 beats 0.3 and 0.6; 0.6 beats 0.3 and ties with 0.6: 3.5 of 4.
    expect(areaUnderCurve(scored('0.8+ 0.3- 0.6+ 0.6-'))).toBe(0.875);
    expect(areaUnderCurve(scored('0.8+ 0.3+'))).toBeNull();
    expect(areaUnderCurve([])).toBeNull();
  });

  it('computes log loss and calibration', () => {
    expect(logLoss(scored('0.8+ 0.25-'))).toBeCloseTo(-(Math.log(0.8) + Math.log(0.75)) / 2, 12);
    expect(calibrationOf(scored('0.11+ 0.15- 0.95+'))).toEqual([
      { from: 0.1, answers: 2, predicted: 0.13, right: 0.5 },
      { from: 0.9, answers: 1, predicted: 0.95, right: 1 },
    ]);
  });

  it('gives an interval that holds the area of the sample', () => {
    const random = new SeededRandom(3);
    const many = Array.from({ length: 400 }, (_, n) => {
      const probability = random.unit();
      return { probability, isRight: random.chance(probability), group: n % 40 };
    });
    const [low, high] = areaInterval(many, 40, new SeededRandom(1))!;
    const area = areaUnderCurve(many)!;
    expect(low).toBeLessThan(area);
    expect(high).toBeGreaterThan(area);
  });
});
