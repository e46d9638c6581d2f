/** Rows of Parquet files that are of a learner: found, and left out of a file that takes the place of the one that had them. */
import { rmSync } from 'node:fs';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, type FileMetaData } from 'hyparquet';
import { ParquetWriter, fileWriter } from 'hyparquet-writer';
import { SkillForgeError } from '../../../schemas/index.js';
import { renameDurably, syncFile } from '../../archive/durableFile.js';
import type { Mention } from './mention.js';

/** A row by its columns. */
export type ParquetRow = Readonly<Record<string, unknown>>;

const asIs = (value: unknown): unknown => value;
/** Values as they lie in the file: what is written again is what was read. */
const RAW = { timestampFromMilliseconds: asIs, timestampFromMicroseconds: asIs, timestampFromNanoseconds: asIs, dateFromDays: asIs };
/** Kinds of values that reading makes less exact than they lie there. */
const INEXACT: ReadonlySet<string | undefined> = new Set(['DECIMAL', 'INTERVAL', 'BSON']);

/** Rows of a learner, with their numbers. @throws what reading throws */
export async function* learnerRows(path: string, mention: Mention): AsyncGenerator<{ readonly number: number; readonly row: ParquetRow }> {
  const metadata = await metadataOf(path);
  let number = 0;
  for await (const rows of groupsOf(path, metadata)) {
    for (const row of rows) {
      if (isRowOf(row, mention)) yield { number, row };
      number++;
    }
  }
}

/**
 * Writes a file without the rows of a learner, in the place of the old one in one step; without any it stays as it is. Memory is that of a group of rows.
 * @returns how many rows went. @throws SFS_ERASURE_STUCK for values that could not be written as they are; SFS_FILE_UNWRITABLE, and what reading throws
 */
export async function withoutLearnerRows(path: string, mention: Mention): Promise<number> {
  if ((await learnerRows(path, mention).next()).done === true) return 0;
  const metadata = await metadataOf(path);
  assertExact(path, metadata);
  const unfinished = `${path}.unfinished`;
  let removed = 0;
  try {
    const { schema, key_value_metadata: kvMetadata } = metadata;
    const writer = new ParquetWriter({ writer: fileWriter(unfinished), schema, ...(kvMetadata === undefined ? {} : { kvMetadata }) });
    const columns = columnNames(metadata);
    for await (const rows of groupsOf(path, metadata)) {
      const kept = rows.filter((row) => !isRowOf(row, mention));
      removed += rows.length - kept.length;
      if (kept.length === 0) continue;
      const columnData = columns.map((name) => ({ name, data: kept.map((row) => row[name] ?? undefined) }));
      await writer.write({ columnData, rowGroupSize: kept.length });
    }
    await writer.finish();
    syncFile(unfinished);
    renameDurably(unfinished, path);
    return removed;
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** The key of a row of the archive, which has a column of the learner where it is one; a tombstone has nothing else. */
const KEY = '_key';

function isRowOf(row: ParquetRow, mention: Mention): boolean {
  const { [KEY]: key, ...rest } = row;
  if (mention.isRandom || typeof key !== 'string') return mention.inValue(row);
  // The bytes of what could not be read are of whoever the key names.
  const texts = Object.fromEntries(Object.entries(rest).filter(([, value]) => !(value instanceof Uint8Array)));
  return ('learner' in row && key === mention.learner) || mention.inValue(texts);
}

const metadataOf = async (path: string): Promise<FileMetaData> => parquetMetadataAsync(await asyncBufferFromFile(path));

async function* groupsOf(path: string, metadata: FileMetaData): AsyncGenerator<ParquetRow[]> {
  const file = await asyncBufferFromFile(path);
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    yield await parquetReadObjects({ file, metadata, rowStart, rowEnd, utf8: false, parsers: RAW });
    rowStart = rowEnd;
  }
}

/** The columns of the top level, in their order. */
function columnNames({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  for (let at = 1; at < schema.length; at = afterElement(schema, at)) names.push(schema[at]!.name);
  return names;
}

function afterElement(schema: FileMetaData['schema'], at: number): number {
  let next = at + 1;
  for (let child = 0; child < (schema[at]!.num_children ?? 0); child++) next = afterElement(schema, next);
  return next;
}

function assertExact(path: string, { schema }: FileMetaData): void {
  const inexact = schema.find(({ converted_type: kind, type }) => INEXACT.has(kind) || type === 'INT96');
  if (inexact === undefined) return;
  const message = `${path} has rows of the learner, and a column ${inexact.name} that cannot be written as it is: delete the file, or write it anew without them`;
  throw new SkillForgeError('SFS_ERASURE_STUCK', message, { context: { path, column: inexact.name } });
}
