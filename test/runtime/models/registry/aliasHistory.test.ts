import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { versionBefore } from '../../../../runtime/models/registry/index.js';

/** Moves in their order, as a history tells them. */
const before = (...numbers: readonly (string | null)[]): string | null => versionBefore(numbers.map((number) => ({ number })).reverse());

describe('the version before', () => {
  it('is the one that was there before the present one first came', () => {
    expect(before()).toBeNull();
    expect(before('1')).toBeNull();
    expect(before('1', '2')).toBe('1');
    expect(before('1', '2', '3')).toBe('2');
  });

  it('leads further back after a roll-back, never to what was left', () => {
    expect(before('1', '2', '3', '2')).toBe('1');
    expect(before('1', '2', '3', '2', '1')).toBeNull();
    expect(before('1', '2', '1', '3')).toBe('1');
  });

  it('looks past a move to nowhere', () => {
    expect(before('1', null)).toBeNull();
    expect(before('1', '2', null, '2')).toBe('1');
    expect(before('1', null, '2')).toBe('1');
  });

  it('comes to an end, and gives each version once, however often one rolls back', () => {
    const moves = fc.array(fc.constantFrom('1', '2', '3', '4', null), { maxLength: 20 });
    fc.assert(
      fc.property(moves, (numbers) => {
        const taken: (string | null)[] = [...numbers];
        const back: string[] = [];
        for (let next = before(...taken); next !== null; next = before(...taken)) {
          expect(next).not.toBe(taken.findLast((number) => number !== null));
          back.push(next);
          taken.push(next);
          expect(back.length).toBeLessThanOrEqual(4);
        }
        expect(new Set(back).size).toBe(back.length);
      }),
    );
  });
});
