/** Numbers that are the same on every machine: only products, sums and integer words. */

const TWO_TO_32 = 4_294_967_296;

/**
 * A number in [0, 1) that belongs to these integers: traits need no memory, they are asked for again. Two rounds of MurmurHash3 over the
 * words, and its finaliser.
 */
export function traitOf(seed: number, kind: number, a: number, b = 0): number {
  let hash = seed | 0;
  hash = mixed(hash, kind);
  hash = mixed(hash, a);
  hash = mixed(hash, b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / TWO_TO_32;
}

function mixed(hash: number, word: number): number {
  let k = Math.imul(word | 0, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const next = hash ^ k;
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
}

/** A number of mean 0 and standard deviation 1, between -3.5 and 3.5: the sum of four uniform ones. */
export function bellOf(seed: number, kind: number, a: number, b = 0): number {
  let sum = -2;
  for (let part = 0; part < 4; part++) sum += traitOf(seed, kind * 31 + part, a, b);
  return sum * ROOT_OF_3;
}

/** The variance of four uniform numbers is 1 / 3. */
const ROOT_OF_3 = 1.7320508075688772;

/** The logistic function. @param logit - beyond ±30 it is taken as ±30 */
export function sigmoid(logit: number): number {
  return 1 / (1 + exponential(-Math.max(-30, Math.min(30, logit))));
}

/** exp(x) for |x| <= 30, to 13 digits: the series at x / 64, squared six times. `Math.exp` may differ from engine to engine. */
function exponential(x: number): number {
  const part = x / 64;
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= 12; n++) sum += term *= part / n;
  for (let i = 0; i < 6; i++) sum *= sum;
  return sum;
}

/** Which step of `shares` (they make 1) a number in [0, 1) falls on. */
export function stepOf(shares: readonly number[], unit: number): number {
  let left = unit;
  for (let step = 0; step < shares.length - 1; step++) {
    left -= shares[step]!;
    if (left < 0) return step;
  }
  return shares.length - 1;
}
