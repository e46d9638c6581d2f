/**
 * Writes what a folder holds into a new file, which takes the place of the old one in one step. LMDB overwrites nothing: what was deleted stays in
 * pages that it has freed, and in the unused rest of pages in use, until these happen to be written again. In a file that only what is there now was
 * ever put into there is nothing else.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DATA_FILE, openDatabases, type BytesDatabase, type DataFile, type Databases, type Environment } from './environment.js';
import { storageError } from './failures.js';
import { asBuffer } from './keys.js';

/** Begins as all that is new in a folder does, so that nobody takes it for something else. */
const NURSERY = '.new-renewed-';
const PIECE_BYTES = 8 * 1024 * 1024;
const MAP_BYTES = 2 ** 30;
/** LMDB's lock files. They hold the number of the last transaction, which would be taken for one of the new file. */
const LOCK_FILES = ['lock.mdb', `${DATA_FILE}-lock`];

/**
 * Puts a new file in the place of the old one. Nobody writes to the folder meanwhile. @param close - closes the environment: it is of the old file
 * @throws SFS_STORAGE_FULL, SFS_STORAGE_FAILED; the old file stays then
 */
export async function renewDataFile(environment: Environment, close: () => Promise<void>): Promise<void> {
  const { folder } = environment;
  try {
    for (const name of readdirSync(folder)) if (name.startsWith(NURSERY)) rmSync(join(folder, name), { recursive: true, force: true });
    const nursery = mkdtempSync(join(folder, NURSERY));
    try {
      await copyTo(nursery, environment).finally(close);
      // Not before the copy is whole on the disk; readers that have the old file open keep its lock file with it.
      for (const name of LOCK_FILES) rmSync(join(folder, name), { force: true });
      renameSync(join(nursery, DATA_FILE), join(folder, DATA_FILE));
      syncPath(folder);
    } finally {
      rmSync(nursery, { recursive: true, force: true });
    }
  } catch (cause) {
    throw storageError(folder, cause);
  }
}

async function copyTo(nursery: string, { db }: Environment): Promise<void> {
  const target = openDatabases(nursery, { readOnly: false, mapSizeBytes: MAP_BYTES });
  try {
    for (const name of Object.keys(db) as (keyof Databases)[]) await copyDatabase(db[name], target.db[name], target);
    await target.root.flushed;
  } finally {
    await target.root.close();
  }
  syncPath(join(nursery, DATA_FILE));
}

async function copyDatabase(from: BytesDatabase, to: BytesDatabase, { root }: DataFile): Promise<void> {
  for (let piece = pieceAfter(from, null); piece.length > 0; piece = pieceAfter(from, piece.at(-1)!.key)) {
    await root.batch(() => {
      for (const { key, value } of piece) void to.put(key, value);
    });
    await nextTurn();
  }
}

/** No cursor stays open from one piece to the next. */
function pieceAfter(from: BytesDatabase, after: Buffer | null): { key: Buffer; value: Buffer }[] {
  const piece: { key: Buffer; value: Buffer }[] = [];
  let bytes = 0;
  for (const { key, value } of from.getRange(after === null ? {} : { start: after, exclusiveStart: true })) {
    piece.push({ key: Buffer.from(asBuffer(key)), value: Buffer.from(value) });
    bytes += key.length + value.length;
    if (bytes >= PIECE_BYTES) break;
  }
  return piece;
}

function syncPath(path: string): void {
  // Windows opens no folders; its file systems keep names in a journal.
  if (process.platform === 'win32') return;
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
