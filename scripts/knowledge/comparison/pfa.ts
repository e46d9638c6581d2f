/**
 * Performance factors analysis: a logistic model of how often the pupil answered the skill right and wrong before. In the paper each skill has an
 * ease and two weights of its own; here the ease is the rate of the skill, which moves with every answer, the weights are the same for all skills,
 * and counts are taken as logarithms, because the tenth right answer says less than the first.
 *
 * @see P. Pavlik, H. Cen, K. Koedinger, "Performance factors analysis: A new alternative to knowledge tracing" (AIED 2009)
 */
import type { History } from './answerHistory.js';
import { logit } from './knowledgeModel.js';
import { logisticContender } from './logistic.js';

/** Rate, and ln of 1 + the right answers and of 1 + the wrong ones. */
export const pfaSigns = ({ rate, right, wrong }: History): number[] => [1, logit(rate), Math.log1p(right), Math.log1p(wrong)];

/** Its row. */
export const pfa = logisticContender({ model: 'pfa', title: 'PFA', signs: pfaSigns });
