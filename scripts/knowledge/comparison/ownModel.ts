/** The model of `quiz-mastery` with weights that are fitted as those of the others are, and what it is without each of its signs. */
import type { Residuals } from '../../../operators/knowledge/rightAnswer.js';
import type { History } from './answerHistory.js';
import { logit } from './knowledgeModel.js';
import { logisticContender } from './logistic.js';

/** As in `operators/knowledge/rightAnswer.ts`; a test holds them together. */
const SKILL = { decay: 0.7, shrinkage: 2 };
const LEARNER = { decay: 0.99, shrinkage: 10 };

const rate = (history: History): number => logit(history.rate);
const first = ({ residuals }: History): number => (residuals.answers === 0 ? 1 : 0);
const skill = ({ residuals }: History): number => meanResidual(residuals, SKILL);
const learner = (history: History): number => meanResidual(history.learner, LEARNER);

function meanResidual({ answers, sum }: Residuals, { decay, shrinkage }: typeof SKILL): number {
  return sum / ((1 - decay ** answers) / (1 - decay) + shrinkage);
}

/** Rate of the skill, whether the pupil answers it for the first time, their residuals in it, and in all skills. */
export const ownSigns = (history: History): number[] => [1, rate(history), first(history), skill(history), learner(history)];

/** Its row. */
export const ownModel = logisticContender({ model: 'quiz-mastery', title: 'this model', signs: ownSigns });

/** Its row without each sign, and with rows of one answer telling of each other. */
export const ownVariants = [
  logisticContender({ model: 'quiz-mastery-without-l', title: 'without l', signs: (history) => [1, rate(history), first(history), skill(history)] }),
  logisticContender({
    model: 'quiz-mastery-without-s',
    title: 'without s',
    signs: (history) => [1, rate(history), first(history), learner(history)],
  }),
  logisticContender({
    model: 'quiz-mastery-without-r',
    title: 'without r as a sign of its own',
    signs: (history) => [1, first(history), skill(history), learner(history)],
  }),
  logisticContender({
    model: 'quiz-mastery-leaking',
    title: 'this model, rows of one answer telling of each other',
    signs: ownSigns,
    leaks: true,
  }),
];
