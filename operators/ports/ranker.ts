import type { FeatureSet } from '../features/declarations.js';

/** Feature vectors, row by row, in the columns of a feature set. */
export interface FeatureMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Row r has its values at [r * columns, (r + 1) * columns); what lies behind rows * columns means nothing. */
  readonly values: Float32Array;
}

/**
 * Scores candidates: a formula, or a trained model. Synchronous and pure: the same matrix has the same scores, whatever was scored before.
 */
export interface Ranker {
  /** Version of the formula or model, as records tell it. */
  readonly version: string;
  /** The features that it reads, in the columns of the matrix. */
  readonly featureSet: FeatureSet;
  /** One score for each row at least, higher is better. The caller reads them before the next call: the array may be used again. */
  score(matrix: FeatureMatrix): Float32Array;
}
