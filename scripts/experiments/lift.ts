import { halfWidth, type SequenceOptions } from './confidenceSequence.js';
import type { Moments } from './moments.js';

/** An estimate with an interval that holds at all looks together. */
export interface Bounded {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** What a variation changes of a metric, against the control. */
export interface Lift {
  /** Of the means, in the unit of the metric. */
  readonly difference: Bounded;
  /** Of the means, by that of the control: 0.05 is 5 % more. `null` where that is not above 0. */
  readonly relative: Bounded | null;
}

/** The intervals rest on a central limit theorem: of fewer learners in either variation nothing is said. */
export const FEWEST = 50;

/** `null` as long as a variation has too few. Learners are independent of each other, and each counts once. */
export function liftOf(control: Moments, variation: Moments, options: SequenceOptions): Lift | null {
  if (Math.min(control.count, variation.count) < FEWEST) return null;
  const ofControl = control.variance / control.count;
  const ofVariation = variation.variance / variation.count;
  const count = control.count + variation.count;
  /** The variance of an estimate, as that of a mean of so many values. */
  const around = (estimate: number, variance: number): Bounded => {
    const half = halfWidth(count, Math.sqrt(count * variance), options);
    return { estimate, low: estimate - half, high: estimate + half };
  };
  const difference = around(variation.mean - control.mean, ofControl + ofVariation);
  if (control.mean <= 0) return { difference, relative: null };
  const ratio = variation.mean / control.mean;
  // By the delta method.
  const relative = around(ratio - 1, (ofVariation + ratio ** 2 * ofControl) / control.mean ** 2);
  return { difference, relative };
}
