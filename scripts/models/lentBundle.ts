/** Bundles of a registry, for as long as something is done with them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelRegistry } from '../../runtime/models/registry/index.js';

/** Lends a copy of a version's bundle, verified. @throws what fetching throws, and what `work` throws */
export async function withBundleOf<T>(registry: ModelRegistry, number: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-model-'));
  try {
    return await work(await registry.fetch(number, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
