/** What the logistic models predict from: answers so far, of everybody and of the pupil, each kept in constant size. */
import {
  NO_ANSWERS,
  NO_RESIDUALS,
  skillRate,
  withAnyAnswer,
  withLearnerAnswer,
  withSkillAnswer,
  type Residuals,
  type SkillAnswers,
} from '../../../operators/knowledge/rightAnswer.js';
import type { GivenAnswer } from '../answerFile.js';
import { meanOf, type Later } from './knowledgeModel.js';

/** The pupil's own answers to a skill. */
interface OwnAnswers {
  readonly right: number;
  readonly wrong: number;
  /** Right answers and all answers, each weighing {@link RECENT} of the one after it. */
  readonly recentRight: number;
  readonly recentAll: number;
  /** As `quiz-mastery` keeps them. */
  readonly residuals: Residuals;
}

/** What is known when a skill is asked. */
export interface History extends OwnAnswers {
  /** Of right answers of everybody to the skill, in (0, 1). */
  readonly rate: number;
  /** Of all answers of the pupil, as `quiz-mastery` keeps them. */
  readonly learner: Residuals;
}

const RECENT = 0.7;
/** Three wrong answers are supposed before the first, as R-PFA does: so that one right answer is no certainty. */
const NONE: OwnAnswers = { right: 0, wrong: 0, recentRight: 0, recentAll: 1 + RECENT + RECENT ** 2, residuals: NO_RESIDUALS };

/** Answers so far. */
export class AnswerHistory {
  private readonly everybody = new Map<string, SkillAnswers>();
  private own = new Map<string, OwnAnswers>();
  private pupil = { level: NO_RESIDUALS };

  /** Forgets the pupil. */
  startPupil(): void {
    this.own = new Map();
    this.pupil = { level: NO_RESIDUALS };
  }

  /** What is known of a skill. */
  of(skill: string): History {
    return { ...(this.own.get(skill) ?? NONE), rate: this.rateOf(skill), learner: this.pupil.level };
  }

  /** Takes in what an answer tells of its skills; the pupil's level follows later. */
  update({ skills, isRight }: GivenAnswer): Later {
    const rates = skills.map((skill) => this.rateOf(skill));
    skills.forEach((skill, n) => {
      this.own.set(skill, withOwnAnswer(this.own.get(skill) ?? NONE, isRight, rates[n]!));
      this.everybody.set(skill, withAnyAnswer(this.everybody.get(skill) ?? NO_ANSWERS, isRight));
    });
    const { pupil } = this;
    return () => void (pupil.level = withLearnerAnswer(pupil.level, isRight, meanOf(rates)));
  }

  private rateOf(skill: string): number {
    return skillRate(this.everybody.get(skill) ?? NO_ANSWERS);
  }
}

function withOwnAnswer({ right, wrong, recentRight, recentAll, residuals }: OwnAnswers, isRight: boolean, rate: number): OwnAnswers {
  const outcome = isRight ? 1 : 0;
  return {
    right: right + outcome,
    wrong: wrong + 1 - outcome,
    recentRight: recentRight * RECENT + outcome,
    recentAll: recentAll * RECENT + 1,
    residuals: withSkillAnswer(residuals, isRight, rate),
  };
}
