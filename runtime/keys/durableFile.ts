import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';

/** Replaces a file that nobody else may read: whole, or not at all, also after a loss of power. @throws SFS_KEYS_UNWRITABLE */
export function writeSecret(path: string, content: string): void {
  const unfinished = `${path}.unfinished`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openSync(unfinished, 'w', 0o600);
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, path);
    syncFolder(dirname(path));
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** Has the disk confirm the names of a folder. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The error of a file of keys that cannot be written. */
export const unwritable = (path: string, cause: unknown): SkillForgeError =>
  new SkillForgeError('SFS_KEYS_UNWRITABLE', `${path} cannot be written: ${errorMessageOf(cause)}`, { cause, context: { path } });
