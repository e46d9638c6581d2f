/** Reads a topic of the catalogue as values, partition after partition or by time over all of them. */
import {
  LocalSchemaIds,
  SkillForgeError,
  errorCodeOf,
  physicalTopicName,
  regionalCodec,
  topicCodec,
  type Topic,
  type TopicCodec,
} from '../../schemas/index.js';
import { isMarker } from '../../runtime/engine/header.js';
import type { LogRecord, PartitionRange, ToolAccess } from '../../runtime/ports.js';
import { liveTopic } from '../../runtime/replay/replayState.js';

/** A topic as a reader sees it. */
export interface TopicRecords<V> {
  /** Offsets over all partitions: what there is to read at most. */
  readonly offsets: number;
  /** Records of another region that were met so far: they are left out. */
  readonly otherRegion: number;
  /** Values of one partition after the other; those of a partition in their order. */
  all(): AsyncGenerator<V>;
  /** Values of all partitions in ascending time: each partition must be so by itself. */
  byTime(timeOf: (value: V) => number): AsyncGenerator<V>;
}

/** The offsets of each partition; of none where the topic is not there. */
export async function rangesOf(tools: ToolAccess, topic: string): Promise<readonly PartitionRange[]> {
  const isThere = (await tools.topics()).some(({ name }) => name === topic);
  return isThere ? tools.ranges(topic) : [];
}

/** A topic of the version that is live. One that is not there has no records: a folder need not have run every topology. */
export async function topicRecords<V>(tools: ToolAccess, region: string, topic: Topic<string, V>): Promise<TopicRecords<V>> {
  const name = physicalTopicName(region, liveTopic(tools.documents, topic.name));
  const ranges = await rangesOf(tools, name);
  const own = new OwnValues(regionalCodec(topic, topicCodec(topic, tools.schemas ?? LocalSchemaIds.withAccepted()), region));
  const partitions = ranges.map((_, partition) => () => own.valuesOf(tools.records(name, partition, 0)));
  return {
    offsets: ranges.reduce((sum, { start, end }) => sum + end - start, 0),
    get otherRegion() {
      return own.otherRegion;
    },
    async *all() {
      for (const values of partitions) yield* values();
    },
    byTime: (timeOf) =>
      mergedByTime(
        partitions.map((values) => values()),
        timeOf,
        name,
      ),
  };
}

/** The values of a region, and how many of others lay between them. */
class OwnValues<V> {
  otherRegion = 0;

  constructor(private readonly codec: TopicCodec<V>) {}

  async *valuesOf(records: Iterable<LogRecord> | AsyncIterable<LogRecord>): AsyncGenerator<V> {
    for await (const { key, value, header } of records) {
      if (value === null || isMarker(header)) continue;
      const own = this.decoded(key?.toString() ?? '', value);
      if (own !== null) yield own;
    }
  }

  private decoded(key: string, value: Buffer): V | null {
    try {
      return this.codec.decode(key, value);
    } catch (error) {
      if (errorCodeOf(error) !== 'SFS_REGION_MISMATCH') throw error;
      this.otherRegion++;
      return null;
    }
  }
}

interface Head<V> {
  readonly value: V;
  readonly timeMs: number;
  readonly rest: AsyncGenerator<V>;
}

/** The earliest head first, of equal ones that of the first partition; partitions are few, so the least is looked for. */
async function* mergedByTime<V>(partitions: readonly AsyncGenerator<V>[], timeOf: (value: V) => number, topic: string): AsyncGenerator<V> {
  const headOf = async (rest: AsyncGenerator<V>): Promise<Head<V> | null> => {
    const next = await rest.next();
    return next.done === true ? null : { value: next.value, timeMs: timeOf(next.value), rest };
  };
  const heads: (Head<V> | null)[] = await Promise.all(partitions.map(headOf));
  let lastMs = -Infinity;
  for (;;) {
    let least = -1;
    heads.forEach((head, at) => {
      if (head !== null && (least < 0 || head.timeMs < heads[least]!.timeMs)) least = at;
    });
    if (least < 0) return;
    const { value, timeMs, rest } = heads[least]!;
    if (timeMs < lastMs) throw outOfOrder(topic, timeMs, lastMs);
    lastMs = timeMs;
    yield value;
    heads[least] = await headOf(rest);
  }
}

function outOfOrder(topic: string, timeMs: number, lastMs: number): SkillForgeError {
  const [time, last] = [timeMs, lastMs].map((ms) => new Date(ms).toISOString());
  return new SkillForgeError(
    'SFS_EXPORT_ORDER',
    `topic ${topic} has a record of ${time} behind one of ${last}: a training export needs each partition in the order of event time`,
    { context: { topic, timeMs, lastMs } },
  );
}
