/** What every model of the comparison can do, and the one way in which it is asked: it predicts, and only then is shown the answer. */
import type { GivenAnswer, PupilAnswers } from '../answerFile.js';
import { OpenRows } from '../openRows.js';

/** What an answer tells beyond its own skills, such as a level of the pupil; done once the next row can be no part of the same answer. */
export type Later = () => void;

/** A model that goes through a file: it knows its parameters, and what it was shown since it was made. */
export interface KnowledgeModel {
  /** The next answers are of another pupil. */
  startPupil(): void;
  /** Probability that the pupil answers a question on these skills correctly. Of the answer nothing is said. */
  predict(skills: readonly string[]): number;
  /** Shows the answer to what was predicted last. What it tells of its own skills is taken in at once. */
  update(answer: GivenAnswer): Later | null;
}

/** A row of the comparison. */
export interface Contender {
  /** Name for programs. */
  readonly model: string;
  /** Name for people. */
  readonly title: string;
  /** Whether a row tells of the next even where both may be one answer. */
  readonly leaks?: true;
  /** A new model that has seen no answer, with parameters that are fitted to these pupils. */
  fit(pupils: readonly PupilAnswers[]): KnowledgeModel;
}

/** What a model predicts of each answer of its next pupil. */
export function predictPupil(model: KnowledgeModel, answers: readonly GivenAnswer[], leaks = false): number[] {
  const open = new OpenRows<Later>();
  model.startPupil();
  return answers.map((answer) => {
    for (const later of open.settledBy(answer.skills)) later();
    const probability = model.predict(answer.skills);
    const told = model.update(answer);
    if (told !== null && leaks) told();
    else for (const later of open.add(answer, told ?? nothing)) later();
    return probability;
  });
}

const nothing: Later = () => undefined;

/** Mean of what is predicted for each skill of an answer. */
export const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
/** The logistic function. */
export const sigmoid = (exponent: number): number => 1 / (1 + Math.exp(-exponent));
/** Its inverse. */
export const logit = (probability: number): number => Math.log(probability / (1 - probability));
