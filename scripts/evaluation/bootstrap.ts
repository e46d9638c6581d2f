/** Intervals by resampling learners. */
import { SeededRandom } from '../synthetic/random.js';

/** The middle 95 % of what resampling gives. @see Efron, Tibshirani: An Introduction to the Bootstrap (1993), chapter 13 */
export type Interval = readonly [low: number, high: number];

const RESAMPLES = 1_000;
const SEED = 20_130_201;
const TAIL = 0.025;

/**
 * Percentile interval of a statistic of strata: each is resampled by itself, with replacement, to its own size. The seed is fixed: the
 * same values have the same interval.
 *
 * @param sizes - how many members each stratum has
 * @param statistic - of the places that were drawn, stratum by stratum
 */
export function bootstrap(sizes: readonly number[], statistic: (drawn: readonly Uint32Array[]) => number): Interval {
  const random = new SeededRandom(SEED);
  const drawn = sizes.map((size) => new Uint32Array(size));
  const values = Float64Array.from({ length: RESAMPLES }, () => {
    for (const places of drawn) for (let at = 0; at < places.length; at++) places[at] = random.below(places.length);
    return statistic(drawn);
  });
  return percentileInterval(values);
}

/** The middle 95 % of some values, which are sorted by it; NaN where there are none. */
export function percentileInterval(values: Float64Array): Interval {
  values.sort();
  return [values[Math.floor(TAIL * values.length)] ?? NaN, values[Math.ceil((1 - TAIL) * values.length) - 1] ?? NaN];
}

/** Mean of the values at the places drawn. */
export function meanAt(values: Float64Array, places: Uint32Array): number {
  let sum = 0;
  for (const place of places) sum += values[place]!;
  return sum / places.length;
}
