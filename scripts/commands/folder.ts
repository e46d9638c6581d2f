/** Opens the embedded storage that a command works on, and closes it whatever happens. */
import { openEmbedded, type EmbeddedStorage } from '../../runtime/embedded/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';

/** Runs `work` on the folder, open for writing; it is created when new. @throws SFS_FOLDER_LOCKED and what `work` throws */
export async function withFolder<T>(folder: string, work: (storage: EmbeddedStorage) => Promise<T>): Promise<T> {
  return closing(await openEmbedded(folder, { markerIdOf }), work);
}

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
