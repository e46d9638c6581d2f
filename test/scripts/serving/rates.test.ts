import { describe, expect, it } from 'vitest';
import { Rates } from '../../../scripts/serving/rates.js';

/** Rates of one counter, sampled at times in ms. */
function rates(...samples: readonly (readonly [atMs: number, count: number | null])[]): (number | null)[] {
  let nowMs = 0;
  const all = new Rates(() => nowMs);
  return samples.map(([atMs, count]) => {
    nowMs = atMs;
    all.sample(new Map(count === null ? [] : [['n', count]]));
    return all.perSecond('n');
  });
}

describe('a rate', () => {
  it('is known from the second sample on', () => {
    expect(rates([0, 100], [1000, 150], [2000, 150])).toEqual([null, 50, 25]);
  });

  it('is over five seconds at most', () => {
    expect(rates([0, 0], [1000, 600], [2000, 600], [3000, 600], [4000, 600], [5000, 600], [6000, 600]).slice(-2)).toEqual([120, 0]);
  });

  it('does not change with those who look in between', () => {
    expect(rates([0, 0], [1000, 10], [1001, 500], [1500, 900])).toEqual([null, 10, 10, 10]);
  });

  it('is over the whole pause after a short one, and forgotten after a long one', () => {
    expect(rates([0, 0], [9000, 90])).toEqual([null, 10]);
    expect(rates([0, 0], [1000, 5], [11_001, 90], [12_001, 91])).toEqual([null, 5, null, 1]);
  });

  it('is not known of a counter that is new, gone, or went back', () => {
    expect(rates([0, null], [1000, 7], [2000, 9])).toEqual([null, null, 2]);
    expect(rates([0, 5], [1000, null])).toEqual([null, null]);
    expect(rates([0, 5], [1000, 4])).toEqual([null, null]);
  });
});
