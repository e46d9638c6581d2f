import type { ItemId } from '../../schemas/index.js';

/** The order of places in a list: less than 0 where the first comes before the second. */
type Order = (a: number, b: number) => number;

/** The greater score first, of equal ones the item whose id comes first. Scores and items by the same numbers. */
export const betterFirst =
  (scores: ArrayLike<number>, items: readonly ItemId[]): Order =>
  (a, b) =>
    scores[b]! - scores[a]! || (items[a]! < items[b]! ? -1 : 1);

/** The best of some numbers, best first, `count` at most; of equal ones those that come first. Looks at each once: O(numbers + places moved). */
export function bestOf(numbers: Iterable<number>, count: number, order: Order): number[] {
  const best: number[] = [];
  for (const number of numbers) {
    if (best.length === count && order(number, best[count - 1]!) >= 0) continue;
    let place = best.length;
    for (; place > 0 && order(number, best[place - 1]!) < 0; place--) best[place] = best[place - 1]!;
    best[place] = number;
    if (best.length > count) best.pop();
  }
  return best;
}

/** Numbers of what was not opened by their scores, the greatest first; as many as leave `most` when some are left out. */
export function greatest(scores: Float64Array, opened: Uint8Array, most: number): number[] {
  const numbers: number[] = [];
  for (let number = 0; number < scores.length; number++) if (scores[number]! > 0 && opened[number] === 0) numbers.push(number);
  return bestOf(numbers, 2 * most, (a, b) => scores[b]! - scores[a]!);
}
