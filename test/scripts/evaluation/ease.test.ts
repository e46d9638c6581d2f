import { describe, expect, it } from 'vitest';
import { fitEase } from '../../../scripts/evaluation/ease.js';
import { SeededRandom } from '../../../scripts/synthetic/random.js';

const REGULARISATION = 100;

describe('EASE', () => {
  it('minimises the squared error of each item from all others: its gradient is zero, and no item weighs for itself', () => {
    const random = new SeededRandom(7);
    const items = Array.from({ length: 12 }, (_, item) => `item-${String(item).padStart(2, '0')}`);
    const used = Array.from({ length: 300 }, () => items.filter((_, item) => random.chance(1 / (1 + item / 3))));
    const score = fitEase(used);
    // The scores of one used item are the weights of its row.
    const weights = items.map((item) => items.map((other) => score([item]).get(other)!));
    const together = (a: string, b: string): number => used.filter((one) => one.includes(a) && one.includes(b)).length;
    for (const [at, target] of items.entries()) {
      expect(weights[at]![at]).toBe(0);
      for (const [from, item] of items.entries()) {
        if (item === target) continue;
        const predicted = items.reduce((sum, other, row) => sum + together(item, other) * weights[row]![at]!, 0);
        expect(predicted + REGULARISATION * weights[from]![at]! - together(item, target)).toBeCloseTo(0, 6);
      }
    }
  });

  it('adds up over what was used', () => {
    const score = fitEase([['a', 'b'], ['a', 'b', 'c'], ['b', 'c'], ['a']]);
    for (const item of ['a', 'b', 'c']) expect(score(['a', 'c']).get(item)).toBeCloseTo(score(['a']).get(item)! + score(['c']).get(item)!, 10);
  });
});
