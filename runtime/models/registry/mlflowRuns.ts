/** Bundles as artifacts of MLflow's runs: it takes a version only from the run that its files belong to. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkillForgeError } from '../../../schemas/index.js';
import { MANIFEST, MANIFEST_DIGEST, type Bundle } from '../bundle.js';
import { mlflowCodeOf, type MlflowClient } from './mlflowClient.js';

/** Where a bundle was logged. */
export interface LoggedBundle {
  readonly runId: string;
  /** Address of its folder, as versions name it. */
  readonly source: string;
}

const EXPERIMENT = 'skillforge-bundles';
const SCHEME = 'mlflow-artifacts:';
/** The path at which training in Python logs bundles, too. */
const FOLDER = 'bundle';

/** Logs the files of a bundle in a run of its own. @throws SFS_MODEL_REGISTRY */
export async function logBundle(client: MlflowClient, { folder, manifest }: Bundle): Promise<LoggedBundle> {
  const body = { experiment_id: await experimentId(client), run_name: `${manifest.name}@${manifest.version}`, start_time: Date.now() };
  const { run } = (await client.call('runs/create', { method: 'POST', body, isRepeatable: false })) as {
    readonly run: { readonly info: { readonly run_id: string; readonly artifact_uri: string } };
  };
  const { run_id: runId, artifact_uri: artifacts } = run.info;
  const source = `${artifacts}/${FOLDER}`;
  const path = artifactPath(client, source);
  // The manifest last: a folder with one is whole.
  for (const file of [...Object.keys(manifest.files), MANIFEST_DIGEST, MANIFEST]) {
    await client.artifact(`${path}/${file}`, readFileSync(join(folder, file)));
  }
  await client.call('runs/update', { method: 'POST', body: { run_id: runId, status: 'FINISHED', end_time: Date.now() } });
  return { runId, source };
}

/** The path of a folder within the server's artifacts. @throws SFS_MODEL_REGISTRY where the files lie elsewhere */
export function artifactPath({ address }: MlflowClient, uri: string): string {
  if (uri.startsWith(SCHEME)) return new URL(uri).pathname.replace(/^\/+/, '');
  throw new SkillForgeError(
    'SFS_MODEL_REGISTRY',
    `files of the model registry ${address} are at ${uri}, which it does not serve: start it with --serve-artifacts and --artifacts-destination`,
    { context: { place: address, uri } },
  );
}

async function experimentId(client: MlflowClient): Promise<string> {
  try {
    return String((await client.call('experiments/create', { method: 'POST', body: { name: EXPERIMENT } }))['experiment_id']);
  } catch (error) {
    if (mlflowCodeOf(error) !== 'RESOURCE_ALREADY_EXISTS') throw error;
    const found = await client.call('experiments/get-by-name', { query: { experiment_name: EXPERIMENT } });
    return (found['experiment'] as { readonly experiment_id: string }).experiment_id;
  }
}
