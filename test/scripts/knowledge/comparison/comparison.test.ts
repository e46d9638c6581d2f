import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GivenAnswer } from '../../../../scripts/knowledge/answerFile.js';
import { compareModels, contenders, predictPart } from '../../../../scripts/knowledge/comparison/comparison.js';
import { predictPupil, type Contender } from '../../../../scripts/knowledge/comparison/knowledgeModel.js';
import { anyPupils, rowsOf, somePupils } from './rows.js';

const RUNS = { numRuns: 25 };
const SLOW_MS = 120_000;
const training = somePupils(8, 8);
const names = contenders.map((contender): [string, Contender] => [contender.model, contender]);

const all = (contender: Contender, pupils: readonly (readonly GivenAnswer[])[]): number[] => {
  const model = contender.fit(training);
  return pupils.flatMap((answers) => predictPupil(model, answers, contender.leaks));
};
const turned = (answer: GivenAnswer): GivenAnswer => ({ ...answer, isRight: !answer.isRight });

/** The same up to the question of a row; its answer, and all that follows, is another one, and in another order. */
function otherFuture(pupils: readonly (readonly GivenAnswer[])[], row: number): GivenAnswer[][] {
  let at = row;
  const pupil = pupils.findIndex((answers) => (at < answers.length ? true : ((at -= answers.length), false)));
  const answers = pupils[pupil]!;
  const changed = [
    ...answers.slice(0, at),
    turned(answers[at]!),
    ...answers
      .slice(at + 1)
      .map(turned)
      .reverse(),
  ];
  return [
    ...pupils.slice(0, pupil).map((before) => [...before]),
    changed,
    ...pupils
      .slice(pupil + 1)
      .map((after) => after.map(turned))
      .reverse(),
  ];
}

describe('a model of the comparison', { timeout: SLOW_MS }, () => {
  it.each(names)('%s predicts the same whatever the answer is, and those after it', (_, contender) => {
    fc.assert(
      fc.property(anyPupils(1, 4), fc.nat(), (pupils, number) => {
        const row = number % pupils.flat().length;
        expect(all(contender, otherFuture(pupils, row)).slice(0, row + 1)).toEqual(all(contender, pupils).slice(0, row + 1));
      }),
      RUNS,
    );
  });

  it.each(names)('%s predicts a pupil with parameters that the pupil has no part in', (_, contender) => {
    const pupils = somePupils(10, 6);
    // Pupils 2 and 7 are of one part. Whatever 7 answers, 2 is predicted the same, and so is the first question of 7.
    const other = pupils.map((pupil, n) => (n === 7 ? { ...pupil, answers: pupil.answers.map(turned) } : pupil));
    const [before, after] = [pupils, other].map((file) => predictPart(contender, file, 2).map(({ probability }) => probability));
    expect(before).toHaveLength(12);
    expect(after!.slice(0, 7)).toEqual(before!.slice(0, 7));
  });

  it.each(names.filter(([, { leaks }]) => !leaks))('%s hears nothing from the other rows of an answer', (_, contender) => {
    const [one, another] = ['0+ 2+', '0- 2+'].map((text) => all(contender, [rowsOf(text)]).at(-1)!);
    expect(one).toBe(another);
  });

  it('is asked before it is told, and told of the pupil only by what can be no part of the answer', () => {
    const told = (text: string, leaks?: boolean): string => {
      const calls: string[] = [];
      const model = {
        startPupil: () => void calls.push('pupil'),
        predict: (skills: readonly string[]) => calls.push(`${skills.join('_')}?`),
        update: ({ skills, isRight }: GivenAnswer) => {
          const row = `${skills.join('_')}${isRight ? '+' : '-'}`;
          calls.push(row);
          return () => void calls.push(`later ${row}`);
        },
      };
      predictPupil(model, rowsOf(text), leaks);
      return calls.join(', ');
    };
    expect(told('1+ 2+ 2+')).toBe('pupil, 1?, 1+, 2?, 2+, later 1+, later 2+, 2?, 2+');
    expect(told('1+ 2- 3-')).toBe('pupil, 1?, 1+, 2?, 2-, later 1+, 3?, 3-');
    expect(told('1+ 2+ 3+ 4+ 5+')).toBe('pupil, 1?, 1+, 2?, 2+, 3?, 3+, 4?, 4+, later 1+, 5?, 5+');
    expect(told('1+ 2+', true)).toBe('pupil, 1?, 1+, later 1+, 2?, 2+, later 2+');
  });
});

describe('the comparison', { timeout: SLOW_MS }, () => {
  it('tests every pupil once with every model, and tells how far it is', () => {
    const pupils = somePupils(23, 10);
    const steps: number[] = [];
    const rows = compareModels(pupils, ({ parts }) => steps.push(parts));
    expect(rows.map(({ model }) => model)).toEqual(contenders.map(({ model }) => model));
    expect(new Set(rows.map(({ answers }) => answers))).toEqual(new Set([230]));
    expect(steps).toEqual([...Array(5 * contenders.length).keys()]);
  });

  it('finds what helps where pupils differ in all skills alike', () => {
    const rows = compareModels(somePupils(80, 15));
    const area = (name: string): number => rows.find(({ model }) => model === name)!.auc!;
    expect(area('quiz-mastery')).toBeGreaterThan(area('rate') + 0.05);
    expect(area('elo')).toBeGreaterThan(area('bkt'));
    expect(area('quiz-mastery')).toBeGreaterThan(area('quiz-mastery-without-l'));
  });
});
