/** Archives topics: once up to their ends, or as they grow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SkillForgeError, assertOwnRegion, physicalTopicName, schemaOf } from '../../schemas/index.js';
import type { PartitionRange, ToolAccess } from '../../runtime/ports.js';
import { decoderOf, knownTopic, topicUnknown } from '../commands/topicCodecs.js';
import { rangesOf } from '../training/topicRecords.js';
import { assertSameKind } from './archiveKind.js';
import { columnsOf } from './columns.js';
import { writeDurably, type Reached } from './durableFile.js';
import { columnsFile, topicFolder } from './layout.js';
import { PartitionArchive, parquetBytes, recover, type Archived, type TopicArchive } from './partitionArchive.js';

/** What is archived, and where to. */
export interface ArchiveOptions {
  readonly region: string;
  /** Without the region. */
  readonly topics: readonly string[];
  readonly out: string;
  /** Keeps what is personal as it lies: sealed (false). */
  readonly isSealed?: boolean;
  readonly onProgress?: (progress: { readonly topic: string; readonly done: number; readonly total: number }) => void;
  /** Told after each step that reached the disk. */
  readonly reached?: Reached;
}

/** What came of a topic. */
export interface ArchivedTopic extends Archived {
  readonly topic: string;
}

/** When a partition that grows is archived. */
export interface FollowOptions {
  /** However little has come, ms. */
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/** So much makes a batch before its time has come. */
const WORTH_A_BATCH = 50_000;
const LOOK_MS = 1_000;

/**
 * An archive of some topics, open for writing; nobody else may write into its folder meanwhile. Opening removes what a writer that was ended left
 * unfinished, and writes down the columns of each topic.
 */
export class Archive {
  private constructor(
    private readonly tools: ToolAccess,
    private readonly topics: readonly OpenTopic[],
    private readonly options: ArchiveOptions,
  ) {}

  /** @throws SFS_TOPIC_UNKNOWN, SFS_SCHEMA_UNKNOWN, SFS_ARCHIVE_DAMAGED, SFS_ARCHIVE_MIXED, SFS_FILE_UNWRITABLE */
  static async open(tools: ToolAccess, options: ArchiveOptions): Promise<Archive> {
    const topics: OpenTopic[] = [];
    for (const name of options.topics) topics.push(await openTopic(tools, name, options));
    return new Archive(tools, topics, options);
  }

  /** Archives what there is now. @throws SFS_ARCHIVE_OTHER_LOG, SFS_FILE_UNWRITABLE, and what reading throws */
  async untilEnd(): Promise<void> {
    for (const topic of this.topics) {
      for (const [partition, { end }] of (await this.ranges(topic)).entries()) await this.take(topic, partition, end);
    }
  }

  /** Archives what comes until the signal, in batches that are worth a file. @throws as {@link untilEnd} */
  async follow({ everyMs, signal }: FollowOptions): Promise<void> {
    const takenMs = new Map<PartitionArchive, number>();
    while (!signal.aborted) {
      for (const topic of this.topics) await this.takeWhatIsDue(topic, takenMs, everyMs, signal);
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async takeWhatIsDue(topic: OpenTopic, takenMs: Map<PartitionArchive, number>, everyMs: number, signal: AbortSignal): Promise<void> {
    for (const [partition, range] of (await this.ranges(topic)).entries()) {
      if (signal.aborted) return;
      const archive = topic.partition(partition, range);
      const isDue = performance.now() - (takenMs.get(archive) ?? -Infinity) >= everyMs;
      if (range.end - archive.next < (isDue ? 1 : WORTH_A_BATCH)) continue;
      await this.take(topic, partition, range.end);
      takenMs.set(archive, performance.now());
    }
  }

  /** What was archived since this was opened. */
  get archived(): ArchivedTopic[] {
    return this.topics.map(({ name, partitions }) => {
      const sum = (of: (archived: Archived) => number): number => [...partitions.values()].reduce((all, { archived }) => all + of(archived), 0);
      return {
        topic: name,
        records: sum(({ records }) => records),
        files: sum(({ files }) => files),
        unreadable: sum(({ unreadable }) => unreadable),
        lost: sum(({ lost }) => lost),
      };
    });
  }

  /** A topic of the catalogue that nobody has written yet is as an empty one. */
  private ranges({ archive }: OpenTopic): Promise<readonly PartitionRange[]> {
    return rangesOf(this.tools, archive.topic);
  }

  private async take(topic: OpenTopic, partition: number, end: number): Promise<void> {
    const range = (await this.ranges(topic))[partition]!;
    const archive = topic.partition(partition, range);
    const from = archive.next;
    const total = end - from;
    let done = 0;
    const tell = (): void => this.options.onProgress?.({ topic: `${topic.name}/${partition}`, done: ++done, total });
    await archive.take(total > 0 ? this.tools.records(topic.archive.topic, partition, from) : [], end, tell);
  }
}

/** A topic that is being archived. */
interface OpenTopic {
  readonly name: string;
  readonly archive: TopicArchive;
  readonly partitions: Map<number, PartitionArchive>;
  partition(number: number, range: PartitionRange): PartitionArchive;
}

async function openTopic(
  tools: ToolAccess,
  name: string,
  { region, out, isSealed = false, reached = () => undefined }: ArchiveOptions,
): Promise<OpenTopic> {
  const physical = physicalTopicName(region, name);
  const specs = await tools.topics();
  const isThere = specs.some((spec) => spec.name === physical);
  const topic = knownTopic(tools, physical);
  if (topic === null) throw isThere ? schemaUnknown(physical) : topicUnknown(specs, region, name);
  const columns = columnsOf(schemaOf(topic), isSealed);
  const decoder = decoderOf(tools, physical)!;
  const decode = (key: string, bytes: Buffer): unknown => {
    const value = decoder(key, bytes);
    assertOwnRegion(topic, value, region);
    return value;
  };
  const folder = topicFolder(out, name, region);
  await assertSameKind(folder, name, isSealed);
  const archive = { folder, topic: physical, columns, decode, reached, isSealed };
  recover(archive.folder);
  writeDurably(columnsFile(archive.folder), parquetBytes(columns, []), reached);
  const partitions = new Map<number, PartitionArchive>();
  return {
    name,
    archive,
    partitions,
    partition: (number, { start }) => {
      const known = partitions.get(number) ?? new PartitionArchive(archive, number, start);
      partitions.set(number, known);
      return known;
    },
  };
}

function schemaUnknown(topic: string): SkillForgeError {
  return new SkillForgeError('SFS_SCHEMA_UNKNOWN', `no topology that ran here declares ${topic}: without its schema it has no columns`, {
    context: { topic },
  });
}
