import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GATES } from '../../../../scripts/models/gates/gate.js';
import { gateTags, runGates, type GateOptions, type GateReport } from '../../../../scripts/models/gates/runGates.js';
import { CACHE_VARIABLE } from '../../../../scripts/services/cache.js';
import { openRegistry } from '../../../../runtime/models/registry/index.js';
import { BUNDLE, FEATURES, REGION, copyOf, remanifest, temporaryFolder } from '../../../runtime/models/fixture.js';

afterEach(() => vi.unstubAllEnvs());

const OPTIONS: GateOptions = { region: REGION, featureSet: FEATURES, export: 'nowhere', fromMs: 0, untilMs: 1, bounds: { latency: 60_000 }, atMs: 7 };

/** A bundle that reads other features. */
const TRAINED = fileURLToPath(new URL('../../../runtime/models/fixtures/trained/bundle', import.meta.url));

const SLOW_MS = 120_000;

const statusOf = (report: GateReport, name: string): string | undefined => report.checks.find((check) => check.name === name)?.status;

describe('all gates', () => {
  it('are told in order, and fail closed where Python is missing', { timeout: SLOW_MS }, async () => {
    const folder = temporaryFolder();
    vi.stubEnv(CACHE_VARIABLE, join(folder, 'empty'));
    const registry = openRegistry(join(folder, 'registry'));
    const { number, bundleVersion } = await registry.register(BUNDLE, {});
    const report = await runGates(registry, number, OPTIONS);
    expect(report).toMatchObject({ number, bundleVersion, status: 'failed', atMs: 7, champion: null });
    expect(report.checks.map(({ name }) => name)).toEqual(GATES);
    for (const name of ['digest', 'region', 'size', 'serving', 'latency']) expect(statusOf(report, name), name).toBe('passed');
    for (const name of GATES.slice(GATES.indexOf('decisions'))) {
      expect(report.checks.find((check) => check.name === name)).toMatchObject({
        status: 'failed',
        value: null,
        reason: expect.stringContaining('npm run ml:setup') as string,
      });
    }
  });

  it('all fail a version whose files are no longer those registered', async () => {
    const folder = temporaryFolder();
    const registry = openRegistry(join(folder, 'registry'));
    const { number } = await registry.register(BUNDLE, {});
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('ranker-next.onnx'));
    expect(files).toHaveLength(1);
    appendFileSync(join(folder, files[0]!), 'x');
    const report = await runGates(registry, number, OPTIONS);
    expect(report.checks.map(({ name, status }) => [name, status])).toEqual(GATES.map((name) => [name, 'failed']));
    expect(report.checks[0]!.reason).toContain('ranker-next.onnx');
  });

  it('compare with production, or with what was shown where production reads other features', { timeout: SLOW_MS }, async () => {
    const folder = temporaryFolder();
    vi.stubEnv(CACHE_VARIABLE, join(folder, 'empty'));
    const registry = openRegistry(join(folder, 'registry'));
    const candidate = copyOf();
    remanifest(candidate, { trainedUntilMs: 1 });
    const [same, others, { number }] = [await registry.register(BUNDLE, {}), await registry.register(TRAINED, {}), await registry.register(candidate, {})];
    const champions: (string | null)[] = [];
    for (const production of [same, others]) {
      await registry.move('production', production.number, { by: 'test', reason: null, atMs: 1 });
      champions.push((await runGates(registry, number, OPTIONS)).champion);
    }
    expect(champions).toEqual([same.number, null]);
  });

  it('fail closed where production cannot be read', { timeout: SLOW_MS }, async () => {
    const folder = temporaryFolder();
    const registry = openRegistry(folder);
    const candidate = copyOf();
    remanifest(candidate, { trainedUntilMs: 1 });
    const champion = await registry.register(BUNDLE, {});
    const { number } = await registry.register(candidate, {});
    await registry.move('production', champion.number, { by: 'test', reason: null, atMs: 1 });
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      if (name.includes(`versions/${champion.number}/`) && name.endsWith('covisits.json')) appendFileSync(join(folder, name), 'x');
    const report = await runGates(registry, number, OPTIONS);
    expect(report.champion).toBe(champion.number);
    expect(report.checks.find(({ name }) => name === 'quality-next')).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^of the champion, version 1 cannot be read: .*covisits\.json/) as string,
    });
  });

  it('know no version that is not registered', async () => {
    await expect(runGates(openRegistry(temporaryFolder()), '9', OPTIONS)).rejects.toMatchObject({ code: 'SFS_MODEL_MISSING' });
  });

  it('leave tags that whoever promotes reads', () => {
    const check = { name: 'size', status: 'passed', value: 1, bound: 2, reason: 'MB of all files' } as const;
    const report: GateReport = { number: '3', bundleVersion: 'abc', status: 'passed', atMs: 7, champion: '2', checks: [check], groups: [] };
    expect(gateTags(report)).toEqual({
      'gate.status': 'passed',
      'gate.at_ms': '7',
      'gate.champion': '2',
      'gate.report': JSON.stringify({ checks: [check] }),
    });
    expect(gateTags({ ...report, champion: null })['gate.champion']).toBe('');
  });
});
