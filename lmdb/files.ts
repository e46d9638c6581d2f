/** What has to be seen to around files of LMDB. */
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Beside each file lies its lock. */
export const LOCK = '-lock';
/** Behind the header of the first page. */
const [MAGIC_AT, MAGIC] = [24, Buffer.from('dec0efbe', 'hex')] as const;

/** What LMDB's files begin with: without it LMDB ends the process. A file that is not there, or empty, is new. @throws where it is another file */
export function assertHead(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  const descriptor = openSync(path, 'r');
  try {
    const head = Buffer.alloc(MAGIC_AT + MAGIC.length);
    readSync(descriptor, head, 0, head.length, 0);
    if (!head.subarray(MAGIC_AT).equals(MAGIC)) throw new Error(`${path} is no LMDB file`);
  } finally {
    closeSync(descriptor);
  }
}

/** Deletes a file that nobody has open, if it is there. */
export function removeFile(path: string): void {
  for (const name of [path, path + LOCK]) rmSync(name, { force: true });
}

/** Puts a new file, which nobody has open, in the place of one that nobody has open; its name lasts over a loss of power. */
export function replaceFile(path: string, fresh: string): void {
  // First the lock of the old file: beside the new one it would be taken for its own.
  rmSync(path + LOCK, { force: true });
  renameSync(fresh, path);
  rmSync(fresh + LOCK, { force: true });
  syncFolder(dirname(path));
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
