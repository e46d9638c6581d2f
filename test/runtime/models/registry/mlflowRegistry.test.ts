import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, type TestContext } from 'vitest';
import { readBundle } from '../../../../runtime/models/index.js';
import { openRegistry } from '../../../../runtime/models/registry/index.js';
import { runPython } from '../../../../scripts/ml/python.js';
import { bundleWith, describeModelRegistryConformance, type RegistryUnderTest } from '../../../conformance/modelRegistry.js';
import { sharedMlflow } from '../../../integration/servers.js';
import { temporaryFolder } from '../fixture.js';

const SLOW_MS = 120_000;

interface MlflowUnderTest extends RegistryUnderTest {
  readonly url: string;
  readonly name: string;
}

/** A model of its own on the server of the run. */
async function opened(context: TestContext): Promise<MlflowUnderTest> {
  const url = await sharedMlflow(context);
  const name = `m-${randomBytes(6).toString('hex')}`;
  const registry = openRegistry(url, name);
  return {
    url,
    name,
    registry,
    again: () => openRegistry(url, name),
    spoil: async (number, file) => {
      const { artifact_uri: uri } = (await (
        await fetch(`${url}/api/2.0/mlflow/model-versions/get-download-uri?name=${name}&version=${number}`)
      ).json()) as { readonly artifact_uri: string };
      const place = `${url}/api/2.0/mlflow-artifacts/artifacts${new URL(uri).pathname}/${file}`;
      expect((await fetch(place, { method: 'PUT', body: 'spoilt' })).ok).toBe(true);
    },
  };
}

describeModelRegistryConformance('MLflow', opened);

/** As training does it: the folder is logged in a run, and a version is made of it, with its tags. */
const LOGGING = `
import sys, mlflow
from mlflow import MlflowClient
url, name, folder, digest, version, region = sys.argv[1:]
mlflow.set_tracking_uri(url)
client = MlflowClient()
with mlflow.start_run() as run:
    mlflow.log_artifacts(folder, artifact_path='bundle')
    source = f'{run.info.artifact_uri}/bundle'
try:
    client.create_registered_model(name)
except mlflow.exceptions.MlflowException:
    pass
made = client.create_model_version(name, source, run.info.run_id, tags={'sha256': digest, 'bundle_version': version, 'region': region, 'by': 'python'})
client.set_registered_model_alias(name, 'production', made.version)
print(made.version)
`;

const READING = `
import sys, json, os, mlflow
url, name, into = sys.argv[1:]
mlflow.set_tracking_uri(url)
folder = mlflow.artifacts.download_artifacts(f'models:/{name}/1', dst_path=into)
print(json.dumps(sorted(os.listdir(folder))))
`;

describe('MLflow with Python beside', () => {
  it('gives bundles that Python logged, and whose alias Python moved', { timeout: 2 * SLOW_MS }, async (context) => {
    const { url, name, registry } = await opened(context);
    const folder = bundleWith('from Python');
    const { digest, manifest } = readBundle(folder);
    // It says on the same output where the run can be seen.
    const number = (await runPython('operations', ['-c', LOGGING, url, name, folder, digest, manifest.version, manifest.region])).trim().split(/\s+/).at(-1)!;
    expect(number).toBe('1');
    expect(await registry.at('production')).toMatchObject({ number, digest, region: manifest.region, bundleVersion: manifest.version });
    expect(readBundle(await registry.fetch(number, temporaryFolder())).digest).toBe(digest);
    expect(await registry.history('production')).toMatchObject([{ number: '1', previous: null, by: 'another tool' }]);
    // The same bundle is known, whoever registered it.
    expect((await registry.register(folder, {})).number).toBe('1');
    const { number: second } = await registry.register(bundleWith('over REST'), {});
    await registry.move('production', second, { by: 'ops', reason: null, atMs: Date.now() });
    expect((await registry.history('production')).map(({ number: to, previous, by }) => [to, previous, by])).toEqual([
      ['2', '1', 'ops'],
      ['1', null, 'another tool'],
    ]);
  });

  it('gives Python bundles that were registered over REST', { timeout: 2 * SLOW_MS }, async (context) => {
    const { url, name, registry } = await opened(context);
    const folder = bundleWith('for Python');
    await registry.register(folder, {});
    const names = JSON.parse(await runPython('operations', ['-c', READING, url, name, temporaryFolder()])) as string[];
    expect(names).toEqual([...Object.keys(readBundle(folder).manifest.files), 'manifest.json', 'manifest.sha256'].sort());
  });

  it('refuses a version without a digest', { timeout: SLOW_MS }, async (context) => {
    const { url, name, registry } = await opened(context);
    const { number } = await registry.register(bundleWith('one'), {});
    const tag = { name, version: number, key: 'sha256' };
    await fetch(`${url}/api/2.0/mlflow/model-versions/delete-tag`, { method: 'DELETE', body: JSON.stringify(tag), headers: { 'content-type': 'application/json' } });
    await expect(registry.fetch(number, temporaryFolder())).rejects.toMatchObject({ code: 'SFS_MODEL_DAMAGED' });
  });
});

describe('an MLflow that is not there', () => {
  it('is told, as something that may answer later', { timeout: SLOW_MS }, async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    await expect(openRegistry(url).at('production')).rejects.toMatchObject({ code: 'SFS_MODEL_REGISTRY', retriable: true });
  });

  it('may hold a password, which no message tells', { timeout: SLOW_MS }, async () => {
    const registry = openRegistry(`http://ops:secret@127.0.0.1:${await closedPort()}/`);
    expect(registry.place).not.toContain('secret');
    await expect(registry.at('production')).rejects.toThrow(/does not answer/);
    await expect(registry.at('production')).rejects.not.toThrow(/secret/);
  });
});

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
