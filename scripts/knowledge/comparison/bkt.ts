/**
 * Bayesian knowledge tracing: a pupil knows a skill or does not, learns it at any answer, and never forgets it. Who knows it may slip, who does not
 * may guess. Skills have nothing to do with each other, nor have pupils.
 *
 * @see A. Corbett, J. Anderson, "Knowledge tracing: Modeling the acquisition of procedural knowledge" (User Modeling and User-Adapted
 * Interaction 4, 1995)
 */
import type { GivenAnswer } from '../answerFile.js';
import { meanOf, type KnowledgeModel } from './knowledgeModel.js';

/** Probabilities of a skill. */
export interface BktParameters {
  /** That it is known before the first answer. */
  readonly known: number;
  /** That it is learnt at an answer. */
  readonly learn: number;
  /** That who does not know it answers right. */
  readonly guess: number;
  /** That who knows it answers wrong. */
  readonly slip: number;
}

/** What is supposed of a skill that no pupil of the training part has answered. */
export const USUAL: BktParameters = { known: 0.5, learn: 0.1, guess: 0.2, slip: 0.1 };

/** Probability of a right answer. @param known - probability that the skill is known */
export const bktRight = (known: number, { guess, slip }: BktParameters): number => known * (1 - slip) + (1 - known) * guess;

/** Probability that the skill is known after an answer: what the answer says of it, and that it may have been learnt there. */
export function bktKnown(known: number, isRight: boolean, parameters: BktParameters): number {
  const { learn, slip } = parameters;
  const right = bktRight(known, parameters);
  const shown = isRight ? (known * (1 - slip)) / right : (known * slip) / (1 - right);
  return shown + (1 - shown) * learn;
}

/** The model with the parameters of each skill. */
export class Bkt implements KnowledgeModel {
  private known = new Map<string, number>();

  constructor(private readonly parameters: ReadonlyMap<string, BktParameters>) {}

  startPupil(): void {
    this.known = new Map();
  }

  predict(skills: readonly string[]): number {
    return meanOf(skills.map((skill) => bktRight(this.knownOf(skill), this.of(skill))));
  }

  update({ skills, isRight }: GivenAnswer): null {
    for (const skill of skills) this.known.set(skill, bktKnown(this.knownOf(skill), isRight, this.of(skill)));
    return null;
  }

  private of(skill: string): BktParameters {
    return this.parameters.get(skill) ?? USUAL;
  }

  private knownOf(skill: string): number {
    return this.known.get(skill) ?? this.of(skill).known;
  }
}
