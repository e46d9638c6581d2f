/** Whether the learners of an experiment are split as it was planned: if not, something loses or doubles them, and nothing else can be believed. */

/** What the check found. */
export interface SampleRatio {
  /** Learners that were to be expected, by variation. */
  readonly expected: readonly number[];
  /** Pearson's statistic. */
  readonly chiSquared: number;
  /** Probability of a split that is at least so uneven by chance. */
  readonly p: number;
  /** Less likely than `MISMATCH_BELOW`. */
  readonly isMismatch: boolean;
}

/** Low, since the report is looked at again and again. */
export const MISMATCH_BELOW = 0.001;

/**
 * Pearson's chi-squared test of counts against shares.
 * @param shares - planned, in any unit; as many as there are counts, each above 0
 * @see Fabijan et al.: Diagnosing sample ratio mismatch in online controlled experiments. KDD 2019
 */
export function sampleRatioOf(counts: readonly number[], shares: readonly number[]): SampleRatio {
  const [total, whole] = [sumOf(counts), sumOf(shares)];
  const expected = shares.map((share) => (total * share) / whole);
  const chiSquared = total === 0 ? 0 : sumOf(counts.map((count, at) => (count - expected[at]!) ** 2 / expected[at]!));
  const p = chiSquaredTail(chiSquared, counts.length - 1);
  return { expected, chiSquared, p, isMismatch: p < MISMATCH_BELOW };
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Probability that a chi-squared variable with so many degrees of freedom is `value` or more. */
export function chiSquaredTail(value: number, degrees: number): number {
  if (degrees < 1 || value <= 0) return 1;
  const [a, x] = [degrees / 2, value / 2];
  return x < a + 1 ? 1 - lowerBySeries(a, x) : upperByFraction(a, x);
}

const ENOUGH = 1e-14;
const MOST_STEPS = 1_000;

/** Regularised lower incomplete gamma function P(a, x). @see DLMF 8.7.1 */
function lowerBySeries(a: number, x: number): number {
  let [term, sum] = [1 / a, 1 / a];
  for (let n = 1; n < MOST_STEPS && term > sum * ENOUGH; n++) sum += term *= x / (a + n);
  return sum * Math.exp(a * Math.log(x) - x - logGamma(a));
}

/** Regularised upper incomplete gamma function Q(a, x), by Lentz's method. @see DLMF 8.9.2 */
function upperByFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let [c, d] = [Infinity, 1 / b];
  let fraction = d;
  for (let n = 1; n < MOST_STEPS; n++) {
    const numerator = n * (a - n);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    const step = c * d;
    fraction *= step;
    if (Math.abs(step - 1) < ENOUGH) break;
  }
  return fraction * Math.exp(a * Math.log(x) - x - logGamma(a));
}

/** Logarithm of the gamma function of a multiple of a half, above 0. */
function logGamma(a: number): number {
  let log = Number.isInteger(a) ? 0 : Math.log(Math.PI) / 2;
  for (let factor = Number.isInteger(a) ? 1 : 0.5; factor < a; factor++) log += Math.log(factor);
  return log;
}
