import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureSet } from '../../../operators/features/declarations.js';
import type { Models } from '../../../operators/ports/models.js';
import type { FeatureMatrix } from '../../../operators/ports/ranker.js';
import { formulaModels } from '../../../operators/recommend/index.js';
import { openModels, type ModelFolder } from '../../../runtime/models/index.js';
import { REFERENCE } from '../../../runtime/models/reference.js';
import { DRIFT_RULE, DriftWatch, verdictOf } from '../../../runtime/observability/index.js';
import { SeededRandom } from '../../../scripts/synthetic/random.js';
import { BUNDLE, FEATURES, REGION, copyOf, refile, remanifest } from '../models/fixture.js';

const DAY_MS = 86_400_000;
const START_MS = 20_000 * DAY_MS;
const COLUMNS = FEATURES.declarations.length;
const ROWS = 400;
/** More than half of those that count. */
const MANY = [1, 2, 3, 4, 5, 6];
const TENTHS = { edges: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], shares: Array<number>(10).fill(0.1) };
const ALL = { edges: [], shares: [1] };

/** The first feature runs with the calendar. */
const featureSet: FeatureSet = { ...FEATURES, declarations: FEATURES.declarations.map((one, at) => (at === 0 ? { ...one, type: 'duration' } : one)) };

const folder = mkdtempSync(join(tmpdir(), 'sfs-drift-'));
let models: ModelFolder;
beforeAll(async () => {
  const reference = { features: FEATURES.declarations.map(({ name }) => ({ name, ...TENTHS })), scores: { next: ALL, new: ALL }, rows: 1_000 };
  for (const [name, trainedUntilMs] of [
    ['first', START_MS],
    ['second', START_MS + 10 * DAY_MS],
  ] as const) {
    const bundle = copyOf(BUNDLE, join(folder, name));
    refile(bundle, REFERENCE, JSON.stringify(name === 'first' ? reference : { ...reference, rows: 2_000 }));
    remanifest(bundle, { trainedUntilMs });
  }
  models = await openModels(folder, { region: REGION, featureSet });
});
afterAll(async () => {
  await models.close();
  rmSync(folder, { recursive: true });
});

/** Rows whose values are evenly spread over [0, 1), but for those columns that are moved. */
function rowsOf(seed: number, moved: readonly number[] = []): FeatureMatrix {
  const random = new SeededRandom(seed);
  const values = Float32Array.from({ length: ROWS * COLUMNS }, (_, at) => random.unit() * (moved.includes(at % COLUMNS) ? 0.2 : 1));
  return { rows: ROWS, columns: COLUMNS, values };
}

/** Decides often enough for a window. */
function decide(watched: Models, atMs: number, moved: readonly number[] = [], times = 20): void {
  for (let n = 0; n < times; n++) watched.at(atMs).ranker.score(rowsOf(n, moved));
}

describe('a watched ranker', () => {
  it('gives the scores of the ranker itself', () => {
    const matrix = rowsOf(1);
    const { ranker } = models.at(START_MS);
    const expected = { next: ranker.score(matrix).next.slice(0, ROWS), new: ranker.score(matrix).new.slice(0, ROWS) };
    const watched = new DriftWatch().models(models).at(START_MS);
    const scores = watched.ranker.score(matrix);
    expect({ next: scores.next.slice(0, ROWS), new: scores.new.slice(0, ROWS) }).toEqual(expected);
    expect(watched.ranker.contributions!(matrix, 0, 'next')).toEqual(ranker.contributions!(matrix, 0, 'next'));
    expect(watched).toMatchObject({ version: models.at(START_MS).version, retrieval: models.at(START_MS).retrieval });
  });

  it('is the same object each time, and the model itself where training left no reference', () => {
    const watched = new DriftWatch().models(models);
    expect(watched.at(START_MS)).toBe(watched.at(START_MS + 1));
    expect(new DriftWatch().models(formulaModels).at(0)).toEqual(formulaModels.at(0));
  });
});

describe('a window', () => {
  it('is told when it is over, and not before', () => {
    const watch = new DriftWatch();
    const watched = watch.models(models);
    decide(watched, START_MS + 5);
    expect(watch.figures()).toBeNull();
    decide(watched, START_MS + DAY_MS, [], 1);
    const figures = watch.figures()!;
    expect(figures).toMatchObject({ fromMs: START_MS, rows: (20 * ROWS) / 4, drifted: [], isDrifted: false, scores: { next: 0, new: 0 } });
    expect(figures.features.size).toBe(COLUMNS);
    expect(Math.max(...figures.features.values())).toBeLessThan(0.1);
  });

  it('has drifted where enough features have, of those that count', () => {
    const watch = new DriftWatch();
    const watched = watch.models(models);
    const [name, other] = [FEATURES.declarations[0]!.name, FEATURES.declarations[1]!.name];
    decide(watched, START_MS, [0, 1]);
    decide(watched, START_MS + DAY_MS, [0, ...MANY]);
    expect(watch.figures()).toMatchObject({ drifted: [other], isDrifted: false });
    expect(watch.figures()!.features.get(name)).toBeGreaterThan(DRIFT_RULE.mostPsi);
    decide(watched, START_MS + 2 * DAY_MS, [], 1);
    expect(watch.figures()).toMatchObject({ fromMs: START_MS + DAY_MS, isDrifted: true });
    expect(watch.figures()!.drifted).toHaveLength(MANY.length);
  });

  it('of too few rows tells nothing: the one before it stands', () => {
    const watch = new DriftWatch();
    const watched = watch.models(models);
    decide(watched, START_MS);
    decide(watched, START_MS + DAY_MS, MANY, 1);
    decide(watched, START_MS + 2 * DAY_MS, [], 1);
    expect(watch.figures()).toMatchObject({ fromMs: START_MS, isDrifted: false });
  });

  it('counts what comes late while it is kept, and forgets what is older', () => {
    const watch = new DriftWatch();
    const watched = watch.models(models);
    for (const day of [0, 1, 2, 3]) decide(watched, START_MS + day * DAY_MS);
    const before = watch.figures()!;
    expect(before.fromMs).toBe(START_MS + 2 * DAY_MS);
    decide(watched, START_MS + 2 * DAY_MS, [], 4);
    expect(watch.figures()!.rows).toBe(before.rows + ROWS);
    decide(watched, START_MS, MANY);
    expect(watch.figures()).toEqual({ ...watch.figures(), fromMs: START_MS + 2 * DAY_MS, isDrifted: false });
  });

  it('is that of the model which decided last', () => {
    const watch = new DriftWatch();
    const watched = watch.models(models);
    const day = (n: number): number => START_MS + n * DAY_MS;
    decide(watched, day(9), MANY);
    decide(watched, day(10));
    expect(watch.modelVersion).toBe(models.at(day(10)).version);
    expect(watch.figures()).toBeNull();
    decide(watched, day(11), [], 1);
    expect(watch.figures()).toMatchObject({ fromMs: day(10), isDrifted: false });
  });
});

describe('the rule', () => {
  const declarations = [{ type: 'duration' }, { type: 'count' }, { type: 'ratio' }, { type: 'rank' }, { type: 'flag' }] as const;

  it('lets half of the features shift, durations left out', () => {
    expect(verdictOf([9, 0.26, 0.26, 0, 0], declarations)).toEqual({ drifted: [1, 2], isDrifted: false });
    expect(verdictOf([0, 0.26, 0.26, 0.26, 0], declarations)).toEqual({ drifted: [1, 2, 3], isDrifted: true });
    expect(verdictOf([9, 0.25, 0.25, 0.25, 0.25], declarations)).toEqual({ drifted: [], isDrifted: false });
  });
});
