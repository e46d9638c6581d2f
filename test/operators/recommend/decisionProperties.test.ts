import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, itemFeatures } from '../../../operators/recommend/index.js';
import { slowLists } from './slowDecision.js';
import { AT, OPTIONS, argumentsOf, worlds, type World } from './worlds.js';

const RUNS = Number(process.env['SKILLFORGE_RUNS'] ?? 30) * 5;

const decided = (world: World, parts?: Parameters<typeof argumentsOf>[1]) => {
  const { moment, lookups } = argumentsOf(world, parts);
  return decide(moment, lookups, OPTIONS);
};
const courseOf = (world: World) => decided(world).recommendation.personal.courses[0]!;

describe('decisions on drawn courses', { timeout: 120_000 }, () => {
  it('list what a look at every item would list, with the same scores, sources and reasons', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { next, new: fresh } = courseOf(world);
        expect({ next, new: fresh }).toEqual(slowLists(world));
      }),
      { numRuns: RUNS },
    );
  });

  it('list at most 20 items, none twice, best first, and for `new` none that was opened', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { next, new: fresh } = courseOf(world);
        for (const list of [next, fresh]) {
          expect(list.length).toBeLessThanOrEqual(20);
          expect(new Set(list.map(({ item }) => item)).size).toBe(list.length);
          const scores = list.map(({ score }) => score);
          expect(scores).toEqual([...scores].sort((a, b) => b - a));
        }
        const opened = new Set(world.uses.map(({ item }) => item));
        expect(fresh.filter(({ item }) => opened.has(item))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('list nothing that is withdrawn, not available, or not opened and not to be done yet', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { next, new: fresh } = courseOf(world);
        const completed = new Set(world.uses.filter((one) => one.completed).map(({ item }) => item));
        const opened = new Set(world.uses.map(({ item }) => item));
        const listed = new Set([...next, ...fresh].map(({ item }) => item));
        for (const { item, withdrawn, availableFromMs, availableUntilMs, prerequisites } of world.places.filter((one) => listed.has(one.item))) {
          expect([withdrawn, (availableFromMs ?? AT) <= AT, AT < (availableUntilMs ?? Infinity)]).toEqual([false, true, true]);
          expect(opened.has(item) || prerequisites.every((before) => completed.has(before))).toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('are the same again, whatever was decided in between', () => {
    fc.assert(
      fc.property(worlds, worlds, (world, other) => {
        const before = decided(world);
        const kept = structuredClone(before);
        decided(other);
        expect(before).toEqual(kept);
        expect(decided(world)).toEqual(kept);
      }),
      { numRuns: RUNS / 3 },
    );
  });

  it('log what was listed, with its ranks and scores, and of the rest only what was weighed', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { recommendation, log } = decided(world);
        const { next, new: fresh } = recommendation.personal.courses[0]!;
        const { candidates } = log![0]!.personal;
        const ranked = (rank: 'nextRank' | 'newRank') =>
          candidates
            .filter((one) => one[rank] >= 0)
            .sort((a, b) => a[rank] - b[rank])
            .map(({ item, score }) => ({ item, score }));
        expect(ranked('nextRank')).toEqual(next.map(({ item, score }) => ({ item, score })));
        expect(ranked('newRank')).toEqual(fresh.map(({ item, score }) => ({ item, score })));
        expect(new Set(candidates.map(({ item }) => item)).size).toBe(candidates.length);
        expect(candidates.every(({ features }) => features.length === itemFeatures.declarations.length)).toBe(true);
      }),
      { numRuns: RUNS / 3 },
    );
  });

  it('look at nothing that a learner did who does not agree to profiling', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const parts = { consent: false, segment: 'he', segments: { all: ['item-001', 'item-002'], he: ['item-003'] } };
        const blank: World = { ...world, uses: [], skills: [], deadlines: [], busy: [0, 0, 0] };
        const { recommendation, log } = decided(world, parts);
        expect(recommendation).toEqual(decided(blank, parts).recommendation);
        expect(log).toEqual([]);
        expect(recommendation.personal.courses[0]!.next.map(({ source }) => source)).not.toContain('SEGMENT');
      }),
      { numRuns: RUNS },
    );
  });
});
