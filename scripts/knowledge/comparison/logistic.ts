/** Logistic models: P(right) = sigmoid(weights . signs), where the signs of a skill follow from the answers before. */
import type { GivenAnswer, PupilAnswers } from '../answerFile.js';
import { AnswerHistory, type History } from './answerHistory.js';
import { meanOf, predictPupil, sigmoid, type Contender, type KnowledgeModel, type Later } from './knowledgeModel.js';
import { fitWeights, type Observation } from './newton.js';

/** The signs of a skill that is asked; always as many. */
export type Signs = (history: History) => readonly number[];

/** A model with its weights, one for each sign. */
export class Logistic implements KnowledgeModel {
  private readonly history = new AnswerHistory();

  constructor(
    private readonly signs: Signs,
    private readonly weights: readonly number[],
  ) {}

  startPupil(): void {
    this.history.startPupil();
  }

  predict(skills: readonly string[]): number {
    return meanOf(skills.map((skill) => sigmoid(this.signs(this.history.of(skill)).reduce((sum, sign, n) => sum + sign * this.weights[n]!, 0))));
  }

  update(answer: GivenAnswer): Later {
    return this.history.update(answer);
  }
}

/** Goes through the pupils as the model does, and keeps the signs of each answer with its outcome: weights learn from what predictions see. */
class Recorder implements KnowledgeModel {
  readonly observations: Observation[] = [];
  private readonly history = new AnswerHistory();
  private asked: readonly (readonly number[])[] = [];

  constructor(private readonly signs: Signs) {}

  startPupil(): void {
    this.history.startPupil();
  }

  predict(skills: readonly string[]): number {
    this.asked = skills.map((skill) => this.signs(this.history.of(skill)));
    return NaN;
  }

  update(answer: GivenAnswer): Later {
    for (const signs of this.asked) this.observations.push({ signs, isRight: answer.isRight });
    return this.history.update(answer);
  }
}

/** The row of a logistic model: weights by maximum likelihood. */
export function logisticContender({ signs, ...names }: Omit<Contender, 'fit'> & { readonly signs: Signs }): Contender {
  const fit = (pupils: readonly PupilAnswers[]): KnowledgeModel => {
    const recorder = new Recorder(signs);
    for (const { answers } of pupils) predictPupil(recorder, answers, names.leaks);
    return new Logistic(signs, fitWeights(recorder.observations));
  };
  return { ...names, fit };
}
