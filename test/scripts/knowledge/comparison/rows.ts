import fc from 'fast-check';
import type { GivenAnswer, PupilAnswers } from '../../../../scripts/knowledge/answerFile.js';
import { predictPupil, type KnowledgeModel } from '../../../../scripts/knowledge/comparison/knowledgeModel.js';
import { SeededRandom } from '../../../../scripts/synthetic/random.js';

/** Answers of a pupil, such as `1+ 1_2-`: skills, and whether they were right. */
export const rowsOf = (text: string): GivenAnswer[] =>
  text.split(' ').map((row) => ({ skills: row.slice(0, -1).split('_'), isRight: row.endsWith('+') }));

/** What a model predicts of pupils that follow each other. */
export const predictionsOf = (model: KnowledgeModel, ...pupils: readonly string[]): number[] =>
  pupils.flatMap((text) => predictPupil(model, rowsOf(text)));

export const sigmoidOf = (exponent: number): number => 1 / (1 + Math.exp(-exponent));

/** Pupils of different ability, who answer questions of three skills. */
export function somePupils(count: number, answers: number, seed = 5): PupilAnswers[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, n) => {
    const ability = 4 * random.unit() - 2;
    const given = Array.from({ length: answers }, () => {
      const skill = random.below(3);
      return { skills: [String(skill)], isRight: random.chance(sigmoidOf(ability + 1 - skill)) };
    });
    return { line: 3 * n + 1, answers: given };
  });
}

const answer = fc.record({ skills: fc.uniqueArray(fc.constantFrom('0', '1', '2'), { minLength: 1, maxLength: 2 }), isRight: fc.boolean() });
/** Some answers of a few pupils. */
export const anyPupils = (minLength: number, maxLength: number): fc.Arbitrary<GivenAnswer[][]> =>
  fc.array(fc.array(answer, { minLength: 1, maxLength: 8 }), { minLength, maxLength });
