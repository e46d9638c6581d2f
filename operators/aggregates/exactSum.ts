/**
 * Exact floating-point sums. An accumulator is a number while every addition so far was exact, else a
 * non-overlapping expansion: partial sums in increasing magnitude whose mathematical sum is exact. So the sum of
 * values does not depend on the order of additions or on how they were split into panes.
 *
 * A sum beyond the greatest double is refused: an infinity would stay in it for ever.
 *
 * Cost: O(1) while exact (counts and integers always are); else O(length of the expansion): a few partial sums, at most about 40
 * where values of every magnitude come.
 *
 * @see J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates" (1997), grow-expansion and compress
 */
export type ExactSum = number | readonly number[];

/** An expansion may be this long before it is compressed: growing leaves partial sums of few bits. */
const MOST_LOOSE = 8;

/** Adds a finite number. @throws RangeError when the sum leaves the range of doubles */
export function addExact(sum: ExactSum, value: number): ExactSum {
  if (typeof sum !== 'number') return grow(sum, value);
  const total = sum + value;
  return isExact(sum, value, total) ? total : grow([sum], value);
}

/** Error term of Knuth's two-sum is zero: `total` is the mathematical sum. */
function isExact(a: number, b: number, total: number): boolean {
  const bVirtual = total - a;
  return a - (total - bVirtual) + (b - bVirtual) === 0;
}

function grow(partials: readonly number[], value: number): readonly number[] {
  const grown: number[] = [];
  let high = value;
  for (const partial of partials) {
    const [large, small] = Math.abs(high) < Math.abs(partial) ? [partial, high] : [high, partial];
    const total = large + small;
    if (!Number.isFinite(total)) throw new RangeError('a sum is beyond the range of numbers');
    const low = small - (total - large);
    if (low !== 0) grown.push(low);
    high = total;
  }
  grown.push(high);
  return grown.length > MOST_LOOSE ? compress(grown) : grown;
}

/** The same sum in as few partial sums as can hold it. */
function compress(partials: readonly number[]): readonly number[] {
  const falling: number[] = [];
  let high = partials.at(-1)!;
  for (let index = partials.length - 2; index >= 0; index--) {
    const total = high + partials[index]!;
    const low = partials[index]! - (total - high);
    if (low !== 0) falling.push(total);
    high = low !== 0 ? low : total;
  }
  const rising: number[] = [];
  for (let index = falling.length - 1; index >= 0; index--) {
    const total = falling[index]! + high;
    const low = high - (total - falling[index]!);
    if (low !== 0) rising.push(low);
    high = total;
  }
  rising.push(high);
  return rising;
}

/** The sum of both. @throws RangeError when it leaves the range of doubles */
export function mergeExact(a: ExactSum, b: ExactSum): ExactSum {
  if (typeof b === 'number') return addExact(a, b);
  return b.reduce<ExactSum>(addExact, a);
}

/** The double nearest to the exact sum, ties to even: the same for every order of additions. */
export function roundExact(sum: ExactSum): number {
  if (typeof sum === 'number') return sum;
  let index = sum.length - 1;
  let high = sum[index] ?? 0;
  let low = 0;
  while (index > 0 && low === 0) {
    const previous = high;
    const partial = sum[--index]!;
    high = previous + partial;
    low = partial - (high - previous);
  }
  return correctHalfEven(high, low, index > 0 ? sum[index - 1]! : 0);
}

/** When the remainder is exactly half a unit, the next partial decides which way to round. */
function correctHalfEven(high: number, low: number, next: number): number {
  if (low === 0 || next === 0 || low < 0 !== next < 0) return high;
  const doubled = low * 2;
  const candidate = high + doubled;
  return candidate - high === doubled ? candidate : high;
}
