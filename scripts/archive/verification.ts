/** Compares an archive with the log that it is of, record by record. */
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { errorMessageOf, physicalTopicName } from '../../schemas/index.js';
import { isMarker } from '../../runtime/engine/header.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { archivedFolder, committedFiles, commitsIn, type PartitionCommit } from './commits.js';
import type { ArchiveFile } from './layout.js';

/** What was found of a partition; what counts offsets counts those of the archive, or of the log. */
export interface VerifiedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly archived: number;
  /** Records that are in the log and, once, in the archive. */
  readonly matched: number;
  /** Archived records that retention has removed from the log since. */
  readonly older: number;
  /** In words; empty where archive and log agree. */
  readonly problems: readonly string[];
}

/** Offsets that show a kind of problem: how many, and the first. */
class Finding {
  private count = 0;
  private first = NaN;

  add(offset: number): void {
    if (this.count++ === 0) this.first = offset;
  }

  /** @param what - such as `are missing` */
  problem(what: string): string[] {
    return this.count === 0 ? [] : [`${this.count} offsets ${what}, first ${this.first}`];
  }
}

/**
 * Compares what is committed of a topic with the log: each record there has to be in one file, and each archived one there. Memory is that of the
 * offsets of a batch. @throws SFS_ARCHIVE_MISSING, SFS_ARCHIVE_DAMAGED, SFS_TOPIC_UNKNOWN, and what reading throws
 */
export async function verifyArchive(tools: ToolAccess, archive: string, topic: string, region: string): Promise<VerifiedPartition[]> {
  const folder = archivedFolder(archive, topic, region);
  const commits = commitsIn(folder);
  const files = committedFiles(folder, commits);
  const verified: VerifiedPartition[] = [];
  for (const commit of commits) {
    const own = files.filter(({ partition }) => partition === commit.partition);
    verified.push(await verifyPartition(tools, topic, physicalTopicName(region, topic), commit, own));
  }
  return verified;
}

async function verifyPartition(
  tools: ToolAccess,
  topic: string,
  physical: string,
  commit: PartitionCommit,
  files: readonly ArchiveFile[],
): Promise<VerifiedPartition> {
  const { partition, next } = commit;
  const start = Math.max(commit.first, (await tools.ranges(physical))[partition]!.start);
  const seen = { archived: 0, matched: 0, older: 0 };
  const [missing, extra, doubled] = [new Finding(), new Finding(), new Finding()];
  try {
    const archived = offsetsOf(files, doubled, () => seen.archived++);
    let held = await archived.next();
    const upTo = async (offset: number, found: (offset: number) => void): Promise<void> => {
      for (; held.done !== true && held.value < offset; held = await archived.next()) found(held.value);
    };
    await upTo(start, () => seen.older++);
    for await (const { offset, header } of start < next ? tools.records(physical, partition, start) : []) {
      if (offset >= next) break;
      if (isMarker(header)) continue;
      await upTo(offset, (one) => extra.add(one));
      if (held.done === true || held.value !== offset) missing.add(offset);
      else {
        seen.matched++;
        held = await archived.next();
      }
    }
    await upTo(Infinity, (one) => extra.add(one));
  } catch (error) {
    return { topic, partition, ...seen, problems: [`cannot be read: ${errorMessageOf(error)}`] };
  }
  const counted = seen.archived === commit.records ? [] : [`${seen.archived} records in files, ${commit.records} committed`];
  const problems = [
    ...missing.problem('are missing from the archive'),
    ...doubled.problem('are in it more than once'),
    ...extra.problem('are not in the log'),
    ...counted,
  ];
  return { topic, partition, ...seen, problems };
}

/** The offsets of files, ascending; those that come again are told and left out. */
async function* offsetsOf(files: readonly ArchiveFile[], doubled: Finding, count: () => void): AsyncGenerator<number, void, undefined> {
  let last = -1;
  for (const batch of batchesOf(files)) {
    const offsets: number[] = [];
    for (const { path } of batch) {
      for (const row of await parquetReadObjects({ file: await asyncBufferFromFile(path), columns: ['_offset'] }))
        offsets.push(Number(row['_offset']));
    }
    for (const offset of offsets.sort((a, b) => a - b)) {
      count();
      if (offset <= last) doubled.add(offset);
      else yield offset;
      last = Math.max(last, offset);
    }
  }
}

/** Files of one batch lie beside each other: they are in the order of offsets. */
function batchesOf(files: readonly ArchiveFile[]): ArchiveFile[][] {
  const batches: ArchiveFile[][] = [];
  for (const file of files) {
    const batch = batches.at(-1);
    if (batch?.[0]!.from === file.from) batch.push(file);
    else batches.push([file]);
  }
  return batches;
}
