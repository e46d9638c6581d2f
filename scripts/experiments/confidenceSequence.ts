/** Intervals that hold at all looks together: whoever looks each day, and stops when they like what they see, is wrong no more often than it says. */

/** How sure, and for when. */
export interface SequenceOptions {
  /** Probability that an interval fails to cover the truth at any look, ever. */
  readonly alpha: number;
  /** Number of learners at which the intervals are about as narrow as they can be. They hold at every number. */
  readonly tunedFor: number;
}

/**
 * Half the width of an asymptotic confidence sequence for a mean of `count` values: with probability 1 - alpha it covers the mean at all counts
 * from some dozens on.
 *
 * σ̂ √( 2 (nρ² + 1) / (n²ρ²) · log( √(nρ² + 1) / α ) ), with ρ from the count that it is tuned for.
 *
 * @param deviation - standard deviation of the values
 * @see Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas: Time-uniform central limit theory and asymptotic confidence sequences, 2021 (arXiv 2103.06476); Theorem 2.2 and its choice of ρ
 */
export function halfWidth(count: number, deviation: number, { alpha, tunedFor }: SequenceOptions): number {
  const logAlpha = -2 * Math.log(alpha);
  const spread = (count * (logAlpha + Math.log(logAlpha + 1))) / tunedFor;
  return deviation * Math.sqrt(((2 * (spread + 1)) / (count * spread)) * Math.log(Math.sqrt(spread + 1) / alpha));
}
