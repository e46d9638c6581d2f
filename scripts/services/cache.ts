/** Where the programs of the servers are kept, once for all checkouts of this user. */
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Overrides the folder. */
export const CACHE_VARIABLE = 'SKILLFORGE_SERVICES_CACHE';

/** The folder that holds one folder per program and version. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const given = env[CACHE_VARIABLE];
  return given !== undefined && given !== '' ? given : join(homedir(), '.cache', 'skillforge');
}

/** Path of an entry of the cache, which may not be there yet. */
export const cachedPath = (name: string): string => join(cacheFolder(), name);

/**
 * The entry `name`, filled by `fill` where it is missing. An entry is whole or not there: it is filled under another name and renamed.
 * Two processes at once both fill; the first one's stays.
 */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const path = cachedPath(name);
  if (existsSync(path)) return path;
  await mkdir(cacheFolder(), { recursive: true });
  const unfinished = await mkdtemp(join(cacheFolder(), `.${name}-`));
  const drop = (): void => rmSync(unfinished, { recursive: true, force: true });
  process.once('exit', drop); // Ctrl+C in the middle of a download
  try {
    await fill(unfinished);
    await rename(unfinished, path).catch((error: unknown) => {
      if (!existsSync(path)) throw error;
    });
  } finally {
    drop();
    process.off('exit', drop);
  }
  return path;
}
