/** Writing files, with errors of this project. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SkillForgeError, errorMessageOf } from '../schemas/index.js';

/** Does something that writes a file. @throws SFS_FILE_UNWRITABLE with its path */
export function onDisk<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new SkillForgeError('SFS_FILE_UNWRITABLE', `${path} cannot be written: ${errorMessageOf(cause)}`, { cause, context: { path } });
  }
}

/** Writes a file and the folders above it: whole, or it stays as it was. @throws SFS_FILE_UNWRITABLE */
export function writeWhole(path: string, text: string): void {
  onDisk(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.partial`, text);
    renameSync(`${path}.partial`, path);
  });
}
