import { textHash } from '../schemas/index.js';

/** Bits of one window, 16 KiB: a catalogue of 100,000 items is estimated to about 1 in 200. */
const BITS = 131_072;
const WORD_BITS = 32;
const WINDOW_MS = 3_600_000;

/**
 * Estimates how many different items answers held in the last one to two hours, in memory that does not grow with the catalogue or with the answers:
 * linear counting (Whang, Vander-Zanden, Taylor 1990), a bit for each hash.
 */
export class ServedItems {
  private current = new Uint32Array(BITS / WORD_BITS);
  private before = new Uint32Array(BITS / WORD_BITS);
  private beganMs: number;

  /** @param now - wall clock, ms since epoch */
  constructor(private readonly now: () => number = Date.now) {
    this.beganMs = now();
  }

  add(item: string): void {
    const place = textHash(item) % BITS;
    this.current[place >>> 5]! |= 1 << (place & 31);
  }

  estimate(): number {
    this.turn();
    let free = 0;
    for (const [at, word] of this.current.entries()) free += WORD_BITS - onesIn(word | this.before[at]!);
    // A window that is full tells only that there are more than it can tell.
    return Math.round(BITS * Math.log(BITS / Math.max(free, 1)));
  }

  /** Begins the next window where this one is over. To be called now and then: what is added between two calls is of one window. */
  turn(): void {
    const over = Math.floor((this.now() - this.beganMs) / WINDOW_MS);
    if (over <= 0) return;
    [this.before, this.current] = [this.current, this.before];
    this.current.fill(0);
    if (over > 1) this.before.fill(0);
    this.beganMs += over * WINDOW_MS;
  }
}

function onesIn(word: number): number {
  let left = word - ((word >>> 1) & 0x55555555);
  left = (left & 0x33333333) + ((left >>> 2) & 0x33333333);
  return Math.imul((left + (left >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
