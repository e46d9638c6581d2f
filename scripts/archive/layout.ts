/**
 * Where things lie in an archive:
 *
 *     clicks/region=eu-west/day=2025-09-01/3-1200-1700.parquet   records of partition 3 with offsets from 1200 to before 1700
 *     clicks/region=eu-west/day=1970-01-01/columns.parquet       no records: the columns of the topic, also where it is empty
 *     clicks/region=eu-west/_commits/3.json                      up to which offset partition 3 is archived: it decides
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A file of an archive by its name: offsets from `from` to before `to`, of the records of one day among them. */
export interface ArchiveFile {
  readonly path: string;
  /** UTC, such as 2025-09-01. */
  readonly day: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

const DAY = /^day=(\d{4}-\d\d-\d\d)$/;
const NAME = /^(\d+)-(\d+)-(\d+)\.parquet$/;
const LAST_MS = Date.UTC(10_000, 0, 1) - 1;

/** The folder of a topic in a region. @param topic - without the region */
export const topicFolder = (archive: string, topic: string, region: string): string => join(archive, topic, `region=${region}`);

/** The folder of the commits of a topic. */
export const commitFolder = (folder: string): string => join(folder, '_commits');

/** A file without records. @param folder - of the topic */
export const columnsFile = (folder: string): string => join(folder, 'day=1970-01-01', 'columns.parquet');

/** Path of a file. @param folder - of the topic */
export function archivePath(folder: string, { day, partition, from, to }: Omit<ArchiveFile, 'path'>): string {
  return join(folder, `day=${day}`, `${partition}-${from}-${to}.parquet`);
}

/** The day (UTC) of an instant; `null` for what no calendar has. */
export function dayOf(timeMs: number | null): string | null {
  if (timeMs === null || !(timeMs >= 0 && timeMs <= LAST_MS)) return null;
  return new Date(timeMs).toISOString().slice(0, 10);
}

/** The files that have a name of the archive, committed or not, by partition, offset and day. @param folder - of the topic */
export function archiveFiles(folder: string): ArchiveFile[] {
  const files = daysIn(folder).flatMap(({ day, path }) =>
    readdirSync(path).flatMap((name): ArchiveFile[] => {
      const parts = NAME.exec(name)?.slice(1).map(Number);
      return parts === undefined ? [] : [{ path: join(path, name), day, partition: parts[0]!, from: parts[1]!, to: parts[2]! }];
    }),
  );
  return files.sort((a, b) => a.partition - b.partition || a.from - b.from || (a.day < b.day ? -1 : 1));
}

/** The folders of days. @param folder - of the topic */
export function daysIn(folder: string): { readonly day: string; readonly path: string }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const day = DAY.exec(name)?.[1];
    return day === undefined ? [] : [{ day, path: join(folder, name) }];
  });
}
