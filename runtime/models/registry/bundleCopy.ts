/** Bundles on their way into a registry and out of it: only whole ones, compared with their digests. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SkillForgeError } from '../../../schemas/index.js';
import { MANIFEST, readBundle, type Bundle } from '../bundle.js';
import type { RegisteredVersion } from './modelRegistry.js';

/** What has the digest of a version. */
export type DigestedVersion = Pick<RegisteredVersion, 'number' | 'digest'>;

/**
 * The folder of a version's bundle in a cache: the one that is there, else a new one, which gets its name when it is whole. Several processes
 * may share a cache.
 * @param download - writes the files of the bundle into a folder
 * @throws SFS_MODEL_DAMAGED where what came is not what was registered, and what `download` throws
 */
export async function cachedBundle(
  cacheFolder: string,
  version: DigestedVersion,
  download: (into: string) => Promise<void>,
): Promise<string> {
  const folder = cachedFolder(cacheFolder, version);
  if (isSound(folder, version)) return folder;
  const nursery = join(cacheFolder, `.fetch-${randomBytes(8).toString('hex')}`);
  try {
    mkdirSync(nursery, { recursive: true });
    await download(nursery);
    assertDigest(readBundle(nursery), version);
    nameWhole(nursery, folder, version);
    return folder;
  } finally {
    rmSync(nursery, { recursive: true, force: true });
  }
}

/** Where a version's bundle lies in a cache, if it does. */
export const cachedFolder = (cacheFolder: string, { digest }: Pick<DigestedVersion, 'digest'>): string => join(cacheFolder, digest.slice(0, 16));

/** Whether a folder holds the bundle of a version, and all of it. */
export function isSound(folder: string, version: DigestedVersion): boolean {
  if (!existsSync(join(folder, MANIFEST))) return false;
  try {
    return readBundle(folder).digest === version.digest;
  } catch {
    return false;
  }
}

/** @throws SFS_MODEL_DAMAGED */
function assertDigest({ digest, folder }: Bundle, { number, digest: registered }: DigestedVersion): void {
  if (digest === registered) return;
  const what = registered === '' ? 'nobody registered a digest' : `version ${number} was registered with the digest ${registered}`;
  throw new SkillForgeError('SFS_MODEL_DAMAGED', `what the registry gave has the digest ${digest}, and ${what}`, {
    context: { folder, number, digest, registered },
  });
}

/** Another process may have been first; what is there and damaged makes room. */
function nameWhole(nursery: string, folder: string, version: DigestedVersion): void {
  if (existsSync(folder) && !isSound(folder, version)) rmSync(folder, { recursive: true, force: true });
  try {
    renameSync(nursery, folder);
  } catch (error) {
    if (!isSound(folder, version)) throw error;
  }
}
