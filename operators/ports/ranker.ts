import type { FeatureSet } from '../features/declarations.js';

/** Feature vectors, row by row, in the columns of a feature set. */
export interface FeatureMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Row r has its values at [r * columns, (r + 1) * columns); what lies behind rows * columns means nothing. */
  readonly values: Float32Array;
}

/** The two lists of a course: whatever is best to do next, and what was not opened before. */
export type ListName = 'next' | 'new';

/** Both lists. */
export const LISTS: readonly ListName[] = ['next', 'new'];

/** Scores of the rows of a matrix for each list, higher is better; not comparable across lists. May be the same array twice. */
export type Scores = Readonly<Record<ListName, Float32Array>>;

/**
 * Scores candidates: a formula, or a trained model. Synchronous and pure: the same matrix has the same scores, whatever was scored before.
 */
export interface Ranker {
  /** Version of the formula or model, as records tell it. */
  readonly version: string;
  /** The features that it reads, in the columns of the matrix. */
  readonly featureSet: FeatureSet;
  /** One score for each row at least. The caller reads them before the next call: the arrays may be used again. */
  score(matrix: FeatureMatrix): Scores;
  /**
   * What each feature of a row added to its score, by column; with the model's constant they make the score. `null` for rankers that cannot say.
   * The caller reads them before the next call.
   */
  readonly contributions: ((matrix: FeatureMatrix, row: number, list: ListName) => Float64Array) | null;
}
