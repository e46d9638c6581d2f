/** A thread of a run: runs its part of the tasks, over a storage that the thread which started it has. */
import { parentPort, workerData } from 'node:worker_threads';
import { sentError } from '../../runtime/embedded/threads/threadMessages.js';
import { ThreadStorage } from '../../runtime/embedded/threads/threadStorage.js';
import type { RunModels } from '../../runtime/engine/followedModels.js';
import { threadPlacement } from '../../runtime/engine/threadPlacement.js';
import type { Topology } from '../../operators/topology.js';
import { findTopologyFile, loadTopology } from '../topologyFiles.js';
import { withModels } from './modelOptions.js';
import type { FromRunThread, RunThreadStart } from './runThreadMessages.js';
import { runPlaced, type RunSummary } from './topologyRun.js';

const { folder, files, models: place, share, port, request } = workerData as RunThreadStart;
const stopping = new AbortController();

const say = (message: FromRunThread): void => parentPort!.postMessage(message);

async function running(topologies: readonly Topology[], models: RunModels | null): Promise<RunSummary> {
  const storage = await ThreadStorage.open(folder, port);
  try {
    const onProgress = (progress: Extract<FromRunThread, { kind: 'progress' }>['progress']): void => say({ kind: 'progress', progress });
    return await runPlaced(storage, threadPlacement(storage, share), topologies, { ...request, models, stopped: stopping.signal, onProgress });
  } finally {
    await storage.close();
  }
}

parentPort!.on('message', () => stopping.abort());
try {
  const topologies: Topology[] = [];
  for (const path of files) topologies.push(await loadTopology(findTopologyFile(path, process.cwd())));
  const options = { region: request.region, ...(place === undefined ? {} : { models: place }) };
  say({ kind: 'ended', summary: await withModels(options, (models) => running(topologies, models)) });
} catch (error) {
  say({ kind: 'failed', error: sentError(error) });
} finally {
  parentPort!.close();
}
