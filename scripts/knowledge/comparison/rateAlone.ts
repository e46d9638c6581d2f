/** The rate of the skill alone: what is predicted of anybody. */
import { NO_ANSWERS, skillRate, withAnyAnswer, type SkillAnswers } from '../../../operators/knowledge/rightAnswer.js';
import type { GivenAnswer } from '../answerFile.js';
import { meanOf, type Contender, type KnowledgeModel } from './knowledgeModel.js';

/** Share of right answers of everybody to the skill so far; nothing is fitted. */
export class RateAlone implements KnowledgeModel {
  private readonly skills = new Map<string, SkillAnswers>();

  startPupil(): void {
    // Whoever answers.
  }

  predict(skills: readonly string[]): number {
    return meanOf(skills.map((skill) => skillRate(this.skills.get(skill) ?? NO_ANSWERS)));
  }

  update({ skills, isRight }: GivenAnswer): null {
    for (const skill of skills) this.skills.set(skill, withAnyAnswer(this.skills.get(skill) ?? NO_ANSWERS, isRight));
    return null;
  }
}

/** Its row. */
export const rateAlone: Contender = { model: 'rate', title: 'rate of the skill alone', fit: () => new RateAlone() };
