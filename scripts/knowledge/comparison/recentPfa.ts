/**
 * PFA that knows which answers were the last ones: with the recent share of right answers, in which each answer weighs 0.7 of the one after it, and
 * three wrong ones are supposed before the first.
 *
 * @see A. Galyardt, I. Goldin, "Move your lamp post: Recent data reflects learner knowledge better than older data" (JEDM 7(2), 2015)
 */
import type { History } from './answerHistory.js';
import { logisticContender } from './logistic.js';
import { pfaSigns } from './pfa.js';

/** Those of PFA, and the recent share. */
export const recentPfaSigns = (history: History): number[] => [...pfaSigns(history), history.recentRight / history.recentAll];

/** Its row. */
export const recentPfa = logisticContender({ model: 'r-pfa', title: 'R-PFA', signs: recentPfaSigns });
