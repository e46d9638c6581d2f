/** Folders of a simulation: one with the input alone, and copies of it to run over. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbedded } from '../../runtime/embedded/index.js';
import { DATA_FILE } from '../../runtime/embedded/environment.js';
import { contentsOf, type Contents } from './contents.js';
import { appendInput, type InputOptions } from './replayed.js';
import { newFolder } from '../fixtures/folders.js';

/** A closed folder with the input and nothing else. */
export async function inputFolder(options: InputOptions): Promise<{ folder: string; records: number }> {
  const folder = newFolder();
  const storage = await openEmbedded(folder, { upkeepIntervalMs: 0 });
  const records = await appendInput(storage, options);
  await storage.close();
  return { folder, records };
}

/** A copy of a folder that no process has open. */
export function copyOf(folder: string): string {
  const copy = newFolder();
  copyFileSync(join(folder, DATA_FILE), join(copy, DATA_FILE));
  return copy;
}

/** See {@link contentsOf}. */
export async function readContents(folder: string, latestOnly = false): Promise<Contents> {
  const storage = await openEmbedded(folder, { readOnly: true });
  try {
    return contentsOf(storage, latestOnly);
  } finally {
    await storage.close();
  }
}

/** The seed of this run: `SKILLFORGE_SEED` to repeat one. */
export function seedOfRun(): number {
  const given = process.env['SKILLFORGE_SEED'];
  return given === undefined ? Math.floor(Math.random() * 1e9) : Number(given);
}
