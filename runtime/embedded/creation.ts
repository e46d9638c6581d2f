/** Makes the storage of a new folder. */
import { existsSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SkillForgeError } from '../../schemas/errors.js';
import { DATA_FILE, holdsStorage, openDatabases } from './environment.js';
import { storageError } from './failures.js';

/**
 * Creates what a folder needs, where it holds no storage yet. The file is made whole in a folder beside and then gets its name in one step:
 * a process that looked into a file in the making crashed its writer, or took it for empty ever after. Of several writers at once the
 * first one's file stays.
 *
 * @throws SFS_STORAGE_FULL, SFS_FOLDER_UNUSABLE, SFS_STORAGE_FAILED
 */
export async function createStorage(folder: string, mapSizeBytes: number): Promise<void> {
  try {
    if (holdsStorage(folder)) return;
    makeFolder(folder);
    const nursery = mkdtempSync(join(folder, '.new-'));
    try {
      const { root } = openDatabases(nursery, { readOnly: false, mapSizeBytes });
      await root.flushed;
      await root.close();
      nameOnce(join(nursery, DATA_FILE), join(folder, DATA_FILE));
    } finally {
      rmSync(nursery, { recursive: true, force: true });
    }
  } catch (cause) {
    throw storageError(folder, cause);
  }
}

/** With the folders above it. Node's own recursive way never ends where a file system refuses with ENOENT, as /proc does. */
function makeFolder(folder: string): void {
  const parent = dirname(folder);
  if (!existsSync(parent)) makeFolder(parent);
  try {
    mkdirSync(folder);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT') throw cause;
    throw new SkillForgeError('SFS_FOLDER_UNUSABLE', `${folder}: no folder can be made there (${message})`, { cause, context: { folder } });
  }
}

/** A link never replaces what is there; some file systems have none. */
function nameOnce(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(code ?? '')) throw cause;
    renameSync(from, to);
  }
}
