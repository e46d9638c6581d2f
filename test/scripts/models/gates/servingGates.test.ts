import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ranker } from '../../../../operators/ports/ranker.js';
import type { GateCheck, GateName } from '../../../../scripts/models/gates/gate.js';
import { latencyGate, parityGate, servingGates, type ServingOptions } from '../../../../scripts/models/gates/servingGates.js';
import { boundsWith } from '../../../../scripts/models/gates/thresholds.js';
import { readBundle } from '../../../../runtime/models/bundle.js';
import { openModels, type ModelFolder } from '../../../../runtime/models/index.js';
import { BUNDLE, FEATURES, PARITY, REGION, RETRIEVAL, copyOf, manifestOf, refile } from '../../../runtime/models/fixture.js';

const OPTIONS: ServingOptions = { region: REGION, featureSet: FEATURES };
/** Whatever else this machine does. */
const PATIENT = boundsWith({ latency: 60_000 });
const ROWS = 50;
const parity = { features: PARITY.features.slice(0, ROWS), next: PARITY.next.slice(0, ROWS), new: PARITY.new.slice(0, ROWS) };

let models: ModelFolder;
let ranker: Ranker;
beforeAll(async () => {
  models = await openModels(BUNDLE, OPTIONS);
  ranker = models.at(Number.MAX_SAFE_INTEGER).ranker;
});
afterAll(() => models.close());

/** The gate on the fixture with such a file `parity.json`. */
function parityOf(content: unknown): GateCheck {
  const folder = copyOf();
  refile(folder, 'parity.json', typeof content === 'string' ? content : JSON.stringify(content));
  return parityGate(readBundle(folder), ranker, PATIENT);
}

async function checksOf(folder: string, options = OPTIONS): Promise<Record<GateName, GateCheck>> {
  const checks = await servingGates(readBundle(folder), options, PATIENT);
  return Object.fromEntries(checks.map((check) => [check.name, check])) as Record<GateName, GateCheck>;
}

describe('serving', () => {
  it('passes a bundle that a run can open, and goes on to what scores', async () => {
    const { name, version } = manifestOf(BUNDLE);
    const checks = await checksOf(BUNDLE);
    expect(checks.serving).toMatchObject({ status: 'passed', value: `${name}@${version}` });
    expect([checks.parity.status, checks.latency.status]).toEqual(['skipped', 'passed']);
  });

  it.each([
    ['of another region', BUNDLE, { ...OPTIONS, region: 'us-east' }, 'SFS_MODEL_REGION'],
    ['that reads other features', BUNDLE, { region: REGION }, 'SFS_MODEL_FEATURES'],
    ['without rankers', RETRIEVAL, OPTIONS, 'no rankers'],
  ])('fails one %s, and whatever would score with it', async (_, folder, options, reason) => {
    const checks = await checksOf(folder, options);
    expect(checks.serving).toMatchObject({ status: 'failed', reason: expect.stringContaining(reason) as string });
    expect([checks.parity.status, checks.latency.status]).toEqual(['failed', 'failed']);
  });

  it('fails one whose ranker cannot be loaded', async () => {
    const folder = copyOf();
    refile(folder, 'ranker-new.onnx', 'nothing');
    expect((await checksOf(folder)).serving).toMatchObject({ status: 'failed', reason: expect.stringContaining('SFS_MODEL_DAMAGED') as string });
  });
});

describe('parity', () => {
  it('passes scores that are those of the trainer', () => {
    const check = parityOf(parity);
    expect(check.status).toBe('passed');
    expect(check.value).toBeLessThan(1e-5);
  });

  it('fails scores that are others, in either list', () => {
    for (const list of ['next', 'new'] as const) {
      const check = parityOf({ ...parity, [list]: parity[list].map((score) => -score) });
      expect(check).toMatchObject({ status: 'failed', reason: expect.stringContaining('not in the same order') as string });
      expect(check.value).toBeGreaterThan(0.1);
    }
  });

  it('fails a list whose scores are the other list’s', () => {
    expect(parityOf({ ...parity, new: parity.next }).status).toBe('failed');
  });

  it('passes scores that put all rows in the same order', () => {
    const scaled = (scores: readonly number[]): number[] => scores.map((score) => 2 * score + 1);
    // Rows of equal scores in Python may differ in their last bits here: each score once.
    const once = parity.features.flatMap((_, row) => (['next', 'new'] as const).every((list) => isAlone(parity[list], row)) ? [row] : []);
    const of = <T>(values: readonly T[]): T[] => once.map((row) => values[row]!);
    expect(once.length).toBeGreaterThan(5);
    const check = parityOf({ features: of(parity.features), next: scaled(of(parity.next)), new: scaled(of(parity.new)) });
    expect(check).toMatchObject({ status: 'passed', reason: expect.stringContaining('rows in the same order') as string });
    expect(check.value).toBeGreaterThan(0.1);
  });

  it('skips a bundle that has no rows to compare, and says so', () => {
    expect(parityGate(readBundle(BUNDLE), ranker, PATIENT)).toMatchObject({ status: 'skipped', reason: expect.stringContaining('no parity.json') as string });
  });

  it.each([
    ['no rows', { features: [], next: [], new: [] }],
    ['rows of other columns', { ...parity, features: parity.features.map((row) => row.slice(1)) }],
    ['fewer scores than rows', { ...parity, next: parity.next.slice(1) }],
    ['what is no JSON', '{'],
    ['scores that are none', { ...parity, new: parity.new.map(() => null) }],
  ])('fails %s', (_, content) => {
    expect(parityOf(content)).toMatchObject({ status: 'failed', value: null });
  });
});

describe('latency', () => {
  it('is measured, and fails above its bound', () => {
    const check = latencyGate(ranker, PATIENT);
    expect(check).toMatchObject({ status: 'passed', bound: PATIENT.latency });
    expect(check.value).toBeGreaterThan(0);
    expect(latencyGate(ranker, boundsWith({ latency: 0 })).status).toBe('failed');
  });
});

const isAlone = (scores: readonly number[], row: number): boolean => scores.every((score, at) => at === row || Math.abs(score - scores[row]!) > 1e-4);
