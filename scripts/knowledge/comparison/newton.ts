/**
 * Weights of a logistic model by maximum likelihood: Newton's method, that is least squares again and again with other weights of the rows.
 *
 * @see P. McCullagh, J. Nelder, "Generalized Linear Models" (1989), section 2.5
 */
import { sigmoid } from './knowledgeModel.js';

/** Signs before an answer, and what came. */
export interface Observation {
  readonly signs: readonly number[];
  readonly isRight: boolean;
}

const MOST_ROUNDS = 25;
const SMALL = 1e-8;
/** Weights are held near 0 by so little that only a handful of answers feels it: without, a sign that parts them all would grow for ever. */
const RIDGE = 0.01;

/** One weight for each sign. @param observations - not empty */
export function fitWeights(observations: readonly Observation[]): number[] {
  let weights = observations[0]!.signs.map(() => 0);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const step = solved(...equationsOf(observations, weights));
    weights = weights.map((weight, n) => weight + step[n]!);
    if (step.every((part) => Math.abs(part) < SMALL)) break;
  }
  return weights;
}

/** Curvature and slope of the likelihood at some weights. */
function equationsOf(observations: readonly Observation[], weights: readonly number[]): [number[][], number[]] {
  const curvature = weights.map((_, n) => weights.map((_, m) => (n === m ? RIDGE : 0)));
  const slope = weights.map((weight) => -RIDGE * weight);
  for (const { signs, isRight } of observations) {
    let exponent = 0;
    for (let n = 0; n < signs.length; n++) exponent += signs[n]! * weights[n]!;
    const right = sigmoid(exponent);
    for (let n = 0; n < signs.length; n++) {
      const row = curvature[n]!;
      slope[n]! += signs[n]! * ((isRight ? 1 : 0) - right);
      for (let m = 0; m < signs.length; m++) row[m]! += right * (1 - right) * signs[n]! * signs[m]!;
    }
  }
  return [curvature, slope];
}

/** Solution of a symmetric system, by elimination: its diagonal is above 0, and stays so. */
function solved(matrix: number[][], right: number[]): number[] {
  const size = right.length;
  for (let n = 0; n < size; n++) {
    for (let m = n + 1; m < size; m++) {
      const factor = matrix[m]![n]! / matrix[n]![n]!;
      for (let k = n; k < size; k++) matrix[m]![k]! -= factor * matrix[n]![k]!;
      right[m]! -= factor * right[n]!;
    }
  }
  for (let n = size - 1; n >= 0; n--) {
    for (let k = n + 1; k < size; k++) right[n]! -= matrix[n]![k]! * right[k]!;
    right[n]! /= matrix[n]![n]!;
  }
  return right;
}
