/** Runs the topologies on some threads over a storage that this one has. */
import { once } from 'node:events';
import { Worker as Thread } from 'node:worker_threads';
import { StorageOwner } from '../../runtime/embedded/threads/storageOwner.js';
import { Worker, type WorkerOptions } from '../../runtime/engine/worker.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { TOPOLOGIES } from './replayed.js';
import type { ReplayThreadStart } from './replayThread.js';

/** @param flushed - resolves when what was written can be read by others. @throws the first failure of a thread */
export async function runOnThreads(
  { storage, folder, flushed }: { storage: LocalStorage; folder: string; flushed: () => Promise<void> },
  options: Pick<WorkerOptions, 'region' | 'mode' | 'limits'>,
  count: number,
): Promise<void> {
  await new Worker(TOPOLOGIES, storage, options).prepare();
  await flushed();
  const owner = new StorageOwner(storage, count);
  try {
    await Promise.all(
      owner.ports.map((port, index) => {
        const start: ReplayThreadStart = { folder, port, share: { index, count }, options };
        // An error of the thread rejects.
        return once(new Thread(new URL('./replayThread.js', import.meta.url), { workerData: start, transferList: [port] }), 'exit');
      }),
    );
  } finally {
    owner.close();
  }
}
