import type { CandidateSource, ItemId } from '../../schemas/index.js';
import { itemFeatures } from '../features/itemFeatures.js';
import type { FeatureMatrix } from '../ports/ranker.js';

/** Features of a row. */
export const COLUMNS = itemFeatures.declarations.length;
/** A row of features of which nothing is known. */
export const UNKNOWN = Float32Array.from(itemFeatures.declarations, ({ fallback }) => fallback);
const ROWS_AT_FIRST = 128;

/** The candidates of a decision, with a row of features each. One matrix, which grows as it must, serves one decision after the other. */
export class CandidateRows implements FeatureMatrix {
  rows = 0;
  readonly columns = COLUMNS;
  values = new Float32Array(ROWS_AT_FIRST * COLUMNS);
  readonly items: ItemId[] = [];
  /** Number of each in the table of its course; -1 for those that are not in it. */
  readonly numbers: number[] = [];
  /** Who proposed each first. */
  readonly sources: CandidateSource[] = [];
  /** All who proposed each: bit n is the n-th of CANDIDATE_SOURCES. */
  readonly sourceSets: number[] = [];

  clear(): void {
    this.rows = 0;
  }

  /** Adds a candidate with the features that begin at `from` of others. @returns where its own begin */
  add(item: ItemId, number: number, source: CandidateSource, features: Float32Array, from: number): number {
    const row = this.rows++;
    this.items[row] = item;
    this.numbers[row] = number;
    this.sources[row] = source;
    this.sourceSets[row] = 0;
    const at = row * COLUMNS;
    if (this.values.length < at + COLUMNS) this.grow();
    const { values } = this;
    for (let column = 0; column < COLUMNS; column++) values[at + column] = features[from + column]!;
    return at;
  }

  /** Keeps some of the rows from one on, in their order; `kept` holds them in ascending order. */
  keep(from: number, kept: readonly number[]): void {
    kept.forEach((row, n) => {
      const to = from + n;
      if (to === row) return;
      this.items[to] = this.items[row]!;
      this.numbers[to] = this.numbers[row]!;
      this.sources[to] = this.sources[row]!;
      this.sourceSets[to] = this.sourceSets[row]!;
      this.values.copyWithin(to * COLUMNS, row * COLUMNS, (row + 1) * COLUMNS);
    });
    this.rows = from + kept.length;
  }

  /** The features of a candidate. */
  features(row: number): number[] {
    const features = new Array<number>(COLUMNS);
    for (let column = 0; column < COLUMNS; column++) features[column] = this.values[row * COLUMNS + column]!;
    return features;
  }

  private grow(): void {
    const larger = new Float32Array(this.values.length * 2);
    larger.set(this.values);
    this.values = larger;
  }
}
