/** Temporary folders for tests of the embedded storage; all are removed when the test process ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openEmbedded, type EmbeddedOptions, type EmbeddedStorage } from '../../../runtime/embedded/index.js';
import type { StorageUnderTest } from '../../conformance/storage.js';

const folders: string[] = [];
// Workers of the test runner end without their exit handlers.
afterAll(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sfs-embedded-'));
  folders.push(folder);
  return folder;
}

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
