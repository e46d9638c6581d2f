/** Clicks on a topic of a region of their own, and the results of the runs over them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { partitionRecords } from '../../runtime/cluster/partitionRecords.js';
import { isMarker } from '../../runtime/engine/header.js';
import { partitionOf } from '../../schemas/partitioner.js';
import type { OutputRecord } from '../../runtime/ports.js';
import { LocalSchemaIds, keyOf, physicalTopicName, topicCodec, type Topic } from '../../schemas/index.js';
import { PARTITIONS, clicksTopic, flushClicks, isFlush, resultsTopic, type BenchClick } from './clicks.js';
import type { BenchServers } from './servers.js';

const CHUNK = 20_000;
const POLL_MS = 50;

type TopicRest = Pick<Topic<string, never>, 'name' | 'partitions' | 'cleanup' | 'retentionMs'>;

/** What a run wrote. */
export interface Results {
  readonly outputs: number;
  /** The last result of each `learner|window start`, as `events,clicks`. */
  readonly folded: ReadonlyMap<string, string>;
}

const learnerPartition = (learner: string): number => partitionOf(Buffer.from(learner), PARTITIONS);

const codec = topicCodec(clicksTopic, new LocalSchemaIds());

/** A click as it lies on a topic. */
export function clickRecord(topic: string, click: BenchClick): OutputRecord {
  const key = keyOf(clicksTopic, click);
  return { topic, partition: learnerPartition(key), key: Buffer.from(key), value: codec.encode(key, click), header: null };
}

/** The clicks of a benchmark. */
export class Dataset {
  /** Physical name of their topic. */
  readonly input: string;
  private ends: readonly number[] = [];

  private constructor(
    readonly servers: BenchServers,
    readonly region: string,
    readonly count: number,
  ) {
    this.input = physicalTopicName(region, clicksTopic.name);
  }

  /** Writes clicks, and in each partition one that closes their windows. None for a topic that is filled later. */
  static async load(servers: BenchServers, region: string, clicks: readonly BenchClick[]): Promise<Dataset> {
    const dataset = new Dataset(servers, region, clicks.length);
    await dataset.createTopic(clicksTopic);
    if (clicks.length === 0) return dataset;
    const producer = await servers.broker.producer({ transactionalId: null });
    const all = [...clicks, ...flushClicks(clicks, learnerPartition)];
    for (let at = 0; at < all.length; at += CHUNK) await producer.send(all.slice(at, at + CHUNK).map((click) => clickRecord(dataset.input, click)));
    await producer.close();
    dataset.ends = (await servers.admin.ranges(dataset.input)).map(({ end }) => end);
    return dataset;
  }

  /** Creates the topic that a run writes to. Its physical name. */
  createResults(run: string): Promise<string> {
    return this.createTopic(resultsTopic(run));
  }

  /** Resolves when a group has committed everything. */
  async allCommitted(groupId: string): Promise<void> {
    const partitions = this.ends.map((_, partition) => ({ topic: this.input, partition }));
    for (;;) {
      const offsets = await this.servers.admin.committed(groupId, partitions);
      if (offsets.every(({ partition, offset }) => (offset ?? 0) >= this.ends[partition]!)) return;
      await sleep(POLL_MS);
    }
  }

  /** What a run wrote; then its topic goes. */
  async takeResults(run: string): Promise<Results> {
    const topic = resultsTopic(run);
    const name = physicalTopicName(this.region, topic.name);
    const { decode } = decoderOf(topic);
    const folded = new Map<string, string>();
    let outputs = 0;
    for (let partition = 0; partition < PARTITIONS; partition++) {
      for await (const { key, value, header } of partitionRecords(this.servers.broker, this.servers.admin, name, partition)) {
        if (value === null || (header !== null && isMarker(header))) continue;
        const { learner, window, events, clicks } = decode(String(key), value);
        if (isFlush(learner)) continue;
        outputs++;
        folded.set(`${learner}|${window}`, `${events},${clicks}`);
      }
    }
    await this.servers.admin.deleteTopics([name]);
    return { outputs, folded };
  }

  private async createTopic({ name: logical, partitions, cleanup, retentionMs }: TopicRest): Promise<string> {
    const name = physicalTopicName(this.region, logical);
    await this.servers.admin.createTopics([{ name, partitions, cleanup, retentionMs }], 1);
    return name;
  }
}

function decoderOf(topic: ReturnType<typeof resultsTopic>) {
  const results = topicCodec(topic, new LocalSchemaIds());
  return { decode: (key: string, bytes: Buffer) => results.decode(key, bytes) };
}

/** How many keys have another result than a plain fold over the clicks gives. */
export function differences(expected: ReadonlyMap<string, string>, { folded }: Results): number {
  let different = 0;
  for (const [key, total] of expected) if (folded.get(key) !== total) different++;
  for (const key of folded.keys()) if (!expected.has(key)) different++;
  return different;
}
