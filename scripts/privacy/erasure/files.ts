/** Files that were made of topics: archives, features, training sets, exports. What they hold of a learner is found by their form, and taken out of them. */
import { existsSync, lstatSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { errorCodeOf, errorMessageOf, type StoreName } from '../../../schemas/index.js';
import { commitsIn, committedFiles, writeCommit, type PartitionCommit } from '../../archive/commits.js';
import { UNFINISHED, writeDurably } from '../../archive/durableFile.js';
import { fileBytes, linesOf } from '../../commands/jsonLines.js';
import { isOpaque, isTextOf, jsonOr } from './fileForms.js';
import type { Found, InFile } from './found.js';
import type { Mention } from './mention.js';
import { learnerRows, withoutLearnerRows } from './parquetRows.js';
import { foundInStateCopy, isStateCopy } from './stateCopies.js';
import { isNumbers, isTrainingSet, removeSet, setFiles } from './trainingSets.js';

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
  /** Somebody named it: it stays, whatever goes from it, and so does what is unfinished in it. */
  readonly isNamed: boolean;
}

const NONE: ReadonlySet<string> = new Set();

/** In which places there is what a learner left, file by file. @param without - files that are looked into as another store @throws what reading throws */
export async function* foundInFiles({ store, path }: FilePlace, mention: Mention, without = NONE): AsyncGenerator<Found> {
  for (const link of linksOutOf(path)) yield { store, where: link, value: { link: 'not followed' } };
  for (const file of filesIn(path).filter((one) => !without.has(one))) {
    for await (const { place, value } of foundInFile(file, mention)) yield { store, where: `${file}${place}`, value };
  }
}

/**
 * Takes a learner out of the files of a place: rows of Parquet files and lines of JSON lines go. A training set in which the learner has a number is
 * deleted as a whole, a cache too. Files of any other form are named. @param isAgain - whether an earlier call was cut off
 * @throws SFS_ERASURE_STUCK, SFS_FILE_UNWRITABLE, and what reading throws
 */
export async function eraseInFiles(place: FilePlace, mention: Mention, counts: FileCounts, isAgain: boolean): Promise<void> {
  const { store, path, isNamed } = place;
  if (!existsSync(path)) return;
  const before = counts.rewritten;
  counts.stuck.push(...linksOutOf(path));
  if (!isNamed) for (const file of filesIn(path)) if (file.endsWith(UNFINISHED)) rmSync(file);
  await eraseSets(place, mention, counts);
  for (const file of filesIn(path)) await eraseInFile(file, store, mention, counts);
  // Where nothing was taken out a count that is wrong tells of something else: "archive verify" has to find it.
  if (counts.rewritten === before && !isAgain) return;
  for (const folder of foldersIn(path).filter((one) => existsSync(join(one, '_commits'))))
    await unlessStuck(folder, counts, () => settleCommits(folder));
}

/** Deletes the training sets that have numbers for the learner; the root stays where somebody named it. */
async function eraseSets({ path, isNamed }: FilePlace, mention: Mention, counts: FileCounts): Promise<void> {
  for (const set of foldersIn(path).filter(isTrainingSet)) {
    if (!(await holds(setFiles(set), mention))) continue;
    removeSet(set, isNamed && set === path);
    counts.deleted++;
  }
}

/** How the content of a file is told. */
type FileForm = 'numbers' | 'table' | 'opaque' | 'state copy' | 'lines' | 'text';

async function formOf(file: string): Promise<FileForm> {
  if (isNumbers(file)) return 'numbers';
  if (file.endsWith('.parquet')) return 'table';
  if (isOpaque(file)) return 'opaque';
  if (!LINES.test(file)) return 'text';
  return (await isStateCopy(file)) ? 'state copy' : 'lines';
}

/** Copies of state below a path. @throws what reading throws */
export async function stateCopiesIn(path: string): Promise<string[]> {
  const copies: string[] = [];
  for (const file of filesIn(path)) if ((await formOf(file)) === 'state copy') copies.push(file);
  return copies;
}

const LINES = /\.(jsonl|ndjson)$/;

async function eraseInFile(file: string, store: StoreName, mention: Mention, counts: FileCounts): Promise<void> {
  const form = await formOf(file);
  if (form === 'numbers') return;
  if (form === 'table') return unlessStuck(file, counts, async () => countRemoved(counts, await withoutLearnerRows(file, mention)));
  if (form !== 'opaque' && (await foundInFile(file, mention).next()).done === true) return;
  if (store === 'model-cache') {
    rmSync(file);
    counts.deleted++;
  } else if (form === 'lines') countRemoved(counts, await withoutLines(file, mention));
  // Copies of state end in a digest over all lines: without one of them nothing could read the others.
  else counts.stuck.push(file);
}

function countRemoved(counts: FileCounts, removed: number): void {
  counts.rows += removed;
  if (removed > 0) counts.rewritten++;
}

/** What cannot be read, or kept as it is, is left to whoever made it; a disk that takes nothing stops everything. */
async function unlessStuck(path: string, counts: FileCounts, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (errorCodeOf(error) === 'SFS_FILE_UNWRITABLE') throw error;
    if (!counts.stuck.includes(path)) counts.stuck.push(path);
  }
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
  if (removed > 0) writeDurably(file, Buffer.concat(kept));
  return removed;
}

function isLineOf(raw: Buffer, mention: Mention): boolean {
  if (!mention.mayBeIn(raw)) return false;
  const line = jsonOr(raw.toString());
  return typeof line === 'string' ? mention.inText(line) : mention.inValue(line);
}

/** Of a line that is not the learner's own only what it says of them. */
function partOf(line: unknown, mention: Mention): unknown {
  const isOwn = typeof line !== 'object' || line === null || (line as Readonly<Record<string, unknown>>)['learner'] === mention.learner;
  return isOwn ? line : mention.onlyIn(line);
}

async function* foundInFile(file: string, mention: Mention): AsyncGenerator<InFile> {
  const form = await formOf(file);
  if (form === 'table') yield* foundInTable(file, mention);
  else if (form === 'opaque') yield { place: '', value: { form: 'not looked into: compressed, or a database' } };
  else if (form === 'state copy') yield* foundInStateCopy(file, mention);
  else if (form === 'lines') yield* foundInLines(file, mention);
  else if (form === 'text') {
    const times = mention.countInFile(file);
    if (times > 0 && isTextOf(file, mention)) yield { place: '', value: { times } };
  }
}

async function* foundInTable(file: string, mention: Mention): AsyncGenerator<InFile> {
  try {
    for await (const { number, row } of learnerRows(file, mention)) yield { place: ` row ${number}`, value: partOf(row, mention) };
  } catch (error) {
    yield { place: '', value: { form: `cannot be read: ${errorMessageOf(error)}` } };
  }
}

async function* foundInLines(file: string, mention: Mention): AsyncGenerator<InFile> {
  for await (const lines of linesOf(fileBytes(file))) {
    yield* lines
      .filter(({ raw }) => isLineOf(raw, mention))
      .map(({ raw, number }) => ({ place: ` line ${number}`, value: partOf(jsonOr(raw.toString()), mention) }));
  }
}

async function holds(files: readonly string[], mention: Mention): Promise<boolean> {
  for (const file of files) if ((await foundInFile(file, mention).next()).done !== true) return true;
  return false;
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

/** Links below a path that lead out of it: what lies there is not looked into. One that leads nowhere holds nothing. */
function linksOutOf(path: string): string[] {
  const root = existsSync(path) ? realpathSync(path) : path;
  return linksIn(root).filter((link) => existsSync(link) && !`${realpathSync(link)}${sep}`.startsWith(`${root}${sep}`));
}

function linksIn(path: string): string[] {
  if (!existsSync(path) || lstatSync(path).isSymbolicLink()) return existsSync(path) ? [path] : [];
  return lstatSync(path).isDirectory() ? readdirSync(path).flatMap((name) => linksIn(join(path, name))) : [];
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
