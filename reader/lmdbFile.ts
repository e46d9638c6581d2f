/** What has to be seen to around files of LMDB. */
import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { open, type RootDatabase, type RootDatabaseOptions } from 'lmdb';

/** Beside each file lies its lock. */
const LOCK = '-lock';
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

/** Processes that have a file open, but this one, by LMDB's own list of who reads it: `pid thread txnid`, one a line. */
export const otherProcesses = (file: Pick<RootDatabase, 'readerList'>): number[] =>
  [...new Set([...file.readerList().matchAll(/^\s*(\d+)\s/gm)].map((match) => Number(match[1])))].filter((pid) => pid !== process.pid);

/** Plain bytes, ordered by the bytes of the keys. */
export const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** A look that finds nothing. */
const NO_KEY = Buffer.of(0);

/**
 * Opens a file, made when new with its folder, for this user alone. LMDB tells who reads by the numbers of processes: of two with the same one, as those of two containers often are, it
 * lets the first one in, and the other wait for ten seconds.
 * @throws what LMDB throws, and where another process of this number has the file open
 */
export function openFile(path: string, options: RootDatabaseOptions = {}): RootDatabase<Buffer, Buffer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = open<Buffer, Buffer>({ path, noSubdir: true, ...BINARY, ...options });
  try {
    file.get(NO_KEY);
    return file;
  } catch (cause) {
    void file.close();
    const why = `another process that has the number ${process.pid}, too, has it open; in containers that share a folder, give each its own, or one space of process numbers`;
    throw new Error(why, { cause });
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
