/** Predicts each answer of a file from the answers before it, with the model that `quiz-mastery` keeps. */
import {
  NO_ANSWERS,
  NO_RESIDUALS,
  probabilityRight,
  skillRate,
  withAnyAnswer,
  withLearnerAnswer,
  withSkillAnswer,
  type Residuals,
  type SkillAnswers,
} from '../../operators/knowledge/rightAnswer.js';
import type { GivenAnswer } from './answerFile.js';

/** What was predicted of an answer, and what came. */
export interface Predicted {
  /** Probability that the answer is right. */
  readonly probability: number;
  /** Rate of its skill at that time: what would be predicted of anybody. */
  readonly rate: number;
  readonly isRight: boolean;
  /** Whether the pupil had not answered this skill before. */
  readonly isFirst: boolean;
}

/** The public sequences give an answer of several skills as one row for each of them; none has more than four. */
const MOST_SKILLS = 4;

/** An answer of which it is not sure yet that the next row is another one. */
interface Open {
  readonly answer: GivenAnswer;
  readonly rate: number;
}

/** Everybody's answers so far. Pupils follow one another: each is predicted with what those before them answered. */
export class Predictions {
  private readonly skills = new Map<string, SkillAnswers>();

  /** Names of the skills met so far. */
  get skillCount(): number {
    return this.skills.size;
  }

  /** What is predicted of each answer of a pupil, from what was answered before it. */
  *of(answers: readonly GivenAnswer[]): Generator<Predicted, void, undefined> {
    const pupil = new Pupil();
    for (const answer of answers) {
      pupil.settle(answer);
      const rates = answer.skills.map((skill) => skillRate(this.skills.get(skill) ?? NO_ANSWERS));
      yield pupil.predict(answer, rates);
      pupil.give(answer, rates);
      for (const skill of answer.skills) this.skills.set(skill, withAnyAnswer(this.skills.get(skill) ?? NO_ANSWERS, answer.isRight));
    }
  }
}

/**
 * One pupil. Rows that follow each other may be one answer, given once for each of its skills: who predicts the second from the first has seen
 * what is to be predicted (X. Xiong et al., "Going deeper with deep knowledge tracing", EDM 2016). The file does not say which rows these are, so every
 * row that could belong to the answer stays open: it counts for its own skill, and for the pupil's level only when it can be no part of the next answer.
 */
class Pupil {
  private readonly skills = new Map<string, Residuals>();
  private level: Residuals = NO_RESIDUALS;
  private open: Open[] = [];

  /** Counts what cannot be one answer with the next row: rows of one answer have different skills, and there are four at most. */
  settle({ skills }: GivenAnswer): void {
    let kept = this.open.length;
    const first = Math.max(0, this.open.length - (MOST_SKILLS - 1));
    while (kept > first && !this.open[kept - 1]!.answer.skills.some((skill) => skills.includes(skill))) kept--;
    this.close(kept);
  }

  predict({ skills, isRight }: GivenAnswer, rates: readonly number[]): Predicted {
    const probabilities = skills.map((skill, n) =>
      probabilityRight({ rate: rates[n]!, skill: this.skills.get(skill) ?? NO_RESIDUALS, learner: this.level }),
    );
    return { probability: meanOf(probabilities), rate: meanOf(rates), isRight, isFirst: !skills.some((skill) => this.skills.has(skill)) };
  }

  give(answer: GivenAnswer, rates: readonly number[]): void {
    const { skills, isRight } = answer;
    // One answer is right or wrong for all of its skills.
    if (this.open.at(-1)?.answer.isRight !== isRight) this.close(this.open.length);
    skills.forEach((skill, n) => this.skills.set(skill, withSkillAnswer(this.skills.get(skill) ?? NO_RESIDUALS, isRight, rates[n]!)));
    this.open.push({ answer, rate: meanOf(rates) });
  }

  private close(count: number): void {
    for (const { answer, rate } of this.open.splice(0, count)) this.level = withLearnerAnswer(this.level, answer.isRight, rate);
  }
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
