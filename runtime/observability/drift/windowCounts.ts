import { LISTS, type FeatureMatrix, type ListName, type Scores } from '../../../operators/ports/ranker.js';
import type { Distribution, Reference } from '../../models/reference.js';
import { psi } from './psi.js';

/** Most edges of a distribution: those between tenths. */
const EDGES = 9;
const BINS = EDGES + 1;

/** Edges of all distributions one after the other, filled up with infinity: every distribution has its bins at the same distance. */
export class Bins {
  readonly edges: Float64Array;

  constructor(readonly distributions: readonly Distribution[]) {
    this.edges = new Float64Array(distributions.length * EDGES).fill(Infinity);
    distributions.forEach(({ edges }, at) => this.edges.set(edges.slice(0, EDGES), at * EDGES));
  }
}

/** The bins of a reference. */
export interface ReferenceBins {
  readonly features: Bins;
  readonly scores: Bins;
}

/** @returns what {@link WindowCounts} counts into */
export const binsOf = ({ features, scores }: Reference): ReferenceBins => ({
  features: new Bins(features),
  scores: new Bins(LISTS.map((list) => scores[list])),
});

/** How often each feature, and each score, fell into each bin of a reference. */
export class WindowCounts {
  rows = 0;
  private readonly features: Uint32Array;
  private readonly scores: Uint32Array;

  constructor(private readonly bins: ReferenceBins) {
    this.features = new Uint32Array(bins.features.distributions.length * BINS);
    this.scores = new Uint32Array(LISTS.length * BINS);
  }

  /** Counts the rows `first`, `first + step` and so on: O(rows / step * columns). */
  add({ rows, columns, values }: FeatureMatrix, scores: Scores, first: number, step: number): void {
    const { edges } = this.bins.features;
    const counts = this.features;
    for (let row = first; row < rows; row += step) {
      const from = row * columns;
      for (let column = 0; column < columns; column++) counts[column * BINS + binOf(edges, column * EDGES, values[from + column]!)]!++;
      LISTS.forEach((list, at) => this.scores[at * BINS + binOf(this.bins.scores.edges, at * EDGES, scores[list][row]!)]!++);
      this.rows++;
    }
  }

  /** Population stability index of each feature. There must be rows. */
  featureIndices(): number[] {
    return indicesOf(this.bins.features, this.features);
  }

  /** The same of the scores of each list. There must be rows. */
  scoreIndices(): Record<ListName, number> {
    const [next, fresh] = indicesOf(this.bins.scores, this.scores);
    return { next: next!, new: fresh! };
  }
}

/** The number of edges that are less than a value: there are few, so they are gone through. */
function binOf(edges: Float64Array, from: number, value: number): number {
  let bin = 0;
  while (bin < EDGES && edges[from + bin]! < value) bin++;
  return bin;
}

const indicesOf = ({ distributions }: Bins, counts: Uint32Array): number[] =>
  distributions.map(({ shares }, at) => psi(shares, counts.subarray(at * BINS, (at + 1) * BINS)));
