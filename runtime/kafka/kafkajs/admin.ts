/**
 * Topics and groups, for both drivers: librdkafka's JavaScript package cannot read the settings of a topic, and what is asked here is
 * independent of how records are read and written.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin as Client, GroupDescription, ITopicMetadata } from 'kafkajs';
import type { PartitionRange, TopicSpec } from '../../ports.js';
import type { Admin, CommittedOffset, TopicPartition } from '../broker.js';
import type { Failures } from '../failures.js';
import type { FullKafkaOptions } from '../options.js';
import { assertSame, READ_SETTINGS, settingsOf, specOf } from '../topicSettings.js';
import { kafkaOf, kafkajs } from './client.js';
import { failureOf, isLeaderElsewhere, isTopicMissing } from './codes.js';

const LOOK_MS = 50;

/** What a driver adds. */
export interface AdminParts {
  /** Asks for a group's offsets in the driver's own way; by default kafkajs is asked. */
  readonly committed?: Admin['committed'];
  readonly onClosed: () => void | Promise<void>;
}

/** Creates and looks at topics and groups. */
export class KafkaAdmin implements Admin {
  private readonly client: Client;
  private readonly limitMs: number;
  private closed = false;

  constructor(
    options: FullKafkaOptions,
    private readonly failures: Failures,
    private readonly parts: AdminParts,
  ) {
    this.client = kafkaOf(options).admin();
    this.limitMs = options.requestTimeoutMs;
  }

  /** Connects. @throws SFS_BROKER_UNAVAILABLE, SFS_BROKER_REFUSED */
  open(): Promise<void> {
    return this.doing('connecting', () => this.client.connect());
  }

  async clusterId(): Promise<string> {
    return (await this.doing('asking for the cluster', () => this.client.describeCluster())).clusterId;
  }

  async createTopics(specs: readonly TopicSpec[], replication: number): Promise<void> {
    await this.doing('creating topics', async () => {
      const present = new Set(await this.client.listTopics());
      const missing = specs.filter(({ name }) => !present.has(name));
      if (missing.length > 0) await this.create(missing, replication);
    });
    // Those that somebody else made in the meantime too.
    const [found, settings] = await this.untilKnown(specs.map(({ name }) => name));
    for (const spec of specs) assertSame(spec, partitionsIn(found, spec.name), settings.get(spec.name) ?? new Map<string, string>());
  }

  async topics(): Promise<TopicSpec[]> {
    const { topics } = await this.doing('asking for topics', () => this.client.fetchTopicMetadata());
    const found = topics.filter(({ name }) => !name.startsWith('__'));
    const settings = await this.doing('asking for settings of topics', () => this.askForSettings(found));
    return found.map(({ name, partitions }) => specOf(name, partitions.length, settings.get(name) ?? new Map<string, string>()));
  }

  async settings(topics: readonly string[], names: readonly string[]): Promise<Settings> {
    await this.assertTopics(topics);
    return this.doing('asking for settings of topics', () =>
      this.askForSettings(
        topics.map((name) => ({ name, partitions: [] })),
        names,
      ),
    );
  }

  async ranges(topic: string): Promise<PartitionRange[]> {
    await this.assertTopics([topic]);
    return this.rangesOfKnown(topic);
  }

  /** {@link ranges} of a topic that is there. kafkajs asks for others as long as it may, since they might be about to come. */
  async rangesOfKnown(topic: string): Promise<PartitionRange[]> {
    const offsets = await this.doing(`asking for offsets of ${topic}`, () => this.offsetsOf(topic), [topic]);
    return offsets.sort((a, b) => a.partition - b.partition).map(({ low, high }) => ({ start: Number(low), end: Number(high) }));
  }

  /** A leader may have moved, and that of a new topic may not know of it yet. */
  private async offsetsOf(topic: string): ReturnType<Client['fetchTopicOffsets']> {
    const deadline = performance.now() + this.limitMs;
    for (;;) {
      try {
        return await this.client.fetchTopicOffsets(topic);
      } catch (error) {
        if (!isLeaderElsewhere(error) || performance.now() > deadline) throw error;
      }
      // kafkajs believes for minutes what it knows of leaders, but asks again before it asks for settings, whatever comes of those.
      await this.askForSettings([{ name: topic, partitions: [] }]).catch(() => undefined);
      await sleep(LOOK_MS);
    }
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    const present = new Set(await this.doing('listing topics', () => this.client.listTopics()));
    const topics = names.filter((name) => present.has(name));
    if (topics.length === 0) return;
    await this.doing('deleting topics', () =>
      this.client.deleteTopics({ topics }).catch((error: unknown) => {
        if (!isTopicMissing(error)) throw error;
      }),
    );
  }

  async groupMembers(groupId: string): Promise<number> {
    return (await this.describeGroup(groupId))?.members.length ?? 0;
  }

  async deleteGroup(groupId: string): Promise<void> {
    const group = await this.describeGroup(groupId);
    if (group === undefined || group.state === 'Dead') return;
    await this.doing(`deleting the group ${groupId}`, () => this.client.deleteGroups([groupId]));
  }

  async committed(groupId: string, partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    if (partitions.length === 0) return [];
    if (this.parts.committed !== undefined) return this.parts.committed(groupId, partitions);
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const found = await this.doing(`asking for offsets of the group ${groupId}`, () => this.client.fetchOffsets({ groupId, topics }), topics);
    return partitions.map(({ topic, partition }) => {
      const answer = found.find((one) => one.topic === topic)?.partitions.find((one) => one.partition === partition);
      const offset = Number(answer?.offset ?? -1);
      return { topic, partition, offset: offset < 0 ? null : offset, metadata: answer?.metadata ?? '' };
    });
  }

  /** @throws SFS_TOPIC_UNKNOWN */
  async assertTopics(topics: readonly string[]): Promise<void> {
    const known = new Set(await this.doing('listing topics', () => this.client.listTopics()));
    const missing = topics.filter((topic) => !known.has(topic));
    if (missing.length > 0) throw this.failures.topicUnknown(missing);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.client.disconnect();
    await this.parts.onClosed();
  }

  private async describeGroup(groupId: string): Promise<GroupDescription | undefined> {
    return (await this.doing(`asking for the group ${groupId}`, () => this.client.describeGroups([groupId]))).groups[0];
  }

  private async create(specs: readonly TopicSpec[], replicationFactor: number): Promise<void> {
    await this.client.createTopics({
      waitForLeaders: false, // see untilKnown
      topics: specs.map((spec) => ({
        topic: spec.name,
        numPartitions: spec.partitions,
        replicationFactor,
        configEntries: Object.entries(settingsOf(spec)).map(([name, value]) => ({ name, value })),
      })),
    });
  }

  /** Topics and their settings, once each broker that is asked knows of them. */
  private async untilKnown(names: string[]): Promise<readonly [ITopicMetadata[], Settings]> {
    if (names.length === 0) return [[], new Map()];
    const deadline = performance.now() + this.limitMs;
    for (;;) {
      try {
        const { topics: found } = await this.client.fetchTopicMetadata({ topics: names });
        if (found.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)))
          return [found, await this.askForSettings(found)];
      } catch (error) {
        // Brokers hear of a new topic one after the other: what kafkajs does for it gives up at the first that knows nothing of it yet.
        if (!isTopicMissing(error) || performance.now() > deadline) throw failureOf(error, 'creating topics', this.failures, names);
      }
      await sleep(LOOK_MS);
    }
  }

  private async askForSettings(topics: readonly ITopicMetadata[], names: readonly string[] = READ_SETTINGS): Promise<Settings> {
    if (topics.length === 0) return new Map();
    const resources = topics.map(({ name }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: [...names] }));
    const found = await this.client.describeConfigs({ resources, includeSynonyms: false });
    return new Map(
      found.resources.map((one) => [one.resourceName, new Map(one.configEntries.map(({ configName, configValue }) => [configName, configValue]))]),
    );
  }

  private async doing<T>(what: string, act: () => Promise<T>, topics: readonly string[] = []): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw failureOf(error, what, this.failures, topics);
    }
  }
}

/** Settings of topics by name. */
type Settings = ReadonlyMap<string, ReadonlyMap<string, string>>;

const partitionsIn = (topics: readonly ITopicMetadata[], name: string): number => topics.find((one) => one.name === name)?.partitions.length ?? 0;
