/** Up to where each partition of a topic is archived: what is beyond does not count. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import { writeDurably, type Reached } from './durableFile.js';
import { archiveFiles, columnsFile, commitFolder, topicFolder, type ArchiveFile } from './layout.js';

/** What is archived of a partition. */
export interface PartitionCommit {
  readonly format: 1;
  readonly partition: number;
  /** The first offset that was there when archiving began. */
  readonly first: number;
  /** The first offset that is not archived. */
  readonly next: number;
  /** Records in the files, of which so many could not be read. */
  readonly records: number;
  readonly unreadable: number;
  /** Offsets that retention had removed from the log before they were archived. */
  readonly lost: number;
}

const NAME = /^(\d+)\.json$/;

/** The commit of a partition that nothing is archived of. */
export const beginningAt = (partition: number, first: number): PartitionCommit => ({
  format: 1,
  partition,
  first,
  next: first,
  records: 0,
  unreadable: 0,
  lost: 0,
});

/** The commit of a partition; `null` before the first. @param folder - of the topic. @throws SFS_ARCHIVE_DAMAGED */
export function readCommit(folder: string, partition: number): PartitionCommit | null {
  const path = join(commitFolder(folder), `${partition}.json`);
  if (!existsSync(path)) return null;
  try {
    const commit = JSON.parse(readFileSync(path, 'utf8')) as PartitionCommit;
    if (commit.format !== 1 || commit.partition !== partition || !Number.isSafeInteger(commit.next))
      throw new Error('it is no commit of this format');
    return commit;
  } catch (cause) {
    throw new SkillForgeError('SFS_ARCHIVE_DAMAGED', `${path} cannot be understood: ${errorMessageOf(cause)}`, { cause, context: { path } });
  }
}

/** Makes it so: from here on what was written counts. @throws SFS_FILE_UNWRITABLE */
export function writeCommit(folder: string, commit: PartitionCommit, reached: Reached): void {
  writeDurably(join(commitFolder(folder), `${commit.partition}.json`), `${JSON.stringify(commit)}\n`, reached);
}

/** All commits of a topic, by partition. @throws SFS_ARCHIVE_DAMAGED */
export function commitsIn(folder: string): PartitionCommit[] {
  if (!existsSync(commitFolder(folder))) return [];
  const partitions = readdirSync(commitFolder(folder)).flatMap((name) => NAME.exec(name)?.[1] ?? []);
  return partitions
    .map(Number)
    .sort((a, b) => a - b)
    .map((partition) => readCommit(folder, partition)!);
}

/**
 * The files that count, in order. @throws SFS_ARCHIVE_DAMAGED
 * @param commits - read before the files are listed: what comes between the two does not count
 */
export function committedFiles(folder: string, commits: readonly PartitionCommit[] = commitsIn(folder)): ArchiveFile[] {
  const next = new Map(commits.map((commit) => [commit.partition, commit.next]));
  return archiveFiles(folder).filter(({ partition, to }) => to <= (next.get(partition) ?? 0));
}

/** The folder of a topic that is archived. @throws SFS_ARCHIVE_MISSING */
export function archivedFolder(archive: string, topic: string, region: string): string {
  const folder = topicFolder(archive, topic, region);
  if (existsSync(columnsFile(folder))) return folder;
  throw new SkillForgeError('SFS_ARCHIVE_MISSING', `${archive} is no archive of ${topic} in region ${region}: ${columnsFile(folder)} is missing`, {
    context: { archive, topic, region },
  });
}
