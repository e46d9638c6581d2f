import type { FeatureSet } from '../../operators/features/declarations.js';
import type { FeatureMatrix, ListName, Ranker, Scores } from '../../operators/ports/ranker.js';
import type { Contributions } from './contributions.js';
import type { Reference } from './reference.js';
import type { ScoringThread } from './scoringThread.js';

/** A pair of trained rankers, scored by the ONNX runtime on another thread, and explained by their trees. */
export class OnnxRanker implements Ranker {
  /** @param place - the thread, and which of its pairs this is */
  constructor(
    readonly version: string,
    readonly featureSet: FeatureSet,
    private readonly place: { readonly thread: ScoringThread; readonly pair: number },
    private readonly explain: Readonly<Record<ListName, Contributions>>,
    /** How its features were distributed in training, and its scores; `null` where training did not say. */
    readonly reference: Reference | null = null,
  ) {}

  /** @throws what {@link ScoringThread.score} throws */
  score(matrix: FeatureMatrix): Scores {
    return this.place.thread.score(this.place.pair, matrix);
  }

  readonly contributions = (matrix: FeatureMatrix, row: number, list: ListName): Float64Array => this.explain[list].of(matrix, row);
}
