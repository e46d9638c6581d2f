/** Feast's own SDK and this project on one Redis: what one writes, the other reads. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import type { FeatureValue, FeatureView } from '../../../operators/featureViews/index.js';
import { openFeastStore, type FeastStore } from '../../../runtime/feast/index.js';
import { pythonOf, pythonVariables } from '../../../scripts/ml/python.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { SERVER_START_MS, sharedRedis } from '../servers.js';
import { everyType, namedValues, pairs, valuesOfEveryType } from './everyType.js';

const folder = mkdtempSync(join(tmpdir(), 'skillforge-feast-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const AT_MS = 1_700_000_000_250;

interface Row {
  readonly entity: Readonly<Record<string, string>>;
  readonly at?: number;
  readonly values?: Readonly<Record<string, unknown>>;
}

interface Step {
  readonly do: 'write' | 'materialize' | 'read';
  readonly view: string;
  readonly rows: readonly Row[];
}

/** Bytes are not JSON. */
const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  return Array.isArray(value) ? value.map(plain) : value;
};
const plainOf = (values: readonly FeatureValue[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(namedValues(values)).map(([name, value]) => [name, plain(value)]));

const declared = ({ name, description, entities, ttlMs, features }: FeatureView): object => ({
  name,
  description,
  origin: 'batch',
  source: `${name}.parquet`,
  entities,
  ttlMs,
  features: features.map((one) => ({ ...one, fallback: null })),
});

/** Runs steps with the SDK. @returns what each `read` found */
function sdk(store: FeastStore, redis: string, steps: readonly Step[]): Promise<Record<string, unknown>[][]> {
  const entities = { learner: '', cohort: '', item: '' };
  const declaration = { entities, views: [everyType, pairs].map(declared), services: [] };
  const document = { features: folder, project: store.project, redis: new URL(redis).host, declaration, steps };
  const child = spawn(pythonOf('operations'), [join(import.meta.dirname, 'sdk.py')], { env: pythonVariables(), stdio: ['pipe', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (output.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (output.stderr += bytes.toString()));
  child.stdin.end(JSON.stringify(document));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output.stdout) as Record<string, unknown>[][]);
      else reject(new Error(`the SDK ended with ${code}: ${output.stderr}`));
    });
  });
}

async function opened(context: TestContext): Promise<{ readonly store: FeastStore; readonly redis: string }> {
  skipWithoutPython(context, 'operations');
  const redis = await sharedRedis(context);
  const store = await openFeastStore({ url: redis, region: 'eu-west', project: `sdk_${process.pid}` });
  context.onTestFinished(() => store.close());
  return { store, redis };
}

describe("Feast's SDK", { timeout: SERVER_START_MS }, () => {
  it('reads what the stream wrote, and writes what the stream reads; the newest row stays, whoever wrote it', async (context) => {
    const { store, redis } = await opened(context);
    const { full, zero, empty } = valuesOfEveryType;
    const position = { partition: 0, offset: 0 };
    const write = (learner: string, values: readonly FeatureValue[], eventTimeMs: number) =>
      store.write([{ view: everyType, entity: { learner }, values, eventTimeMs, position }]);
    const read = async (learner: string) => store.read(everyType, { learner }, AT_MS);
    for (const [learner, values] of Object.entries({ full, zero, empty, ada: full, bob: full })) await write(learner, values, AT_MS);
    await store.write([{ view: pairs, entity: { cohort: 'c', item: 'i' }, values: [0.5, 2], eventTimeMs: AT_MS, position }]);

    const learners = ['full', 'zero', 'empty', 'nobody'].map((learner): Row => ({ entity: { learner } }));
    const row = (learner: string, values: readonly FeatureValue[], at: number): Row => ({ entity: { learner }, at, values: plainOf(values) });
    const pair = (item: string, values: Readonly<Record<string, unknown>>, at: number): Row => ({ entity: { cohort: 'c', item }, at, values });
    const [stream, both, newest] = await sdk(store, redis, [
      { do: 'read', view: 'every_type', rows: learners },
      { do: 'read', view: 'pairs', rows: [{ entity: { cohort: 'c', item: 'i' } }] },
      {
        do: 'write',
        view: 'every_type',
        rows: [row('fay', full, AT_MS), row('nil', empty, AT_MS), row('ada', zero, AT_MS + 1), row('bob', zero, AT_MS - 1)],
      },
      {
        do: 'materialize',
        view: 'pairs',
        rows: [
          pair('m', { share: 0.25, count: 3 }, AT_MS),
          pair('m', { share: 1, count: 1 }, AT_MS - 1),
          pair('n', { share: null, count: null }, AT_MS),
        ],
      },
      { do: 'read', view: 'every_type', rows: ['ada', 'bob'].map((learner) => ({ entity: { learner } })) },
    ]);

    expect(stream).toEqual([full, zero, empty, empty].map(plainOf));
    expect(both).toEqual([{ share: 0.5, count: 2 }]);
    expect(newest).toEqual([zero, full].map(plainOf));

    expect(await read('fay')).toEqual({ state: 'present', eventTimeMs: AT_MS, values: namedValues(full) });
    expect(await read('nil')).toEqual({ state: 'present', eventTimeMs: AT_MS, values: namedValues(empty) });
    const materialised = (item: string) => store.read(pairs, { cohort: 'c', item }, AT_MS);
    expect(await materialised('m')).toEqual({ state: 'present', eventTimeMs: AT_MS, values: { share: 0.25, count: 3 } });
    expect(await materialised('n')).toEqual({ state: 'present', eventTimeMs: AT_MS, values: { share: null, count: null } });

    expect(await write('ada', full, AT_MS)).toEqual({ written: 0, older: 1 });
    expect((await read('ada')).values).toEqual(namedValues(zero));
    expect(await write('ada', full, AT_MS + 2)).toEqual({ written: 1, older: 0 });
    for (const learner of ['ada', 'bob', 'fay', 'nil', 'full', 'zero', 'empty']) expect(await store.purge({ learner })).toBe(true);
    const [gone] = await sdk(store, redis, [{ do: 'read', view: 'every_type', rows: ['ada', 'fay'].map((learner) => ({ entity: { learner } })) }]);
    expect(gone).toEqual([empty, empty].map(plainOf));
  });
});
