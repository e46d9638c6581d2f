import { shareOf } from '../../hash.js';

/** Places of a list that may be drawn, the last ones: who looks at the first ten sees nothing of it. */
export const EXPLORED_PLACES = 5;
/** One place is drawn among so many at most. */
const MOST_PER_PLACE = 9;
/** So many spreads less make a candidate e times less likely. */
const TEMPERATURE = 1;
/** Size of the pool that the draws need. */
export const EXPLORED_POOL = EXPLORED_PLACES * (MOST_PER_PLACE - 1);

/** A place with what stands there, and how likely that was. */
export interface Drawn {
  readonly row: number;
  readonly propensity: number;
}

/** What is drawn for. */
export interface Draw {
  /** Decides what is drawn: a decision, its course and list. */
  readonly seed: string;
  /** Whether this decision draws, which it does with the probability `share`. */
  readonly explores: boolean;
  readonly share: number;
}

/**
 * The last places of a list, and the probability of each item at its place over all decisions of the policy, those that do not draw included:
 * (1 − share) for what stands there otherwise, and share · softmax of the worth.
 *
 * Each place is drawn from candidates of its own, dealt out in the order of their worth: strata, of which one is taken of each. So the
 * probability of an item at its place is that of the item in the list, and is known exactly; of draws without replacement from all candidates
 * (Plackett-Luce) it would be a sum over all orders of those before it.
 *
 * @param others - rows that are not in the list, best first
 * @see Horvitz, Thompson: A generalization of sampling without replacement from a finite universe. JASA 47, 1952
 */
export function drawPlaces(lasts: readonly number[], others: readonly number[], worth: Float64Array, { seed, explores, share }: Draw): Drawn[] {
  return lasts.map((last, place) => {
    const stratum = [last, ...others.filter((_, at) => at < EXPLORED_POOL && at % lasts.length === place)];
    const probabilities = softmax(stratum.map((row) => worth[row]!));
    const drawn = explores ? drawnFrom(probabilities, shareOf(`${seed}|${String(place)}`)) : 0;
    const greedy = drawn === 0 ? 1 - share : 0;
    return { row: stratum[drawn]!, propensity: greedy + share * probabilities[drawn]! };
  });
}

function softmax(values: readonly number[]): number[] {
  const greatest = Math.max(...values);
  const weights = values.map((value) => Math.exp((value - greatest) / TEMPERATURE));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Which of some it is, for a number in [0, 1). */
function drawnFrom(probabilities: readonly number[], at: number): number {
  let sum = 0;
  const found = probabilities.findIndex((probability) => at < (sum += probability));
  return found < 0 ? probabilities.length - 1 : found;
}
