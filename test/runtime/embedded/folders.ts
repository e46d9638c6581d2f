/** Temporary folders for tests of the embedded storage; all are removed when the test process ends. */
import { rmSync } from 'node:fs';
import { openEmbedded, type EmbeddedOptions, type EmbeddedStorage } from '../../../runtime/embedded/index.js';
import type { StorageUnderTest } from '../../conformance/storage.js';
import { newFolder } from '../../fixtures/folders.js';

/** Storages of a test: opened in one folder each, closed together. */
export async function openUnderTest(options: EmbeddedOptions = {}): Promise<StorageUnderTest & { storage: EmbeddedStorage; folder: string }> {
  const folder = newFolder();
  let current = await openEmbedded(folder, options);
  return {
    folder,
    storage: current,
    reopen: async () => {
      await current.close();
      return (current = await openEmbedded(folder, options));
    },
    dispose: async () => {
      await current.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
