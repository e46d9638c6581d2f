/** Files that were made of topics: archives, features, training sets, exports. What they hold of a learner is found by their form, and taken out of them. */
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import type { StoreName } from '../../../schemas/index.js';
import { commitsIn, committedFiles, writeCommit, type PartitionCommit } from '../../archive/commits.js';
import { writeDurably } from '../../archive/durableFile.js';
import { fileBytes, linesOf } from '../../commands/jsonLines.js';
import { EXPORT_FILE } from '../../training/trainingExport.js';
import type { Found } from './found.js';
import type { Mention } from './mention.js';
import { learnerRows, withoutLearnerRows } from './parquetRows.js';

/** What was done with files. */
export interface FileCounts {
  /** Rows and lines that went. */
  rows: number;
  /** Files that were written anew. */
  rewritten: number;
  /** Training sets, and files of caches, that were deleted: they are made anew by who needs them. */
  deleted: number;
  /** Files of another form that hold the learner: nobody but who made them can tell what to do. */
  readonly stuck: string[];
}

/** A file or a folder, and the store of the inventory that it is of. */
export interface FilePlace {
  readonly store: StoreName;
  readonly path: string;
}

/** In which places there is what a learner left, file by file. @throws what reading throws */
export async function* foundInFiles({ store, path }: FilePlace, mention: Mention): AsyncGenerator<Found> {
  for (const file of filesIn(path)) {
    for await (const { place, value } of foundInFile(file, mention)) yield { store, where: `${file}${place}`, value };
  }
}

/**
 * Takes a learner out of the files of a place: rows of Parquet files and lines of JSON lines go. A training set in which the learner has a number is
 * deleted as a whole, a cache too. Files of any other form are named. @param isAgain - whether an earlier call was cut off
 * @throws SFS_ERASURE_STUCK, SFS_FILE_UNWRITABLE, and what reading throws
 */
export async function eraseInFiles({ store, path }: FilePlace, mention: Mention, counts: FileCounts, isAgain: boolean): Promise<void> {
  if (!existsSync(path)) return;
  const before = counts.rewritten;
  for (const set of foldersIn(path).filter((folder) => existsSync(join(folder, EXPORT_FILE)))) {
    if (!(await holds(set, mention))) continue;
    rmSync(set, { recursive: true, force: true });
    counts.deleted++;
  }
  for (const file of filesIn(path)) await eraseInFile(file, store, mention, counts);
  // Where nothing was taken out a count that is wrong tells of something else: "archive verify" has to find it.
  if (counts.rewritten === before && !isAgain) return;
  for (const folder of foldersIn(path)) if (existsSync(join(folder, '_commits'))) await settleCommits(folder);
}

async function eraseInFile(file: string, store: StoreName, mention: Mention, counts: FileCounts): Promise<void> {
  if (file.endsWith('.parquet')) {
    const removed = await withoutLearnerRows(file, mention);
    counts.rows += removed;
    if (removed > 0) counts.rewritten++;
    return;
  }
  if (mention.countInFile(file) === 0) return;
  if (store === 'model-cache') {
    rmSync(file);
    counts.deleted++;
  } else if (isLines(file) && !(await isSealed(file))) {
    counts.rows += await withoutLines(file, mention);
    counts.rewritten++;
  } else counts.stuck.push(file);
}

const isLines = (file: string): boolean => file.endsWith('.jsonl') || file.endsWith('.ndjson');

/** Copies of state end in a digest over all lines: without one of them nothing could read the others. */
async function isSealed(file: string): Promise<boolean> {
  for await (const lines of linesOf(fileBytes(file))) return lines[0]?.raw.includes('"format":"skillforge-state/') === true;
  return false;
}

async function withoutLines(file: string, mention: Mention): Promise<number> {
  const kept: Buffer[] = [];
  let removed = 0;
  for await (const lines of linesOf(fileBytes(file))) {
    for (const { raw } of lines) {
      if (isLineOf(raw, mention)) removed++;
      else kept.push(Buffer.from(raw), Buffer.from('\n'));
    }
  }
  writeDurably(file, Buffer.concat(kept));
  return removed;
}

const isLineOf = (raw: Buffer, mention: Mention): boolean => mention.mayBeIn(raw) && mention.inText(raw.toString());

async function* foundInFile(file: string, mention: Mention): AsyncGenerator<{ readonly place: string; readonly value: unknown }> {
  if (file.endsWith('.parquet')) {
    for await (const { number, row } of learnerRows(file, mention)) yield { place: ` row ${number}`, value: row };
  } else if (isLines(file)) {
    for await (const lines of linesOf(fileBytes(file))) {
      yield* lines
        .filter(({ raw }) => isLineOf(raw, mention))
        .map(({ raw, number }) => ({ place: ` line ${number}`, value: jsonOr(raw.toString()) }));
    }
  } else {
    const times = mention.countInFile(file);
    if (times > 0) yield { place: '', value: { times } };
  }
}

async function holds(folder: string, mention: Mention): Promise<boolean> {
  for (const file of filesIn(folder)) if ((await foundInFile(file, mention).next()).done !== true) return true;
  return false;
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What a commit says of the number of records follows the files: also where somebody ended the work between the two. */
async function settleCommits(folder: string): Promise<void> {
  const commits = commitsIn(folder);
  const files = committedFiles(folder, commits);
  for (const commit of commits) {
    const own = files.filter(({ partition }) => partition === commit.partition);
    const counted = await countedIn(own.map(({ path }) => path));
    writeCommit(folder, { ...commit, ...counted }, () => undefined);
  }
}

async function countedIn(paths: readonly string[]): Promise<Pick<PartitionCommit, 'records' | 'unreadable'>> {
  let [records, unreadable] = [0, 0];
  for (const path of paths) {
    const file = await asyncBufferFromFile(path);
    records += Number((await parquetMetadataAsync(file)).num_rows);
    unreadable += (await parquetReadObjects({ file, columns: ['_error'] })).filter(
      (row) => row['_error'] !== null && row['_error'] !== undefined,
    ).length;
  }
  return { records, unreadable };
}

/** All files below a path, or the one that it is; links lead nowhere. */
export function filesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  const about = lstatSync(path);
  if (about.isFile()) return [path];
  return about.isDirectory()
    ? readdirSync(path)
        .sort()
        .flatMap((name) => filesIn(join(path, name)))
    : [];
}

function foldersIn(path: string): string[] {
  if (!existsSync(path) || !lstatSync(path).isDirectory()) return [];
  return [path, ...readdirSync(path).flatMap((name) => foldersIn(join(path, name)))];
}
