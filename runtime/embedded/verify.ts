/** Checks a whole folder without LMDB: every page in use, every checksum. For `skillforge` and for tests of damage. */
import { join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { SkillForgeError, errorMessageOf, type ErrorCode } from '../../schemas/errors.js';
import { DATA_FILE } from './environment.js';
import { offsetOfLogKey } from './keys.js';
import { FileDamage } from './fileDamage.js';
import { LmdbFile } from './lmdbFile.js';
import { descriptionOf } from './lmdbHead.js';
import { decodeBatch } from './recordBatch.js';
import { unseal } from './sealed.js';
import { checkTrees, nameOf } from './treeCheck.js';

/** A place that is damaged. */
export interface Problem {
  /** SFS_STORAGE_CORRUPT, SFS_LOG_CORRUPT, SFS_STATE_CORRUPT or SFS_DOCUMENT_CORRUPT. */
  readonly code: ErrorCode;
  readonly message: string;
}

/** What was looked at, and what was found. */
export interface VerifyReport {
  readonly pages: number;
  /** Values whose checksum was compared. */
  readonly values: number;
  /** Records in all batches that are sound. */
  readonly records: number;
  /** Empty for a sound folder. After damage in a database's structure the rest of that database is not looked at. */
  readonly problems: readonly Problem[];
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  log: 'SFS_LOG_CORRUPT',
  ranges: 'SFS_LOG_CORRUPT',
  topics: 'SFS_LOG_CORRUPT',
  state: 'SFS_STATE_CORRUPT',
  queue: 'SFS_STATE_CORRUPT',
  progress: 'SFS_STATE_CORRUPT',
  names: 'SFS_STATE_CORRUPT',
  documents: 'SFS_DOCUMENT_CORRUPT',
};

/**
 * Reads everything in `folder` and compares every checksum. Only reads; cannot crash on damage. Beside a writer at work it may report
 * damage where a page was just reused: stop the writer first.
 *
 * @throws SFS_FOLDER_MISSING when the folder holds no storage
 */
export function verifyEmbedded(folder: string): VerifyReport {
  const path = join(resolve(folder), DATA_FILE);
  if (!existsSync(path)) throw new SkillForgeError('SFS_FOLDER_MISSING', `${folder} holds no storage`, { context: { folder } });
  const tally = { pages: 0, values: 0, records: 0, problems: [] as Problem[] };
  collecting(tally.problems, path, () => {
    const file = new LmdbFile(path);
    try {
      verifyFile(file, tally, path);
    } finally {
      file.close();
      tally.pages = file.pagesRead;
    }
  });
  return tally;
}

interface Tally {
  values: number;
  records: number;
  readonly problems: Problem[];
}

function verifyFile(file: LmdbFile, tally: Tally, path: string): void {
  collecting(tally.problems, path, () => checkTrees(file, Infinity));
  // What follows reads the same pages again, with all values: they count once.
  file.pagesRead = 0;
  collecting(tally.problems, path, () => {
    for (const _free of file.entries(file.meta.free.root, true));
  });
  for (const database of file.entries(file.meta.main.root, true)) {
    if (!database.isDatabase) continue;
    const name = nameOf(database.key);
    collecting(tally.problems, path, () => verifyDatabase(file, name, descriptionOf(database.value).root, tally));
  }
}

function verifyDatabase(file: LmdbFile, name: string, root: number | null, tally: Tally): void {
  const code = CODES[name];
  let last: Buffer | null = null;
  for (const { key, value } of file.entries(root, true)) {
    if (last !== null && Buffer.compare(last, key) >= 0) throw new FileDamage(`the keys of ${name} are out of order`);
    last = key;
    if (code === undefined) continue;
    tally.values++;
    const problem = name === 'log' ? batchProblem(key, value, tally) : unseal(key, value) === null ? 'the checksum does not match' : null;
    if (problem !== null) tally.problems.push({ code, message: `${name}, key ${describeKey(name, key)}: ${problem}` });
  }
}

function batchProblem(key: Buffer, value: Buffer, tally: Tally): string | null {
  try {
    tally.records += decodeBatch(key, offsetOfLogKey(key), value).length;
    return null;
  } catch (error) {
    return errorMessageOf(error);
  }
}

function describeKey(name: string, key: Buffer): string {
  if (name === 'log') return `topic number ${key.readUInt16BE(0)}, partition ${key.readUInt16BE(2)}, offset ${offsetOfLogKey(key)}`;
  return key.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
}

function collecting(problems: Problem[], path: string, check: () => void): void {
  try {
    check();
  } catch (cause) {
    if (!(cause instanceof FileDamage)) throw cause;
    problems.push({ code: 'SFS_STORAGE_CORRUPT', message: `${path}: ${cause.message}` });
  }
}
