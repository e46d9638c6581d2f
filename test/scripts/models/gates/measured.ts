import type { Measured } from '../../../../scripts/models/gates/comparison.js';

/** A comparison with an opponent of 0.6; `null` for an interval that could not be told. */
export const measured = (difference: number, low: number | null, high: number | null, decisions = 200): Measured => ({
  decisions,
  learners: 60,
  candidate: 0.6 * (1 + difference),
  opponent: 0.6,
  difference,
  low,
  high,
});
