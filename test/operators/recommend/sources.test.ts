import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CandidateRows } from '../../../operators/recommend/candidateRows.js';
import { CANDIDATE_SOURCES, sourceBit } from '../../../operators/recommend/candidateSources.js';
import { gather } from '../../../operators/recommend/candidates.js';
import type { CourseView } from '../../../operators/recommend/courseView.js';
import { NO_RETRIEVAL, itemFeatures, type Retrieval } from '../../../operators/recommend/index.js';
import { itemId, type CandidateSource, type CurriculumItem } from '../../../schemas/index.js';
import { AT, COURSE, DAY_MS, place, trend, use, viewOf, type World } from './worlds.js';

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}-${String(n).padStart(3, '0')}`);

const gathered = (view: CourseView): CandidateRows => {
  const rows = new CandidateRows();
  gather(view, rows);
  return rows;
};
/** By item: the source that is named, and all of them. */
const proposals = (rows: CandidateRows): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: rows.rows }, (_, row) => {
      const all = CANDIDATE_SOURCES.filter((source) => (rows.sourceSets[row]! & sourceBit(source)) !== 0);
      return [rows.items[row]!, [rows.sources[row]!, ...all.filter((source) => source !== rows.sources[row])].join(' ')];
    }),
  );
const proposedBy = (rows: CandidateRows, source: CandidateSource): string[] =>
  rows.items.slice(0, rows.rows).filter((_, row) => (rows.sourceSets[row]! & sourceBit(source)) !== 0);
const featureOf = (rows: CandidateRows, item: string, feature: string): number =>
  rows.values[rows.items.indexOf(itemId(item)) * rows.columns + itemFeatures.column(feature)]!;

/** Points on the unit circle: the digits of a name are its angle in degrees. */
const vectorOf = ({ item }: Pick<CurriculumItem, 'item'>): Float32Array => {
  const angle = (Number(/\d+$/.exec(item)?.[0] ?? 0) / 180) * Math.PI;
  return Float32Array.of(Math.cos(angle), Math.sin(angle));
};

const pointsOf = (seen: readonly string[]): Retrieval => ({
  ...NO_RETRIEVAL,
  embeddings: {
    dimensions: 2,
    vectorOf,
    has: (item) => seen.includes(item),
    nearest: (_, point, count) =>
      seen
        .map((item) => ({ item: itemId(item), similarity: vectorOf({ item: itemId(item) }).reduce((sum, value, d) => sum + value * point[d]!, 0) }))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, count),
  },
});

describe('the sources of candidates', () => {
  it('are those of the schema, in its order', () => {
    const schema = readFileSync(new URL('../../../schemas/avro/recommendation.avsc', import.meta.url), 'utf8');
    const symbols = /"symbols": (\[[^\]]*\])/.exec(schema)![1]!;
    expect(CANDIDATE_SOURCES).toEqual(JSON.parse(symbols));
  });

  it('are all kept of what several propose, the first one named', () => {
    const places = [place('due'), place('fresh', { addedAtMs: AT - DAY_MS }), place('quiet')];
    const deadlines = [{ item: itemId('due'), dueAtMs: AT + DAY_MS }];
    const view = viewOf(
      { trends: [trend('busy', 9), trend('used', 1)], places, uses: [use('used', 1), use('old', 3)], deadlines },
      {},
      { all: ['busy', 'quiet', 'due'] },
    );
    expect(proposals(gathered(view))).toEqual({
      used: 'TRENDING REVIEW',
      old: 'REVIEW',
      due: 'CURRICULUM SEGMENT',
      busy: 'TRENDING SEGMENT',
      fresh: 'NEW',
      quiet: 'SEGMENT',
    });
  });

  it('find what the factors of a learner suit best', () => {
    const items = names('item', 40);
    const rows = new Map(['used', ...items].map((item, row) => [item, row]));
    const matrix = Float32Array.from({ length: rows.size }, (_, row) => (row === 0 ? 1 : row / rows.size));
    const gram = Float64Array.of(matrix.reduce((sum, value) => sum + value * value, 0));
    const factors = { dimensions: 1, regularisation: 1, alpha: 8, rowOf: (item: string) => rows.get(item) ?? -1, matrix, gram };
    const retrieval: Retrieval = { ...NO_RETRIEVAL, factors: { of: () => factors } };
    const found = gathered(viewOf({ places: items.map((item) => place(item)), uses: [use('used', 1), use('item-039', 2)] }, { retrieval }));
    expect(proposedBy(found, 'ALS').sort()).toEqual(items.slice(19, 39));
    expect(featureOf(found, 'item-038', 'als_score')).toBeGreaterThan(featureOf(found, 'item-037', 'als_score'));
    expect(featureOf(found, 'item-039', 'als_rank')).toBe(0);
    expect(featureOf(found, 'used', 'als_score')).toBe(0);
  });

  it('find what is near to what was used lately, with what training did not see beside what it did', () => {
    const seen = names('item', 60);
    const places = [...seen, 'fresh-002', 'fresh-179'].map((item) => place(item));
    const found = gathered(viewOf({ places, uses: [use('item-000', 1)] }, { retrieval: pointsOf(seen) }));
    expect(proposedBy(found, 'NEIGHBOURS').sort()).toEqual(['fresh-002', ...seen.slice(1, 20)]);
    expect(featureOf(found, 'fresh-002', 'recent_similarity')).toBeCloseTo(Math.cos(Math.PI / 90), 6);
  });

  it('look further where what is near was used or is left out', () => {
    const seen = names('item', 80);
    const places = seen.map((item, n) => place(item, { withdrawn: n >= 10 && n < 15 }));
    const found = gathered(viewOf({ places, uses: seen.slice(0, 10).map((item) => use(item, 1)) }, { retrieval: pointsOf(seen) }));
    expect(proposedBy(found, 'NEIGHBOURS').sort()).toEqual(seen.slice(15, 35));
  });

  it('find what goes along with what was used lately, as heavy as its use', () => {
    const companions: Record<string, readonly [string, number][]> = {
      late: [
        ['x', 0.5],
        ['y', 0.4],
      ],
      early: [['y', 0.9]],
    };
    const covisits = { with: (item: string) => (companions[item] ?? []).map(([other, weight]) => ({ item: itemId(other), weight })) };
    const places = ['x', 'y', 'late', 'early'].map((item) => place(item));
    const found = gathered(viewOf({ places, uses: [use('late', 0), use('early', 7)] }, { retrieval: { ...NO_RETRIEVAL, covisits } }));
    expect(proposedBy(found, 'COVISITED').sort()).toEqual(['x', 'y']);
    expect(featureOf(found, 'x', 'covisit_score')).toBeCloseTo(0.5 / 1.5, 6);
    expect(featureOf(found, 'y', 'covisit_score')).toBeCloseTo((0.4 + 0.45) / 1.5, 6);
    expect([featureOf(found, 'y', 'covisit_rank'), featureOf(found, 'x', 'covisit_rank')]).toEqual([0, 0.25]);
  });

  it('have quotas: of many uses and much that trends those remain that the formula lists first, as what exercises a weak skill', () => {
    const [used, busy, weak] = [names('used', 300), names('busy', 50), names('weak', 10)];
    const found = gathered(
      viewOf({
        uses: used.map((item, n) => use(item, n % 60, { weight: 1 + (n % 7) })),
        trends: [...busy.map((item) => trend(item, 9)), ...weak.map((item) => trend(item, 5))],
        places: weak.map((item) => place(item, { skills: ['algebra'] })),
        skills: [{ skill: 'algebra', mastery: 0.1, answers: 3, lastAtMs: AT }],
      }),
    );
    expect(found.rows).toBe(120 + 30);
    expect(found.items.slice(120, 150)).toEqual([...weak, ...busy.slice(0, 20)]);
    const newest = used.filter((_, n) => n % 60 === 0);
    expect(found.items.slice(0, 120)).toEqual(expect.arrayContaining(newest));
    const items = Array.from({ length: 120 }, (_, row) => featureOf(found, found.items[row]!, 'own_age'));
    expect(items.every((age, row) => age === used.indexOf(found.items[row]!) % 60)).toBe(true);
  });

  it('propose what is due though no catalogue tells of it, however much trends more', () => {
    const trends = [...names('busy', 40).map((item) => trend(item, 9)), trend('due', 5)];
    const found = gathered(viewOf({ trends, deadlines: [{ item: itemId('due'), dueAtMs: AT + DAY_MS }] }));
    expect(proposals(found)['due']).toBe('TRENDING CURRICULUM');
  });

  it('fill a list that would be short with what exercises a weak skill, then with what the segment uses, and no other one', () => {
    const [weak, listed] = [names('weak', 30), names('listed', 30)];
    const world = (busy: number, skilled: number): Partial<World> => ({
      uses: [use('used', 1)],
      trends: names('busy', busy).map((item) => trend(item, 9)),
      places: [...weak.slice(0, skilled).map((item) => place(item, { skills: ['algebra'] })), ...listed.map((item) => place(item))],
      skills: [{ skill: 'algebra', mastery: 0.2, answers: 3, lastAtMs: AT }],
    });
    const proposed = (busy: number, skilled: number): readonly number[] => {
      const found = gathered(viewOf(world(busy, skilled), {}, { all: listed.slice(0, 20) }));
      return ['busy', 'weak', 'listed'].map((name) => found.items.slice(0, found.rows).filter((item) => item.startsWith(name)).length);
    };
    expect(proposed(1, 30)).toEqual([1, 19, 0]);
    expect(proposed(1, 4)).toEqual([1, 4, 15]);
    expect(proposed(0, 0)).toEqual([0, 0, 20]);
    expect(proposed(20, 30)).toEqual([20, 0, 0]);
  });

  it('propose nothing where they are left out, but what was used', () => {
    const world = { trends: [trend('busy', 9)], places: [place('fresh', { addedAtMs: AT - DAY_MS }), place('item-001')], uses: [use('used', 1)] };
    const without = CANDIDATE_SOURCES.reduce((set, source) => set | sourceBit(source), 0);
    expect(Object.keys(proposals(gathered(viewOf(world, { retrieval: pointsOf(['item-001']), without }, { all: ['busy'] }))))).toEqual(['used']);
    const found = gathered(viewOf(world, { without: sourceBit('TRENDING') }));
    expect(Object.keys(proposals(found))).toEqual(['used', 'fresh']);
  });

  it('are asked with the course of the learner', () => {
    const asked: string[] = [];
    const factors = {
      of: (course: string) => {
        asked.push(course);
        return null;
      },
    };
    gathered(viewOf({ uses: [use('used', 1)] }, { retrieval: { ...NO_RETRIEVAL, factors } }));
    expect(asked).toEqual([COURSE]);
  });
});
