/** A small generator of random numbers, so that a seed gives the same events on every machine and version. */

const TWO_TO_32 = 4_294_967_296;
/** 2^32 divided by the golden ratio: the usual step of the SplitMix family. */
const SEED_STEP = 0x9e3779b9;

/** The four 32-bit words of the generator; not all 0. */
export type RandomState = readonly [number, number, number, number];

/**
 * xoshiro128** 1.1 by David Blackman and Sebastiano Vigna (2018, public domain). Not for secrets.
 *
 * @see https://prng.di.unimi.it/xoshiro128starstar.c
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed - an integer, of which the low 32 bits count, or the whole state */
  constructor(seed: number | RandomState) {
    [this.#a, this.#b, this.#c, this.#d] = typeof seed === 'number' ? stateOf(seed) : seed;
  }

  /** An integer from 0 to 2^32 - 1. */
  integer(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return result;
  }

  /** A multiple of 2^-32 in [0, 1). */
  unit(): number {
    return this.integer() / TWO_TO_32;
  }

  /** An integer in [0, end). */
  below(end: number): number {
    return Math.floor(this.unit() * end);
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** A place in `cumulative`, as probable as the step that leads up to its value. `cumulative` ascends and is not empty. */
  place(cumulative: Float64Array): number {
    const target = this.unit() * cumulative[cumulative.length - 1]!;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Running sums of weights, for {@link SeededRandom.place}. */
export function cumulate(weights: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  for (let i = 0; i < sums.length; i++) sums[i] = sum += weights[i]!;
  return sums;
}

const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** Spreads a seed over the state, so that near seeds give far sequences; a Weyl sequence through MurmurHash3's finaliser. */
function stateOf(seed: number): RandomState {
  const word = (step: number): number => scramble((seed + Math.imul(step, SEED_STEP)) | 0);
  return [word(1), word(2), word(3), word(4)];
}

function scramble(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
