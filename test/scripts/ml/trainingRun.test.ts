/** `skillforge training run` on a small school: with a registry in a folder, and with a real MLflow. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openRegistry } from '../../../runtime/models/registry/index.js';
import { readBundle } from '../../../runtime/models/bundle.js';
import { localTools } from '../../../runtime/localTools.js';
import { readingFolder, withFolder } from '../../../scripts/commands/folder.js';
import { liveSchool, runToTheEnd } from '../../../scripts/ml/demoSchool.js';
import { isInstalled } from '../../../scripts/ml/python.js';
import { DAY_MS, DEFAULT_SCHOOL, type SchoolOptions } from '../../../scripts/school/index.js';
import { exportTraining } from '../../../scripts/training/trainingExport.js';
import { recommendationsTopology } from '../../../topologies/recommendations.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { SERVER_START_MS, sharedMlflow } from '../../integration/servers.js';
import { runCli } from '../commands/cliProcess.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 300_000;
const DAYS = 22;
const SCHOOL: Partial<SchoolOptions> = { seed: 5, learners: 60, courses: 2, days: DAYS, eventsPerDay: 500 };
/** A week before the end of the school, and a day that judges: decisions of the 15th have brought what they bring. */
const UNTIL_MS = DEFAULT_SCHOOL.startMs + 14 * DAY_MS;

const folder = newFolder();
const exported = join(folder, 'training');
const out = join(folder, 'runs', 'day');

interface Summary {
  readonly version: string;
  readonly bundle: string;
  readonly number: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly validation: { readonly checks: readonly object[] };
  readonly registered: { readonly runId: string; readonly isNew: boolean } | null;
}

const training = (...args: string[]): ReturnType<typeof runCli> =>
  runCli(['training', 'run', '--export', exported, '--until', String(UNTIL_MS), '--out', out, '--trees', '8', '--json', ...args], folder);

async function trained(...args: string[]): Promise<Summary> {
  const result = await training(...args);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return result.json<{ summary: Summary }>().summary;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What MLflow answers to a question. */
async function asked(address: string, path: string, query: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const response = await fetch(`${address}/api/2.0/mlflow/${path}?${new URLSearchParams(query).toString()}`);
  expect(response.status, path).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

beforeAll(async () => {
  if (!isInstalled('trainer')) return;
  const data = join(folder, 'data');
  const { region } = DEFAULT_SCHOOL;
  await liveSchool(data, SCHOOL, { models: null });
  await withFolder(data, (storage) => runToTheEnd(storage, [recommendationsTopology({ loggedShare: 1 })], region, { models: null }));
  await readingFolder(data, (storage) => exportTraining(localTools(storage), { region, out: exported }));
}, SLOW_MS);

describe('a training run', { timeout: SLOW_MS }, () => {
  it('registers its bundle in the folder, and once; compared with the run before and the champion', async (context) => {
    skipWithoutPython(context, 'trainer');
    const place = join(folder, 'registry');
    const registry = openRegistry(place);
    const first = await trained('--model-registry', place);
    expect(first).toMatchObject({ number: '1', registered: null });
    expect(await registry.version('1')).toMatchObject({ bundleVersion: first.version, digest: first.tags['sha256'], tags: first.tags });
    expect(readBundle(first.bundle).digest).toBe(first.tags['sha256']);
    await registry.move('production', '1', { by: 'test', reason: null, atMs: 0 });
    const again = await trained('--model-registry', place, '--previous', out);
    expect(again).toMatchObject({ version: first.version, number: '1', tags: first.tags });
    const compared = ['change', 'drift'].map((name): unknown => expect.objectContaining({ name, status: 'passed' }));
    expect(again.validation.checks).toEqual(expect.arrayContaining(compared));
    expect(await registry.versions()).toHaveLength(1);
  });

  it('refuses data whose features are not those of this program', async (context) => {
    skipWithoutPython(context, 'trainer');
    const old = join(folder, 'old');
    cpSync(exported, old, { recursive: true });
    const head = readFileSync(join(old, 'export.json'), 'utf8');
    writeFileSync(join(old, 'export.json'), head.replace(/item-features:[0-9a-f]+/, 'item-features:0000000000000000'));
    const refused = await runCli(['training', 'validate', '--export', old, '--until', String(UNTIL_MS), '--json'], folder);
    expect(refused.code).toBe(3);
    expect(refused.json()).toMatchObject({ error: { code: 'SFS_TRAINING_DATA', message: expect.stringContaining('feature-set') as unknown } });
  });

  it('takes one registry, not two', async () => {
    const result = await training('--model-registry', join(folder, 'one'), '--tracking-uri', 'http://127.0.0.1:1');
    expect(result.code).toBe(2);
    expect(result.json()).toMatchObject({ error: { code: 'SFS_USAGE' } });
    expect(existsSync(join(folder, 'one'))).toBe(false);
  });
});

describe('a training run with MLflow', { timeout: SLOW_MS + SERVER_START_MS }, () => {
  it('logs everything, registers one version, and reads back what it wrote', async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    const address = await sharedMlflow(context);
    const first = await trained('--tracking-uri', address);
    expect(first.registered).toMatchObject({ isNew: true });
    // MLflow's own interface.
    const { model_version: version } = (await asked(address, 'model-versions/get', { name: 'recommender', version: first.number })) as {
      model_version: { run_id: string; tags: { key: string; value: string }[] };
    };
    expect(version.run_id).toBe(first.registered!.runId);
    expect(Object.fromEntries(version.tags.map(({ key, value }) => [key, value]))).toEqual(first.tags);
    const { run } = (await asked(address, 'runs/get', { run_id: version.run_id })) as {
      run: { info: { status: string }; data: { metrics: { key: string }[]; params: { key: string; value: string }[] } };
    };
    expect(run.info.status).toBe('FINISHED');
    expect(run.data.metrics.map(({ key }) => key)).toEqual(expect.arrayContaining(['next.trees', 'after.next.ndcg_at_10', 'retrieval.interactions']));
    expect(run.data.params).toContainEqual({ key: 'data_hash', value: first.tags['data_hash'] });
    const { files } = (await asked(address, 'artifacts/list', { run_id: version.run_id })) as { files: { path: string }[] };
    expect(files.map(({ path }) => path).sort()).toEqual(['bundle', 'evaluation.json', 'model-card.md', 'training.json', 'validation.json']);
    // Serving's way to it.
    const fetched = await openRegistry(address).fetch(first.number, join(folder, 'fetched'));
    const manifest = readFileSync(join(fetched, 'manifest.json'));
    expect(sha256(manifest)).toBe(first.tags['sha256']);
    expect(manifest.equals(readFileSync(join(first.bundle, 'manifest.json')))).toBe(true);
    expect(readBundle(fetched).manifest.version).toBe(first.version);
    // Once more: the same bundle, run and version.
    const again = await trained('--tracking-uri', address);
    expect(again).toMatchObject({ version: first.version, number: first.number, registered: { runId: first.registered!.runId, isNew: false } });
  });

  it('says that MLflow cannot be reached', async (context) => {
    skipWithoutPython(context, 'operations');
    const result = await training('--tracking-uri', 'http://127.0.0.1:9');
    expect(result.code).toBe(3);
    expect(result.json()).toMatchObject({ error: { code: 'SFS_MODEL_REGISTRY' } });
  });
});
