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
import { OpenRows } from './openRows.js';

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

/** One pupil. A row counts for its own skill at once, and for the pupil's level when it can be no part of the next answer. */
class Pupil {
  private readonly skills = new Map<string, Residuals>();
  private readonly open = new OpenRows<{ readonly isRight: boolean; readonly rate: number }>();
  private level: Residuals = NO_RESIDUALS;

  settle({ skills }: GivenAnswer): void {
    for (const { isRight, rate } of this.open.settledBy(skills)) this.level = withLearnerAnswer(this.level, isRight, rate);
  }

  predict({ skills, isRight }: GivenAnswer, rates: readonly number[]): Predicted {
    const probabilities = skills.map((skill, n) =>
      probabilityRight({ rate: rates[n]!, skill: this.skills.get(skill) ?? NO_RESIDUALS, learner: this.level }),
    );
    return { probability: meanOf(probabilities), rate: meanOf(rates), isRight, isFirst: !skills.some((skill) => this.skills.has(skill)) };
  }

  give(answer: GivenAnswer, rates: readonly number[]): void {
    const { skills, isRight } = answer;
    skills.forEach((skill, n) => this.skills.set(skill, withSkillAnswer(this.skills.get(skill) ?? NO_RESIDUALS, isRight, rates[n]!)));
    for (const earlier of this.open.add(answer, { isRight, rate: meanOf(rates) })) {
      this.level = withLearnerAnswer(this.level, earlier.isRight, earlier.rate);
    }
  }
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
