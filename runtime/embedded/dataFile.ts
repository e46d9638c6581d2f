/**
 * The look at the data file before LMDB maps it: LMDB trusts its pages, and a bad one can end the process. Upper levels of the
 * trees come first; a small file is looked at whole, of a large one as much as opening has time for (`verifyEmbedded` sees all).
 */
import { dirname } from 'node:path';
import { SkillForgeError } from '../../schemas/errors.js';
import { FileDamage } from './fileDamage.js';
import { LmdbFile } from './lmdbFile.js';
import { checkTrees } from './treeCheck.js';

/** Pages that opening looks at: 32 MiB of state, or 2 GiB of log, in some 200 ms. */
const MAX_PAGES = 8192;
/** A writer of another process may reuse a page while it is looked at. */
const ATTEMPTS = 4;

/** @throws SFS_STORAGE_CORRUPT with what is wrong; the file is only read */
export function checkDataFile(path: string): void {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const damage = findDamage(path, attempt === ATTEMPTS);
    if (damage === null) return;
    if (damage.conclusive) throw damaged(path, damage.cause);
  }
  // It changed under each look: a writer works on it without complaint.
}

function damaged(path: string, cause: FileDamage): SkillForgeError {
  const folder = dirname(path);
  return new SkillForgeError('SFS_STORAGE_CORRUPT', `${path} is damaged: ${cause.message}. Restore it from a backup; it was left as it is`, {
    cause,
    context: { folder, file: path },
  });
}

/** @returns `null` for a sound file; damage is conclusive when nobody wrote meanwhile, which damaged heads cannot tell but by staying so */
function findDamage(path: string, isLast: boolean): { cause: FileDamage; conclusive: boolean } | null {
  let file: LmdbFile | null = null;
  try {
    file = new LmdbFile(path);
    checkTrees(file, MAX_PAGES);
    return null;
  } catch (cause) {
    if (!(cause instanceof FileDamage)) throw cause;
    return { cause, conclusive: file === null ? isLast : !hasChanged(file) };
  } finally {
    file?.close();
  }
}

function hasChanged(file: LmdbFile): boolean {
  try {
    return file.newestMeta().txn !== file.meta.txn;
  } catch {
    return false;
  }
}
