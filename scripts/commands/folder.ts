/** Opens the embedded storage that a command works on, and closes it whatever happens. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILE } from '../../runtime/embedded/environment.js';
import { openEmbedded, type EmbeddedStorage } from '../../runtime/embedded/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import { OrderBox, placeOf } from '../oversight/orderBox.js';

/** Runs `work` on the folder, open for writing; it is created when new. @throws SFS_FOLDER_LOCKED and what `work` throws */
export async function withFolder<T>(folder: string, work: (storage: EmbeddedStorage) => Promise<T>): Promise<T> {
  return closing(await openEmbedded(folder, { markerIdOf }), async (storage) => {
    // People may decide something while it is this process's own.
    const box = new OrderBox(folder, placeOf(storage));
    try {
      await box.take();
      return await work(storage);
    } finally {
      await box.close();
    }
  });
}

/** As {@link withFolder}, but orders of people wait until it is closed: who gives one meanwhile is not told that it holds. @throws SFS_FOLDER_LOCKED and what `work` throws */
export async function quietFolder<T>(folder: string, work: (storage: EmbeddedStorage) => Promise<T>): Promise<T> {
  return closing(await openEmbedded(folder, { markerIdOf }), work);
}

/** As {@link withFolder}, and says on standard error when the folder is new: it may be a slip of the pen. */
export async function writingFolder<T>(folder: string, json: boolean, work: (storage: EmbeddedStorage) => Promise<T>): Promise<T> {
  const isNew = !holdsStorage(folder);
  return withFolder(folder, (storage) => {
    if (isNew && !json) process.stderr.write(`new folder ${folder}\n`);
    return work(storage);
  });
}

/** Whether some writer has made the folder already. */
export const holdsStorage = (folder: string): boolean => existsSync(join(folder, DATA_FILE));

/** Runs `work` on the folder, open for reading: works beside a running worker. @throws SFS_FOLDER_MISSING and what `work` throws */
export async function readingFolder<T>(folder: string, work: (storage: EmbeddedStorage) => Promise<T> | T): Promise<T> {
  return closing(await openEmbedded(folder, { readOnly: true, markerIdOf }), work);
}

async function closing<T>(storage: EmbeddedStorage, work: (storage: EmbeddedStorage) => Promise<T> | T): Promise<T> {
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}
