/** Decisions by what people decided: items that are blocked, courses that are paused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, formulaModels } from '../../../operators/recommend/index.js';
import { NO_MEASURES, Oversight, type MeasuresInForce } from '../../../schemas/index.js';
import { COURSE, EMPTY, OPTIONS, argumentsOf, place, trend, use } from './worlds.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const WORLD = {
  ...EMPTY,
  trends: NAMES.map((item, n) => trend(item, 9 - n)),
  places: NAMES.map((item) => place(item)),
  uses: [use('a', 1), use('b', 3)],
};

const under = (measures: Partial<MeasuresInForce>, segments: Readonly<Record<string, readonly string[]>> = {}, uses = WORLD.uses) => {
  const { moment, lookups } = argumentsOf({ ...WORLD, uses }, { segments });
  const oversight = new Oversight({ ...NO_MEASURES, ...measures });
  const { recommendation, log } = decide(moment, lookups, { ...OPTIONS, models: { at: (timeMs) => ({ ...formulaModels.at(timeMs), oversight }) } });
  return { lists: recommendation.personal.courses[0]!, log };
};
const items = (list: readonly { readonly item: string }[]): string[] => list.map(({ item }) => item);

describe('a decision', () => {
  it('lists no item that is blocked, and others in its place', () => {
    const free = under({});
    expect(items(free.lists.next)).toEqual(expect.arrayContaining(['a', 'c']));
    const { lists, log } = under({ blockedItems: ['a', 'c'] });
    expect(items(lists.next).filter((item) => ['a', 'c'].includes(item))).toEqual([]);
    expect(items(lists.new)).toEqual(items(free.lists.new).filter((item) => item !== 'c'));
    expect(log![0]!.personal.candidates.map(({ item }) => item)).not.toContain('c');
  });

  it('lists none that the segment uses and no curriculum has, either', () => {
    const segments = { all: ['x', 'y'] };
    expect(items(under({}, segments, []).lists.next)).toEqual(expect.arrayContaining(['x', 'y']));
    expect(items(under({ blockedItems: ['x'] }, segments, []).lists.next)).not.toContain('x');
  });

  it('never lists one, whichever are blocked', () => {
    fc.assert(
      fc.property(fc.subarray([...NAMES, 'x', 'y']), fc.boolean(), (blockedItems, isKnown) => {
        const { lists } = under({ blockedItems }, { all: ['x', 'y', 'a'] }, isKnown ? WORLD.uses : []);
        const listed = [...items(lists.next), ...items(lists.new)];
        expect(listed.filter((item) => blockedItems.includes(item))).toEqual([]);
      }),
    );
  });

  it('ranks nothing in a course that is paused, or in a region that is', () => {
    expect(under({}).log).toHaveLength(1);
    for (const measures of [{ pausedCourses: [COURSE] }, { paused: true }]) {
      const { lists, log } = under(measures);
      expect(log).toEqual([]);
      expect([...new Set(lists.next.map(({ source }) => source))]).toEqual(['POPULAR', 'CURRICULUM'].slice(0, 1));
    }
    expect(under({ pausedCourses: ['BBB-2024J'] }).log).toHaveLength(1);
  });
});
