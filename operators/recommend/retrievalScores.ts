import { dot } from './dot.js';
import { foldIn } from './foldIn.js';
import type { LearnerHistory } from './learnerHistory.js';
import type { RetrievalTable } from './retrievalTable.js';

/** How well the items of a table suit what a learner used, by their numbers; NaN for an item of which nothing is known. */
export interface RetrievalScores {
  /** Products of the factors; `null` where there are none, as below. */
  readonly als: Float64Array | null;
  /** Mean weights beside what was used, and beside what was opened for the first time in the last days. */
  readonly covisits: Float64Array | null;
  readonly frontCovisits: Float64Array | null;
  /** Cosine of an item with the recent point. */
  readonly similarityOf: ((number: number) => number) | null;
  /** Where the learner is among the items: the mean of the points of what was used lately, of unit length. */
  readonly recentPoint: Float32Array | null;
}

/** Scores all items of a table, of which there are some hundreds: O(items · dimensions + uses · (dimensions² + companions)). */
export function retrievalScores(table: RetrievalTable, history: LearnerHistory): RetrievalScores {
  const recentPoint = recentPointOf(table, history);
  return {
    als: alsOf(table, history),
    covisits: covisitsOf(table, history.numbers, history.weights7d),
    frontCovisits: covisitsOf(table, history.numbers, history.isFront),
    similarityOf: recentPoint === null ? null : (number) => dot(recentPoint, table.points, number * recentPoint.length),
    recentPoint,
  };
}

function alsOf({ factors, factorRows }: RetrievalTable, { numbers, weights }: LearnerHistory): Float64Array | null {
  if (factors === null) return null;
  const rows = numbers.map((number) => (number < 0 ? -1 : factorRows[number]!));
  if (rows.every((row) => row < 0)) return null;
  const learner = foldIn(factors, rows, weights);
  const { dimensions, matrix } = factors;
  const scores = new Float64Array(factorRows.length);
  for (let number = 0; number < scores.length; number++) {
    const row = factorRows[number]!;
    scores[number] = row < 0 ? NaN : dot(learner, matrix, row * dimensions);
  }
  return scores;
}

/** @param weights - of the uses, by their order */
function covisitsOf({ companions }: RetrievalTable, numbers: Int32Array, weights: Float64Array): Float64Array | null {
  if (companions === null) return null;
  const scores = new Float64Array(companions.length);
  let sum = 0;
  for (let n = 0; n < numbers.length; n++) {
    const number = numbers[n]!;
    const weight = weights[n]!;
    if (number < 0 || weight === 0) continue;
    sum += weight;
    const { numbers: others, weights: strengths } = companions[number]!;
    for (let m = 0; m < others.length; m++) scores[others[m]!]! += weight * strengths[m]!;
  }
  if (sum === 0) return null;
  for (let number = 0; number < scores.length; number++) scores[number]! /= sum;
  return scores;
}

function recentPointOf({ embeddings, points }: RetrievalTable, { numbers, weights7d }: LearnerHistory): Float32Array | null {
  if (embeddings === null) return null;
  const { dimensions } = embeddings;
  const sums = new Float64Array(dimensions);
  for (let n = 0; n < numbers.length; n++) {
    const at = numbers[n]! * dimensions;
    const weight = weights7d[n]!;
    if (at < 0 || weight === 0) continue;
    for (let d = 0; d < dimensions; d++) sums[d]! += weight * points[at + d]!;
  }
  const length = Math.hypot(...sums);
  return length > 0 ? Float32Array.from(sums, (value) => value / length) : null;
}
