import { describe, expect, it } from 'vitest';
import { YARDSTICK, listed, popularity } from '../../../scripts/evaluation/baselines.js';
import type { Lists } from '../../../scripts/evaluation/decidedLists.js';
import { readGroups } from '../../../scripts/evaluation/ouladGroups.js';
import { readTruth, type Cut } from '../../../scripts/evaluation/ouladTruth.js';
import { gainOf, scoreGroups, scoreNewcomers, scoreSystem, scoredLearners, type Protocol } from '../../../scripts/evaluation/scoring.js';
import { SeededRandom } from '../../../scripts/synthetic/random.js';
import { writeOulad } from '../../fixtures/oulad/files.js';

const CUT: Cut = { module: 'AAA', presentation: '2013J', day: 20 };
const ITEMS = 30;

type Row = readonly [module: string, presentation: string, student: number, site: number, day: number, clicks: number];

/** Some learners who open items at random, more of the first ones; a few begin late, and one presentation is not asked for. */
function randomRows(seed: number): Row[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: 1_500 }, (): Row => {
    const student = 100 + random.below(25);
    const item = Math.min(random.below(ITEMS), random.below(ITEMS));
    const day = student < 105 ? 15 + random.below(14) : random.below(29);
    return [random.chance(0.9) ? 'AAA' : 'BBB', '2013J', student, 900 + item, day, 1];
  });
}

/** Each learner gets some of the items in some order. */
function randomLists(seed: number): Lists {
  const random = new SeededRandom(seed);
  const listOf = (): string[] => {
    const items = Array.from({ length: ITEMS }, (_, item) => ({ item: String(900 + item), place: random.unit() })).sort((a, b) => a.place - b.place);
    return items.slice(0, 5 + random.below(16)).map(({ item }) => item);
  };
  // Two learners have no list.
  const lists = (): Map<string, string[]> => new Map(Array.from({ length: 23 }, (_, at) => [String(100 + at), listOf()]));
  return { next: lists(), new: lists() };
}

interface Reference {
  readonly learners: number;
  readonly ndcg: number;
  readonly recall: number;
  readonly hit: number;
}

/** The same measures by another way, straight from the rows: whatever a list leaves out counts as missed. */
function reference(rows: readonly Row[], protocol: Protocol, listFor: (learner: string, seen: readonly string[]) => readonly string[]): Reference {
  const own = rows.filter(([module]) => module === CUT.module);
  const totals = { learners: 0, ndcg: 0, recall: 0, hit: 0 };
  for (const learner of new Set(own.filter(([, , , , day]) => day <= CUT.day).map(([, , student]) => student))) {
    const itemsOf = (from: number, to: number): string[] => [
      ...new Set(own.filter(([, , student, , day]) => student === learner && day >= from && day <= to).map(([, , , site]) => String(site))),
    ];
    const seen = itemsOf(-Infinity, CUT.day);
    const truth = itemsOf(CUT.day + 1, CUT.day + 7).filter((item) => protocol === 'any' || !seen.includes(item));
    if (truth.length === 0) continue;
    const list = listFor(String(learner), seen);
    const places = truth.map((item) => list.indexOf(item)).filter((place) => place >= 0);
    const gain = places.filter((place) => place < 10).reduce((sum, place) => sum + Math.LN2 / Math.log(place + 2), 0);
    const ideal = truth.slice(0, 10).reduce((sum, _item, place) => sum + Math.LN2 / Math.log(place + 2), 0);
    totals.learners++;
    totals.ndcg += gain / ideal;
    totals.recall += places.filter((place) => place < 20).length / Math.min(20, truth.length);
    totals.hit += places.some((place) => place < 10) ? 1 : 0;
  }
  const { learners, ndcg, recall, hit } = totals;
  return { learners, ndcg: ndcg / learners, recall: recall / learners, hit: hit / learners };
}

function popularIn(rows: readonly Row[]): string[] {
  const counts = new Map<string, number>();
  for (const [module, , , site, day] of rows) {
    if (module === CUT.module && day <= CUT.day && day > CUT.day - 7) counts.set(String(site), (counts.get(String(site)) ?? 0) + 1);
  }
  return [...counts.keys()].sort().sort((a, b) => counts.get(b)! - counts.get(a)!);
}

describe('the truth', () => {
  it('has no event of a row that the import refuses', async () => {
    const rows: (string | number)[][] = [
      ['AAA', '2013J', 1, 901, 3, 1],
      ['AAA', '2013J', 1, 902, 'soon', 1],
      ['AAA', '2013J', 1, 902, 99_999, 1],
      ['AAA', '2013J', '', 902, 4, 1],
      ['AAA', '2013J', 1, '', 4, 1],
      ['AAA', '2013J', 1, 903, 22, 1],
    ];
    const { opened, after, firstDay, popular } = await readTruth(writeOulad({ studentVle: rows }), CUT);
    expect([...opened.keys(), ...opened.get('1')!.keys()]).toEqual(['1', '901']);
    expect([...after.get('1')!]).toEqual(['903']);
    expect([firstDay.get('1'), popular]).toEqual([3, ['901']]);
  });
});

describe('scores on the data set', () => {
  it.each([1, 2, 3])('are those of the definition, for lists and for the yardstick (seed %i)', async (seed) => {
    const rows = randomRows(seed);
    const lists = randomLists(seed);
    const truth = await readTruth(writeOulad({ studentVle: rows }), CUT);
    const popular = popularIn(rows);
    for (const protocol of ['any', 'new'] as const) {
      const scored = scoredLearners(truth, protocol);
      const ours = scoreSystem(listed('ours', lists), scored, ITEMS);
      const expected = reference(rows, protocol, (learner) => lists[protocol === 'any' ? 'next' : 'new'].get(learner) ?? []);
      expect(scored.learners).toHaveLength(expected.learners);
      expect([ours.ndcg, ours.recall, ours.hit].map(rounded)).toEqual([expected.ndcg, expected.recall, expected.hit].map(rounded));
      const yardstick = scoreSystem(
        popularity(truth).find(({ name }) => name === YARDSTICK)!,
        scored,
        ITEMS,
      );
      const list = reference(rows, protocol, (_, seen) => popular.filter((item) => protocol === 'any' || !seen.includes(item)));
      expect([yardstick.ndcg, yardstick.recall, yardstick.hit].map(rounded)).toEqual([list.ndcg, list.recall, list.hit].map(rounded));
      expect(ours.ndcg).not.toBeCloseTo(yardstick.ndcg, 3);
    }
  });

  it('count each item of a list once for coverage', async () => {
    const truth = await readTruth(writeOulad({ studentVle: randomRows(4) }), CUT);
    const same = { next: new Map([...truth.opened.keys()].map((learner) => [learner, ['900', '901', '902']])), new: new Map<string, string[]>() };
    expect(scoreSystem(listed('same', same), scoredLearners(truth, 'any'), ITEMS).coverage).toBeCloseTo(0.1, 10);
  });

  it('see no row after the truth and none of another presentation', async () => {
    const rows = randomRows(5);
    const later: Row[] = [
      ['AAA', '2013J', 100, 999, 28, 1],
      ['AAA', '2014J', 100, 998, 21, 1],
    ];
    const [before, after] = await Promise.all([rows, [...rows, ...later]].map((studentVle) => readTruth(writeOulad({ studentVle }), CUT)));
    expect(after).toEqual(before);
  });

  it('know newcomers by their first event', async () => {
    const truth = await readTruth(writeOulad({ studentVle: randomRows(6) }), CUT);
    const scored = scoredLearners(truth, 'any');
    const values = Float64Array.from(scored.learners, (learner) => (Number(learner) < 105 ? 1 : 0));
    const newcomers = scoreNewcomers(scored, truth, CUT, values, values);
    const expected = scored.learners.filter((learner) => truth.firstDay.get(learner)! > 13);
    expect(expected.length).toBeGreaterThan(0);
    expect(newcomers?.learners).toBe(expected.length);
    expect(scoreNewcomers(scored, truth, { ...CUT, day: 200 }, values, values)).toBeNull();
  });
});

const rounded = (value: number): number => Math.round(value * 1e9) / 1e9;

describe('groups of learners', () => {
  const info = (student: number, gender: string, imd: string): (string | number)[] => [
    'AAA',
    '2013J',
    student,
    gender,
    'Wales',
    'HE',
    imd,
    '0-35',
    0,
    60,
    'N',
    'Pass',
  ];

  it('are compared by their means, with intervals that hold the gap; small ones are left out', async () => {
    const studentInfo = Array.from({ length: 100 }, (_, at) => info(at, at % 2 === 0 ? 'F' : 'M', at < 90 ? '0-10%' : at < 95 ? '20-30%' : '?'));
    const groups = await readGroups(writeOulad({ studentInfo }), CUT);
    const learners = Array.from({ length: 100 }, (_, at) => String(at));
    const random = new SeededRandom(1);
    const ours = Float64Array.from(learners, (_, at) => 0.5 + 0.1 * (at % 2) + 0.2 * random.unit());
    const found = scoreGroups(learners, groups, ours, new Float64Array(100).fill(0.5));
    expect(found.map(({ grouping }) => grouping)).toEqual(['gender']);
    const [gender] = found;
    const mean = (rest: number): number => learners.reduce((sum, _, at) => sum + (at % 2 === rest ? ours[at]! : 0), 0) / 50;
    expect(gender!.groups.map(({ group, learners: count }) => [group, count])).toEqual([
      ['F', 50],
      ['M', 50],
    ]);
    expect(gender!.ours.gap).toBeCloseTo(mean(1) - mean(0), 10);
    expect(gender!.ours.interval[0]).toBeLessThan(gender!.ours.gap);
    expect(gender!.ours.interval[1]).toBeGreaterThan(gender!.ours.gap);
    expect(gender!.yardstick).toEqual({ gap: 0, interval: [0, 0] });
  });

  it('need no file', async () => {
    const groups = await readGroups(writeOulad({ studentVle: [] }), CUT);
    expect(Object.values(groups).map(({ size }) => size)).toEqual([0, 0, 0, 0]);
  });
});

describe('the gain over the yardstick', () => {
  it('is relative, and has the interval of pairs: a constant factor has none', () => {
    const yardstick = Float64Array.from({ length: 50 }, (_, at) => (at % 7) / 7);
    const { gain, interval } = gainOf(
      yardstick.map((value) => 1.2 * value),
      yardstick,
    );
    expect(gain).toBeCloseTo(0.2, 10);
    expect(interval.map(rounded)).toEqual([0.2, 0.2]);
    const noisy = gainOf(
      yardstick.map((value, at) => value + (at % 3) / 10),
      yardstick,
    );
    expect(noisy.interval[0]).toBeLessThan(noisy.gain);
    expect(noisy.interval[1]).toBeGreaterThan(noisy.gain);
  });
});
