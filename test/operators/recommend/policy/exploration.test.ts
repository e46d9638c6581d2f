import { describe, expect, it } from 'vitest';
import { EXPLORED_PLACES, EXPLORED_POOL, drawPlaces } from '../../../../operators/recommend/policy/exploration.js';

const LASTS = Array.from({ length: EXPLORED_PLACES }, (_, row) => row);
const OTHERS = Array.from({ length: EXPLORED_POOL + 10 }, (_, n) => EXPLORED_PLACES + n);
const WORTH = Float64Array.from([...LASTS, ...OTHERS], (row) => -row / 20);
const DRAWS = 20_000;

describe('drawn places', () => {
  it('hold each item as often as its propensity says, decisions that do not draw included', () => {
    const share = 0.4;
    const met = LASTS.map(() => new Map<number, { times: number; propensity: number }>());
    for (let n = 0; n < DRAWS; n++) {
      const explores = n % 10 < 10 * share;
      drawPlaces(LASTS, OTHERS, WORTH, { seed: `decision-${String(n)}`, explores, share }).forEach(({ row, propensity }, place) => {
        const before = met[place]!.get(row)?.times ?? 0;
        met[place]!.set(row, { times: before + 1, propensity });
      });
    }
    for (const ofPlace of met) {
      expect(ofPlace.size).toBe(1 + EXPLORED_POOL / EXPLORED_PLACES);
      // All that can stand at a place make 1.
      expect([...ofPlace.values()].reduce((sum, { propensity }) => sum + propensity, 0)).toBeCloseTo(1, 9);
      for (const { times, propensity } of ofPlace.values()) {
        const error = Math.sqrt((propensity * (1 - propensity)) / DRAWS);
        expect(Math.abs(times / DRAWS - propensity)).toBeLessThan(5 * error);
      }
    }
  });

  it('are what stands there, for sure, where there is nothing else to draw', () => {
    const draw = { seed: 'one', explores: true, share: 0.2 };
    expect(drawPlaces([3, 4], [], WORTH, draw)).toEqual([
      { row: 3, propensity: 1 },
      { row: 4, propensity: 1 },
    ]);
  });

  it('are drawn from candidates that no other place has', () => {
    const places = new Map<number, Set<number>>();
    for (let n = 0; n < 500; n++) {
      const drawn = drawPlaces(LASTS, OTHERS, WORTH, { seed: `decision-${String(n)}`, explores: true, share: 1 });
      drawn.forEach(({ row }, place) => places.set(row, (places.get(row) ?? new Set()).add(place)));
    }
    expect([...places.values()].map(({ size }) => size)).toEqual([...places.values()].map(() => 1));
  });
});
