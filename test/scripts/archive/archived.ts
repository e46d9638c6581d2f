/** Topics that are filled by hand, archived, and read back from the files. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { localTools } from '../../../runtime/localTools.js';
import type { MemoryStorage } from '../../../runtime/testing/index.js';
import type { Topic } from '../../../schemas/index.js';
import { Archive, type ArchivedTopic, type ArchiveOptions } from '../../../scripts/archive/archive.js';
import { RecordAppender, type AppendStorage } from '../../../scripts/commands/recordAppender.js';

export const REGION = 'test';

/** Appends records as an import does. */
export async function append<V>(storage: AppendStorage, topic: Topic<string, V>, values: readonly V[]): Promise<void> {
  const appender = new RecordAppender(storage, topic, REGION, `test/${topic.name}`);
  for (const value of values) appender.add(value);
  await appender.commit({});
  await appender.finish();
}

/** Archives what topics have now. */
export async function archiveAll(
  storage: MemoryStorage,
  out: string,
  topics: readonly string[],
  options: Pick<ArchiveOptions, 'reached'> = {},
): Promise<ArchivedTopic[]> {
  const archive = await Archive.open(localTools(storage), { region: REGION, topics, out, ...options });
  await archive.untilEnd();
  return archive.archived;
}

/** A row of a file, with the file's name. */
export type Row = Readonly<Record<string, unknown>> & { readonly file: string };

/** All rows of an archived topic: of every file that a reader finds, committed or not. */
export async function archivedRows(out: string, topic: string): Promise<Row[]> {
  const folder = join(out, topic, `region=${REGION}`);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.parquet'));
  const rows: Row[] = [];
  for (const file of names.sort()) {
    for (const row of await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, file)) })) rows.push({ ...row, file });
  }
  return rows;
}

/** The folders of days that hold records, ascending. */
export const archivedDays = (rows: readonly Row[]): string[] => [...new Set(rows.map(({ file }) => /day=(\S{10})/.exec(file)![1]!))].sort();

/** An event under an identity of its own. */
export const named = <E extends { readonly eventId: string }>(eventId: string, event: E): E => ({ ...event, eventId });
