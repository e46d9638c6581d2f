/**
 * Online knowledge tracing: how probably a learner answers the next question on a skill correctly. A logistic model over three signs, each of
 * constant size: how easy the skill is to everybody, how the learner's last answers to it differed from that, and how all their answers did.
 *
 * P(right) = sigmoid(BIAS + RATE ln(r / (1 - r)) + SKILL s + LEARNER l), and + FIRST before the first answer to the skill, where r is the rate
 * of the skill, and s and l are the mean residuals (right - r) of the learner, decayed and shrunk towards 0.
 *
 * @see P. Pavlik, H. Cen, K. Koedinger, "Performance factors analysis" (AIED 2009), the logistic model over earlier answers
 * @see A. Galyardt, I. Goldin, "Move your lamp post: Recent data reflects learner knowledge better than older data" (JEDM 7(2), 2015), the decay
 * @see R. Pelánek, "Applications of the Elo rating system in adaptive educational systems" (Computers & Education 98, 2016), one level beside those of skills
 */

/** Answers of everybody to a skill. */
export interface SkillAnswers {
  /** Unit: count. */
  readonly answers: number;
  /** How many of them were right. */
  readonly right: number;
}

/** How the answers of one learner differed from what the rates of their skills let expect. */
export interface Residuals {
  /** Unit: count. */
  readonly answers: number;
  /** Sum of (right - rate), each weighing the decay times as much as the one after it. */
  readonly sum: number;
}

/** What a prediction rests on. */
export interface Signs {
  /** Rate of right answers of everybody to the skill, in (0, 1): see {@link skillRate}. */
  readonly rate: number;
  /** Of the learner's answers to the skill. */
  readonly skill: Residuals;
  /** Of all answers of the learner. */
  readonly learner: Residuals;
}

/** Nothing is known of a skill. */
export const NO_ANSWERS: SkillAnswers = Object.freeze({ answers: 0, right: 0 });
/** Nothing is known of a learner. */
export const NO_RESIDUALS: Residuals = Object.freeze({ answers: 0, sum: 0 });

/** What is supposed of a skill before its first answer, and how many answers that weighs. */
const PRIOR = { rate: 0.65, answers: 5 };
/** How much a residual still weighs when the next one comes, and how many residuals of 0 it is shrunk by. */
const SKILL = { decay: 0.7, shrinkage: 2 };
const LEARNER = { decay: 0.99, shrinkage: 10 };
/** Fitted by maximum likelihood: docs/explanation/mastery.md says on what. */
const WEIGHTS = { bias: 0.183, rate: 0.979, first: -0.631, skill: 2.575, learner: 3.494 };

/** Rate of right answers of everybody to a skill, shrunk towards 0.65; in (0, 1). */
export const skillRate = ({ answers, right }: SkillAnswers): number => (right + PRIOR.rate * PRIOR.answers) / (answers + PRIOR.answers);

/** One answer more of anybody to a skill. */
export const withAnyAnswer = ({ answers, right }: SkillAnswers, isRight: boolean): SkillAnswers => ({
  answers: answers + 1,
  right: right + (isRight ? 1 : 0),
});

/** One answer more of a learner to the skill. @param rate - of the skill before this answer */
export const withSkillAnswer = (before: Residuals, isRight: boolean, rate: number): Residuals => added(before, isRight, rate, SKILL.decay);

/** One answer more of a learner, to any skill. @param rate - of the skill before this answer */
export const withLearnerAnswer = (before: Residuals, isRight: boolean, rate: number): Residuals => added(before, isRight, rate, LEARNER.decay);

/**
 * Probability that the learner answers the next question on the skill correctly.
 *
 * @example
 * probabilityRight({ rate: 0.65, skill: NO_RESIDUALS, learner: NO_RESIDUALS }) // 0.54
 */
export function probabilityRight({ rate, skill, learner }: Signs): number {
  const first = skill.answers === 0 ? WEIGHTS.first : 0;
  const own = WEIGHTS.skill * meanOf(skill, SKILL) + WEIGHTS.learner * meanOf(learner, LEARNER);
  return 1 / (1 + Math.exp(-(WEIGHTS.bias + WEIGHTS.rate * Math.log(rate / (1 - rate)) + first + own)));
}

const added = ({ answers, sum }: Residuals, isRight: boolean, rate: number, decay: number): Residuals => ({
  answers: answers + 1,
  sum: sum * decay + (isRight ? 1 : 0) - rate,
});

/** What n residuals weigh together is known from their number: 1 + decay + ... + decay^(n - 1). */
function meanOf({ answers, sum }: Residuals, { decay, shrinkage }: typeof SKILL): number {
  return sum / ((1 - decay ** answers) / (1 - decay) + shrinkage);
}
