import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, NO_POLICY, decide, type Policy } from '../../../../operators/recommend/index.js';
import { EXPLORED_PLACES } from '../../../../operators/recommend/policy/exploration.js';
import { AT, DAY_MS, EMPTY, OPTIONS, argumentsOf, place, trend, use, type World } from '../worlds.js';

const HOUR_MS = 3_600_000;
const decided = (world: Partial<World>, policy: Policy, atMs = AT) => {
  const { moment, lookups } = argumentsOf({ ...EMPTY, ...world });
  return decide({ ...moment, atMs }, lookups, { ...OPTIONS, policy });
};
const listsOf = (world: Partial<World>, policy: Policy, atMs = AT) => {
  const { next, new: fresh } = decided(world, policy, atMs).recommendation.personal.courses[0]!;
  return { next: next.map(({ item }) => String(item)), new: fresh.map(({ item }) => String(item)) };
};
const manyItems = (count: number): string[] => Array.from({ length: count }, (_, n) => `item-${String(n).padStart(3, '0')}`);
const course: Partial<World> = { trends: manyItems(90).map((item, n) => trend(item, 200 - n)), uses: [use('item-001', 1)] };

describe('repeats', () => {
  const done = { completed: true };

  it.each([
    ['forum', ['a']],
    ['quiz', ['a']],
    ['of-no-rule', ['a']],
    ['survey', []],
    ['assignment', []],
  ])('of a completed item of kind %s: next is %j', (kind, next) => {
    const world = { places: [place('a', { kind })], uses: [use('a', 1, done)] };
    expect(listsOf(world, DEFAULT_POLICY).next).toEqual(next);
  });

  it('of what is done once are listed as long as it is not completed', () => {
    const world = { places: [place('a', { kind: 'survey' })], uses: [use('a', 1)] };
    expect(listsOf(world, DEFAULT_POLICY).next).toEqual(['a']);
  });
});

describe('the boost of new items', () => {
  const placeOf = (ageDays: number): number => {
    const places = [place('fresh', { addedAtMs: AT - ageDays * DAY_MS })];
    const trends = manyItems(10).map((item, n) => trend(item, 10 * (n + 1)));
    const world = { trends: [...trends, trend('fresh', 1)], places, uses: [use('z', 1)] };
    return listsOf(world, { ...NO_POLICY, newItemBoost: 4 }).new.indexOf('fresh');
  };

  it('is greatest on the first day, and decays', () => {
    const found = [0, 1, 3, 6, 9, 30].map(placeOf);
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect([found[0], found.at(-1)]).toEqual([0, 10]);
    expect(new Set(found).size).toBeGreaterThan(3);
  });

  it('adds nothing to what the learner has opened', () => {
    const world = { trends: [trend('a', 9), trend('b', 8)], places: [place('b', { addedAtMs: AT })], uses: [use('a', 1), use('b', 1)] };
    expect(listsOf(world, { ...NO_POLICY, newItemBoost: 100 })).toEqual(listsOf(world, NO_POLICY));
  });
});

describe('exploration', () => {
  const policy: Policy = { ...NO_POLICY, explorationShare: 0.5 };
  const decisions = Array.from({ length: 600 }, (_, n) => decided(course, policy, AT + n * HOUR_MS));
  const logs = decisions.map(({ log }) => log![0]!);

  it('happens in its share of the decisions, and the log says so', () => {
    const explored = logs.filter(({ explored: drawn }) => drawn).length;
    expect(Math.abs(explored / logs.length - 0.5)).toBeLessThan(0.1);
    expect(logs.every(({ explorationShare }) => explorationShare === 0.5)).toBe(true);
    expect(decided(course, NO_POLICY).log![0]).toMatchObject({ explored: false, explorationShare: 0 });
  });

  it('leaves all but the last places as they are', () => {
    const first = (list: readonly { readonly item: string }[]): string[] => list.slice(0, 20 - EXPLORED_PLACES).map(({ item }) => item);
    for (const [n, { recommendation }] of decisions.slice(0, 50).entries()) {
      const plain = listsOf(course, NO_POLICY, AT + n * HOUR_MS);
      const { next, new: fresh } = recommendation.personal.courses[0]!;
      expect([first(next), first(fresh)]).toEqual([plain.next.slice(0, 15), plain.new.slice(0, 15)]);
      expect(new Set(next.map(({ item }) => item)).size).toBe(20);
    }
  });

  it('logs for each listed item how likely it was at its place', () => {
    const met = new Map<string, { times: number; propensity: number }>();
    for (const { personal } of logs.slice(0, 23)) {
      for (const one of personal.candidates) {
        expect(one.newRank < 0 ? one.newPropensity === 0 : one.newPropensity > 0).toBe(true);
        if (one.newRank >= 0 && one.newRank < 15) expect(one.newPropensity).toBe(1);
      }
    }
    // Within a day the candidates and their scores are the same.
    const inADay = Array.from({ length: 400 }, (_, n) => decided(course, policy, AT + n * 60_000).log![0]!);
    for (const { personal } of inADay) {
      for (const { item, newRank, newPropensity } of personal.candidates.filter((one) => one.newRank >= 15)) {
        const before = met.get(`${item}@${String(newRank)}`)?.times ?? 0;
        met.set(`${item}@${String(newRank)}`, { times: before + 1, propensity: newPropensity });
      }
    }
    for (const { times, propensity } of met.values()) {
      const error = Math.sqrt((propensity * (1 - propensity)) / inADay.length);
      expect(Math.abs(times / inADay.length - propensity)).toBeLessThan(5 * error + 1 / inADay.length);
    }
    expect(met.size).toBeGreaterThan(10);
  });

  it('is the same in every replay', () => {
    expect(decided(course, policy, AT + HOUR_MS)).toEqual(decisions[1]);
  });
});

describe('the log', () => {
  it('holds every candidate, listed or not, and who proposed it', () => {
    const { candidates } = decided(course, DEFAULT_POLICY).log![0]!.personal;
    expect(new Set(candidates.map(({ item }) => item)).size).toBe(candidates.length);
    expect(candidates.filter(({ nextRank, newRank }) => nextRank < 0 && newRank < 0).length).toBeGreaterThan(5);
    for (const { inclusionProbability, sources } of candidates) {
      expect(inclusionProbability).toBe(1);
      expect(sources).toBeGreaterThan(0);
    }
  });
});
