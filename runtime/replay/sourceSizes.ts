/** How much a replay would read. */
import { physicalTopicName } from '../../schemas/index.js';
import type { TopologyGraph } from '../../operators/graph.js';
import type { ReplayPlace } from './replayPlace.js';

/** One topic that a replay reads from its beginning. */
export interface SourceSize {
  /** Logical name. */
  readonly topic: string;
  readonly partitions: number;
  /** Offsets that are there: markers count. */
  readonly records: number;
  /** By the size of the first records of each partition. */
  readonly bytes: number;
  /** Records that retention or compaction took away already, as far as offsets tell. */
  readonly removed: number;
}

/** Records of each partition whose size is looked at. */
const SAMPLE = 200;

/** The topics that a topology reads, its own internal ones left out, in order of declaration; one that does not exist is empty. */
export async function sourceSizes(place: ReplayPlace, graph: TopologyGraph): Promise<SourceSize[]> {
  const there = new Set((await place.tools.topics()).map(({ name }) => name));
  const names = new Set(graph.subtopologies.flatMap(({ inputs }) => inputs.filter(({ internal }) => internal === null).map(({ topic }) => topic)));
  const sizes: SourceSize[] = [];
  for (const topic of names) {
    const physical = physicalTopicName(place.region, topic);
    const ranges = there.has(physical) ? await place.tools.ranges(physical) : [];
    const size = { topic, partitions: ranges.length, records: 0, bytes: 0, removed: 0 };
    for (const [partition, { start, end }] of ranges.entries()) {
      size.records += end - start;
      size.removed += start;
      if (end > start) size.bytes += Math.round((end - start) * (await meanBytes(place, physical, partition)));
    }
    sizes.push(size);
  }
  return sizes;
}

async function meanBytes({ tools }: ReplayPlace, topic: string, partition: number): Promise<number> {
  let [records, bytes] = [0, 0];
  for await (const { key, value, header } of tools.records(topic, partition, 0)) {
    bytes += (key?.length ?? 0) + (value?.length ?? 0) + (header?.length ?? 0);
    if (++records >= SAMPLE) break;
  }
  return records === 0 ? 0 : bytes / records;
}
