import type { Model, Models } from '../../../operators/ports/models.js';
import type { FeatureMatrix, ListName, Ranker, Scores } from '../../../operators/ports/ranker.js';
import { OnnxRanker } from '../../models/onnxRanker.js';
import { DRIFT_RULE, verdictOf } from './rule.js';
import { binsOf, WindowCounts, type ReferenceBins } from './windowCounts.js';

/** Windows are days (UTC) of event time: each has all hours, whatever learners do in them. */
const WINDOW_MS = 86_400_000;
/** Windows of a model that are kept: tasks are not all at the same time. */
const KEPT = 3;
/** Models that are kept. */
const MODELS = 4;
/** One row of so many is counted: a day has thousands of decisions. */
export const STEP = 4;

/** How a window compares with what its model was trained on. */
export interface DriftFigures {
  /** First instant of the window, ms of event time. */
  readonly fromMs: number;
  /** Rows that were counted. */
  readonly rows: number;
  /** Population stability index of each feature, by name. */
  readonly features: ReadonlyMap<string, number>;
  readonly scores: Readonly<Record<ListName, number>>;
  /** Features that have drifted and count. */
  readonly drifted: readonly string[];
  /** So many of them have drifted that the window has. */
  readonly isDrifted: boolean;
}

/** The windows of one model. */
interface Watched {
  readonly ranker: Ranker;
  readonly bins: ReferenceBins;
  /** By their first instants. */
  readonly windows: Map<number, WindowCounts>;
}

/**
 * Counts what rankers see, window by window, beside the decisions: it changes none of them. Memory is bounded: some windows of some models, with ten
 * counts for each feature.
 */
export class DriftWatch {
  /** By version of the ranker: equal versions have equal references. Oldest first. */
  private readonly watched = new Map<string, Watched>();
  private newestMs = -Infinity;
  private newest: Model | null = null;
  /** Event time of the decision that is being made. */
  private atMs = 0;
  private turn = 0;

  /** The same models, whose rankers are watched where training left a reference. A decision asks for its model, then for scores, in one go. */
  models(models: Models): Models {
    const known = new WeakMap<Model, Model>();
    return {
      at: (timeMs) => {
        const model = models.at(timeMs);
        this.atMs = timeMs;
        if (timeMs >= this.newestMs) [this.newestMs, this.newest] = [timeMs, model];
        let counted = known.get(model);
        if (counted === undefined) known.set(model, (counted = this.counted(model)));
        return counted;
      },
    };
  }

  /** Version of the model that made the latest decision, by event time; `null` before the first one. */
  get modelVersion(): string | null {
    return this.newest?.version ?? null;
  }

  /** The latest window that is over and has rows enough, of the model that made the latest decision; `null` where there is none. */
  figures(): DriftFigures | null {
    const watched = this.newest === null ? undefined : this.watched.get(this.newest.ranker.version);
    if (watched === undefined) return null;
    const current = windowOf(this.newestMs);
    const over = [...watched.windows].filter(([fromMs, { rows }]) => fromMs < current && rows >= DRIFT_RULE.fewestRows);
    if (over.length === 0) return null;
    return figuresOf(watched.ranker, ...over.reduce((latest, one) => (one[0] > latest[0] ? one : latest)));
  }

  private counted(model: Model): Model {
    const { ranker } = model;
    const reference = ranker instanceof OnnxRanker ? ranker.reference : null;
    if (reference === null) return model;
    const bins = binsOf(reference);
    const score = (matrix: FeatureMatrix): Scores => {
      const scores = ranker.score(matrix);
      this.count(ranker, bins, matrix, scores);
      return scores;
    };
    const { version, featureSet, contributions } = ranker;
    return { ...model, ranker: { version, featureSet, contributions, score } };
  }

  private count(ranker: Ranker, bins: ReferenceBins, matrix: FeatureMatrix, scores: Scores): void {
    // Another row comes first each time: candidates stand in an order.
    this.turn = (this.turn + 1) % STEP;
    this.windowAt(this.watchedOf(ranker, bins), windowOf(this.atMs))?.add(matrix, scores, this.turn, STEP);
  }

  private watchedOf(ranker: Ranker, bins: ReferenceBins): Watched {
    const { version } = ranker;
    const known = this.watched.get(version);
    if (known !== undefined) return known;
    const fresh = { ranker, bins, windows: new Map<number, WindowCounts>() };
    this.watched.set(version, fresh);
    if (this.watched.size > MODELS) this.watched.delete(this.watched.keys().next().value!);
    return fresh;
  }

  /** `undefined` for a window that is older than all that are kept. */
  private windowAt({ windows, bins }: Watched, fromMs: number): WindowCounts | undefined {
    const known = windows.get(fromMs);
    if (known !== undefined) return known;
    if (windows.size >= KEPT) {
      const oldest = Math.min(...windows.keys());
      if (fromMs < oldest) return undefined;
      windows.delete(oldest);
    }
    const counts = new WindowCounts(bins);
    windows.set(fromMs, counts);
    return counts;
  }
}

const windowOf = (timeMs: number): number => Math.floor(timeMs / WINDOW_MS) * WINDOW_MS;

function figuresOf({ featureSet: { declarations } }: Ranker, fromMs: number, counts: WindowCounts): DriftFigures {
  const indices = counts.featureIndices();
  const { drifted, isDrifted } = verdictOf(indices, declarations);
  return {
    fromMs,
    rows: counts.rows,
    features: new Map(declarations.map(({ name }, at) => [name, indices[at]!])),
    scores: counts.scoreIndices(),
    drifted: drifted.map((at) => declarations[at]!.name),
    isDrifted,
  };
}
