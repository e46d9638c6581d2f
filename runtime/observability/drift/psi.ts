/** A bin that one side lacks would make the index infinite; training has the same floor. */
const FLOOR = 1e-4;

/**
 * Population stability index of what was found against what was expected: the sum of (p - q) ln(p / q) over the bins, 0 for equal shares.
 * Less than 0.1 is taken for no change, more than 0.25 for a shift.
 *
 * @param expected - shares of the bins, which make 1
 * @param found - counts in the same bins; there must be some
 * @see Siddiqi, "Credit Risk Scorecards" (2006)
 */
export function psi(expected: ArrayLike<number>, found: ArrayLike<number>): number {
  let total = 0;
  for (let bin = 0; bin < expected.length; bin++) total += found[bin]!;
  let sum = 0;
  for (let bin = 0; bin < expected.length; bin++) {
    const p = Math.max(expected[bin]!, FLOOR);
    const q = Math.max(found[bin]! / total, FLOOR);
    sum += (p - q) * Math.log(p / q);
  }
  return sum;
}
