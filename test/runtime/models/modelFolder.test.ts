import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ItemEmbeddings, Retrieval } from '../../../operators/ports/retrieval.js';
import { openModels, type ModelFolder } from '../../../runtime/models/index.js';
import type { CourseId, CurriculumItem, ItemId } from '../../../schemas/index.js';
import { BUNDLE, FEATURES, REGION, RETRIEVAL, copyOf, refile, remanifest, temporaryFolder } from './fixture.js';

const LATER = Number.MAX_SAFE_INTEGER;
const ALPHA = 'ALPHA-1' as CourseId;

let models: ModelFolder;
beforeAll(async () => void (models = await openModels(BUNDLE, { region: REGION, featureSet: FEATURES })));
afterAll(() => models.close());

const retrieval = (): Retrieval => models.at(LATER).retrieval;
const json = (name: string, bundle = BUNDLE): unknown => JSON.parse(readFileSync(join(bundle, name), 'utf8'));

function floats(name: string): Float32Array {
  const bytes = readFileSync(join(BUNDLE, name));
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at));
}

describe('a folder of bundles', () => {
  it('decides with the newest one trained before, the formula before the first', async () => {
    const folder = temporaryFolder();
    for (const [name, trainedUntilMs] of [
      ['a', 3_000],
      ['b', 1_000],
      ['c', 2_000],
    ] as const)
      remanifest(copyOf(RETRIEVAL, join(folder, name)), { name, trainedUntilMs, region: REGION });
    await using opened = await openModels(folder, { region: REGION });
    const versionAt = (timeMs: number): string => opened.at(timeMs).version.split('@')[0]!;
    expect([999, 1_000, 1_999, 2_000, 3_000, LATER].map(versionAt)).toEqual([
      'formula-2',
      'formula-2+b',
      'formula-2+b',
      'formula-2+c',
      'formula-2+a',
      'formula-2+a',
    ]);
    expect(opened.manifests.map(({ name }) => name)).toEqual(['b', 'c', 'a']);
    expect(opened.at(2_500)).toBe(opened.at(2_000));
  });

  it('has one thread for the rankers of all bundles', async () => {
    const folder = temporaryFolder();
    copyOf(BUNDLE, join(folder, 'first'));
    const second = copyOf(BUNDLE, join(folder, 'second'));
    // The lists change places.
    for (const name of ['ranker-$.onnx', 'trees-$.json']) {
      refile(second, name.replace('$', 'next'), readFileSync(join(BUNDLE, name.replace('$', 'new'))));
      refile(second, name.replace('$', 'new'), readFileSync(join(BUNDLE, name.replace('$', 'next'))));
    }
    remanifest(second, { trainedUntilMs: 2_000_000 });
    await using opened = await openModels(folder, { region: REGION, featureSet: FEATURES });
    const matrix = { rows: 1, columns: FEATURES.declarations.length, values: new Float32Array(FEATURES.declarations.length).fill(3) };
    const scoresAt = (timeMs: number): number[] => {
      const { next, new: fresh } = opened.at(timeMs).ranker.score(matrix);
      return [next[0]!, fresh[0]!];
    };
    expect(scoresAt(1_500_000)).toEqual(scoresAt(2_500_000).reverse());
    expect(scoresAt(1_500_000)).not.toEqual(scoresAt(2_500_000));
  });
});

describe('the factors of a bundle', () => {
  it('are those of the file, course by course, with their gram matrix', () => {
    const file = json('item-factors.json') as { courses: { course: CourseId; items: ItemId[] }[] };
    const all = floats('item-factors.f32');
    let from = 0;
    for (const { course, items } of file.courses) {
      const factors = retrieval().factors!.of(course)!;
      expect(factors).toMatchObject({ dimensions: 4, regularisation: 0.1, alpha: 2 });
      expect(factors.matrix).toEqual(all.slice(4 * from, 4 * (from + items.length)));
      expect(items.map((item) => factors.rowOf(item))).toEqual([...items.keys()]);
      expect(factors.rowOf('unseen' as ItemId)).toBe(-1);
      for (let at = 0; at < 16; at++) {
        const sum = items.reduce((total, _, row) => total + factors.matrix[4 * row + (at >> 2)]! * factors.matrix[4 * row + (at & 3)]!, 0);
        expect(factors.gram[at]).toBeCloseTo(sum, 9);
      }
      from += items.length;
      expect(retrieval().factors!.of(course)).toBe(factors);
    }
    expect(retrieval().factors!.of('UNSEEN' as CourseId)).toBeNull();
  });
});

describe('the co-visits of a bundle', () => {
  it('are those of the file', () => {
    const [first, second, third] = (json('covisits.json') as { items: ItemId[] }).items;
    const together = (item: ItemId): unknown => retrieval().covisits!.with(item);
    expect(together(first!)).toEqual([
      { item: second, weight: 0.5 },
      { item: third, weight: 0.25 },
    ]);
    expect(together(second!)).toEqual([]);
    expect(together('unseen' as ItemId)).toEqual([]);
  });
});

describe('the embeddings of a bundle', () => {
  const embeddings = (): ItemEmbeddings => retrieval().embeddings!;
  const { items } = json('embeddings.json') as { items: ItemId[] };
  const pointOf = (item: ItemId): Float32Array => embeddings().vectorOf({ item } as CurriculumItem);

  /** All of a course, nearest first, by comparing with each. */
  function exactly(course: string, point: Float32Array): ItemId[] {
    const of = items.filter((item) => item.startsWith(course.slice(0, 1).toLowerCase()));
    const similarity = (item: ItemId): number => pointOf(item).reduce((sum, value, at) => sum + value * point[at]!, 0);
    return of
      .map((item) => [item, similarity(item)] as const)
      .sort(([, a], [, b]) => b - a)
      .map(([item]) => item);
  }

  it('find by their index what comparing with each item finds', () => {
    for (const item of items.slice(0, 20)) {
      const found = embeddings().nearest(ALPHA, pointOf(item), 10);
      expect(found.map((near) => near.item)).toEqual(exactly('ALPHA', pointOf(item)).slice(0, 10));
      expect(found[0]).toEqual({ item, similarity: expect.closeTo(1, 6) as number });
    }
  });

  it('find in a course without an index, and all of a course', () => {
    const point = pointOf('beta-2' as ItemId);
    expect(
      embeddings()
        .nearest('BETA-1' as CourseId, point, 3)
        .map(({ item }) => item),
    ).toEqual(exactly('BETA', point).slice(0, 3));
    expect(
      embeddings()
        .nearest(ALPHA, point, 1_000)
        .map(({ item }) => item),
    ).toEqual(exactly('ALPHA', point));
  });

  it('find nothing in a course that training did not see, near no direction, or where nothing is asked for', () => {
    const point = pointOf('beta-2' as ItemId);
    expect(embeddings().nearest('UNSEEN' as CourseId, point, 3)).toEqual([]);
    expect(embeddings().nearest(ALPHA, new Float32Array(8), 3)).toEqual([]);
    expect(embeddings().nearest(ALPHA, point, 0)).toEqual([]);
  });

  it('know which items training saw', () => {
    expect(embeddings().has('beta-2' as ItemId)).toBe(true);
    expect(embeddings().has('unseen' as ItemId)).toBe(false);
  });

  it('of new items are those that Python makes of the same text', async () => {
    await using opened = await openModels(RETRIEVAL, { region: REGION });
    const made = opened.at(LATER).retrieval.embeddings!;
    const expected = json('../expected.json', RETRIEVAL) as { embeddings: { item: CurriculumItem; vector: number[] }[] };
    expect(expected.embeddings.length).toBeGreaterThan(3);
    for (const { item, vector } of expected.embeddings) {
      const point = made.vectorOf({ ...item, item: `unseen-${item.title}` as ItemId });
      expect(Math.max(...vector.map((value, at) => Math.abs(value - point[at]!))), item.title).toBeLessThan(1e-5);
    }
  });

  it('are made once for an item, and equal for equal items', () => {
    const item = { item: 'unseen', title: 'Thermo-dynamics, week 3', kind: 'quiz', skills: ['heat'], difficulty: 0.5 } as unknown as CurriculumItem;
    expect(embeddings().vectorOf(item)).toBe(embeddings().vectorOf(item));
    expect(embeddings().vectorOf({ ...item })).toEqual(embeddings().vectorOf(item));
    expect(Math.hypot(...embeddings().vectorOf(item))).toBeCloseTo(1, 6);
  });
});
