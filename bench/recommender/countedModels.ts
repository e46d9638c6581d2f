/** Models that count what is decided with them. */
import type { Model, Models } from '../../operators/recommend/index.js';

/** The same models, with the decisions made by them and the candidates that were ranked, so far. */
export interface CountedModels {
  readonly models: Models;
  decisions: number;
  rows: number;
}

/** Wraps models of which a decision asks once; one whose record is tried again counts again. */
export function counted(models: Models): CountedModels {
  const wrapped = new WeakMap<Model, Model>();
  const counting: CountedModels = {
    decisions: 0,
    rows: 0,
    models: {
      at: (timeMs) => {
        counting.decisions++;
        const model = models.at(timeMs);
        let known = wrapped.get(model);
        if (known === undefined) wrapped.set(model, (known = { ...model, ranker: countedRanker(model.ranker) }));
        return known;
      },
    },
  };
  const countedRanker = (ranker: Model['ranker']): Model['ranker'] => ({
    version: ranker.version,
    featureSet: ranker.featureSet,
    contributions: ranker.contributions,
    score: (matrix) => {
      counting.rows += matrix.rows;
      return ranker.score(matrix);
    },
  });
  return counting;
}
