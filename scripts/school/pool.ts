/** Items to draw from, with their weights. */
import { cumulate, type SeededRandom } from '../synthetic/random.js';

/** The first `end` items; all alike when `cumulative` is `null`. */
export interface Pool {
  readonly items: readonly number[];
  readonly end: number;
  /** Running sums of weights. */
  readonly cumulative: Float64Array | null;
}

/** A pool of nothing. */
export const EMPTY: Pool = Object.freeze({ items: [], end: 0, cumulative: null });

/** All items alike, or only the first `end`. */
export const uniform = (items: readonly number[], end = items.length): Pool => ({ items, end, cumulative: null });

/** Items by weight. */
export function weighted(items: readonly number[], weightOf: (item: number) => number): Pool {
  return { items, end: items.length, cumulative: cumulate(items.map(weightOf)) };
}

/** An item of a pool that is not empty. */
export function drawFrom({ items, end, cumulative }: Pool, random: SeededRandom): number {
  return items[cumulative === null ? random.below(end) : random.place(cumulative)]!;
}

/** Adds `share` to `chances`, spread over the items as {@link drawFrom} would draw them. */
export function spread({ items, end, cumulative }: Pool, share: number, chances: Float64Array): void {
  const total = cumulative === null ? end : cumulative[end - 1]!;
  for (let place = 0; place < end; place++) {
    const weight = cumulative === null ? 1 : cumulative[place]! - (place === 0 ? 0 : cumulative[place - 1]!);
    chances[items[place]!]! += (share * weight) / total;
  }
}
