import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ItemEmbeddings } from '../../../../operators/recommend/index.js';
import { diversified, type Pool } from '../../../../operators/recommend/policy/diversity.js';
import { likenessIn } from '../../../../operators/recommend/policy/likeness.js';
import { NO_POLICY, type KindRule } from '../../../../operators/recommend/policy/policy.js';
import type { CurriculumItem } from '../../../../schemas/index.js';
import { place } from '../worlds.js';

const poolOf = (worth: readonly number[], items: readonly CurriculumItem[]): Pool => ({
  rows: worth.map((_, row) => row),
  worth: Float64Array.from(worth),
  items,
});

/** The definition: every candidate is compared with every chosen one each time. */
function slow(pool: Pool, count: number, diversity: number, likeness: ReturnType<typeof likenessIn>): number[] {
  const chosen: number[] = [];
  while (chosen.length < Math.min(count, pool.rows.length)) {
    const values = pool.rows.map((row, at) => {
      const most = Math.max(0, ...chosen.map((one) => likeness(pool.items[one], pool.items[at])));
      return chosen.includes(at) ? -Infinity : pool.worth[row]! - diversity * most;
    });
    chosen.push(values.indexOf(Math.max(...values)));
  }
  return chosen;
}

const items = fc.array(
  fc.record({ kind: fc.constantFrom('page', 'quiz', 'forum'), skills: fc.subarray(['algebra', 'logic', 'prose']) }).map((parts) => parts),
  { minLength: 1, maxLength: 30 },
);

describe('a diverse list', () => {
  it('is what the definition of maximal marginal relevance says', () => {
    fc.assert(
      fc.property(
        items,
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 30, maxLength: 30 }),
        fc.constantFrom(0, 0.5, 3, 20),
        (drawn, worth, diversity) => {
          const places = drawn.map((parts, n) => place(`item-${String(n)}`, parts));
          const pool = poolOf(
            worth.slice(0, places.length).sort((a, b) => b - a),
            places,
          );
          const likeness = likenessIn(null);
          expect(diversified(pool, 10, { ...NO_POLICY, diversity }, likeness)).toEqual(slow(pool, 10, diversity, likeness));
        },
      ),
    );
  });

  it('puts another kind before a like one that is worth a little more', () => {
    const places = [place('a', { kind: 'quiz' }), place('b', { kind: 'quiz' }), place('c', { kind: 'page' })];
    const pool = poolOf([3, 2.2, 2], places);
    const likeness = likenessIn(null);
    expect(diversified(pool, 3, { ...NO_POLICY, diversity: 1 }, likeness)).toEqual([0, 2, 1]);
    expect(diversified(pool, 3, NO_POLICY, likeness)).toEqual([0, 1, 2]);
  });

  it('has so many of a kind at most, while there is anything else', () => {
    const places = ['quiz', 'quiz', 'quiz', 'page', 'page'].map((kind, n) => place(String(n), { kind }));
    const kinds: Record<string, KindRule> = { quiz: { repeats: 'always', most: 1 } };
    const policy = { ...NO_POLICY, kinds };
    const likeness = likenessIn(null);
    expect(diversified(poolOf([5, 4, 3, 2, 1], places), 4, policy, likeness)).toEqual([0, 3, 4, 1]);
  });
});

describe('likeness', () => {
  const algebra = place('a', { kind: 'quiz', skills: ['algebra', 'logic'] });
  const logic = place('b', { kind: 'quiz', skills: ['logic'] });
  const page = place('c', { kind: 'page' });

  it('is what kind and skills have in common, each one half, where there are no embeddings', () => {
    const likeness = likenessIn(null);
    expect([likeness(algebra, logic), likeness(algebra, page), likeness(page, page), likeness(page, undefined)]).toEqual([0.75, 0, 0.5, 0]);
  });

  it('is the cosine of the embeddings, and nothing where they point away from one another', () => {
    const points = new Map([
      [algebra, Float32Array.of(1, 0)],
      [logic, Float32Array.of(0.6, 0.8)],
      [page, Float32Array.of(-1, 0)],
    ]);
    const embeddings: ItemEmbeddings = { dimensions: 2, vectorOf: (item) => points.get(item)!, has: () => true, nearest: () => [] };
    const likeness = likenessIn(embeddings);
    expect([likeness(algebra, logic), likeness(algebra, page), likeness(algebra, algebra)]).toEqual([expect.closeTo(0.6, 6), 0, 1]);
  });
});
