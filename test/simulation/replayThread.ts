/** A thread of a replay that is shared out among some: runs its part of the tasks over the storage of the thread that started it. */
import { workerData, type MessagePort } from 'node:worker_threads';
import { ThreadStorage } from '../../runtime/embedded/threads/threadStorage.js';
import { threadPlacement, type ThreadShare } from '../../runtime/engine/threadPlacement.js';
import { Worker, type WorkerOptions } from '../../runtime/engine/worker.js';
import { TOPOLOGIES } from './replayed.js';

export interface ReplayThreadStart {
  readonly folder: string;
  readonly port: MessagePort;
  readonly share: ThreadShare;
  readonly options: Pick<WorkerOptions, 'region' | 'mode' | 'limits'>;
}

const { folder, port, share, options } = workerData as ReplayThreadStart;
const storage = await ThreadStorage.open(folder, port);
try {
  const worker = new Worker(TOPOLOGIES, threadPlacement(storage, share), options);
  await worker.start();
  await worker.run();
} finally {
  await storage.close();
}
