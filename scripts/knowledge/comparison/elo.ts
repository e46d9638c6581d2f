/**
 * Elo: each answer is a match of a pupil against a skill. P(right) = sigmoid(level of the pupil + level of the pupil in the skill - difficulty of
 * the skill); after it, each of the three moves by its step times what came less what was predicted. A step gets smaller with the number of
 * answers n that it rests on: first / (1 + decay n).
 *
 * @see R. Pelánek, "Applications of the Elo rating system in adaptive educational systems" (Computers & Education 98, 2016)
 */
import type { GivenAnswer } from '../answerFile.js';
import { meanOf, sigmoid, type KnowledgeModel, type Later } from './knowledgeModel.js';

/** How far a level moves. */
export interface Step {
  readonly first: number;
  readonly decay: number;
}

/** The constants. */
export interface EloConstants {
  readonly pupil: Step;
  readonly pupilSkill: Step;
  readonly skill: Step;
  /** Difficulty of a skill before its first answer. */
  readonly difficulty: number;
}

interface Level {
  value: number;
  answers: number;
}

/** The model with its constants. */
export class Elo implements KnowledgeModel {
  private readonly difficulties = new Map<string, Level>();
  private pupilSkills = new Map<string, Level>();
  private pupil: Level = { value: 0, answers: 0 };

  constructor(private readonly constants: EloConstants) {}

  startPupil(): void {
    this.pupilSkills = new Map();
    this.pupil = { value: 0, answers: 0 };
  }

  predict(skills: readonly string[]): number {
    return meanOf(skills.map((skill) => this.rightOf(skill)));
  }

  update({ skills, isRight }: GivenAnswer): Later {
    const outcome = isRight ? 1 : 0;
    const { pupil, constants } = this;
    const surprises = skills.map((skill) => outcome - this.rightOf(skill));
    skills.forEach((skill, n) => {
      moved(levelOf(this.pupilSkills, skill, 0), surprises[n]!, constants.pupilSkill);
      moved(levelOf(this.difficulties, skill, constants.difficulty), -surprises[n]!, constants.skill);
    });
    return () => moved(pupil, meanOf(surprises), constants.pupil);
  }

  private rightOf(skill: string): number {
    const difficulty = this.difficulties.get(skill)?.value ?? this.constants.difficulty;
    return sigmoid(this.pupil.value + (this.pupilSkills.get(skill)?.value ?? 0) - difficulty);
  }
}

function levelOf(levels: Map<string, Level>, skill: string, start: number): Level {
  const level = levels.get(skill) ?? { value: start, answers: 0 };
  if (level.answers === 0) levels.set(skill, level);
  return level;
}

function moved(level: Level, surprise: number, { first, decay }: Step): void {
  level.value += (first / (1 + decay * level.answers)) * surprise;
  level.answers++;
}
