/** A region on a real Kafka and Redis that has something of a learner in topics, rows, timers and lists of others, with workers that run. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'vitest';
import { clockMarkers } from '../../../runtime/engine/clock.js';
import { Worker } from '../../../runtime/engine/worker.js';
import { makeRegionRing } from '../../../runtime/keys/regionKeys.js';
import { physicalTopicName, topicCodec, topics, LocalSchemaIds, type Topic } from '../../../schemas/index.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { keepTopicSchemas } from '../../../scripts/commands/topicCodecs.js';
import { eraseLearner, type Receipt } from '../../../scripts/privacy/erasure/saga.js';
import type { Installation } from '../../../scripts/privacy/erasure/places.js';
import { regionServers, type RegionServers } from '../../../scripts/privacy/erasure/servers.js';
import { SigningKey, type Signed } from '../../../scripts/privacy/erasure/signing.js';
import { verifyErased } from '../../../scripts/privacy/erasure/verification.js';
import { Deployment } from '../../../runtime/engine/deployment.js';
import activity from '../../../topologies/learner-activity.js';
import trends from '../../../topologies/cohort-trends.js';
import engagement from '../../../topologies/learner-engagement.js';
import { HOUR_MS, at, click } from '../../topologies/clicks.js';
import { newFolder } from '../../fixtures/folders.js';
import { newRegion, openOn, type OpenCluster, type Servers } from './replica.js';

/** What runs in the region. */
export const TOPOLOGIES = [engagement, activity, trends];
const ids = LocalSchemaIds.withAccepted();
const LOOK_MS = 200;

type LearnersTopic = Pick<Topic<string, unknown>, 'name' | 'partitions'>;

/** A worker of its own, as another process would be, with keys and a list of refused learners of its own. */
export interface RunningWorker {
  readonly erased: () => number;
  stop(): Promise<void>;
}

/** A region, and who is in it. */
export class ErasableRegion {
  /** In the partition of the other: what is removed lies among what stays. */
  readonly bob: string;
  readonly data = newFolder();
  readonly installation: Installation;

  private constructor(
    private readonly addresses: Servers,
    readonly opened: OpenCluster,
    readonly region: string,
    readonly ada: string,
    servers: RegionServers,
  ) {
    this.bob = neighbourOf(ada);
    const places = { view: join(this.data, 'reader'), gatewayFolder: join(this.data, 'gateway'), chain: join(this.data, 'decisions') };
    this.installation = { data: this.data, region, ...places, also: [], featureStore: null, servers };
  }

  /** Makes one: with keys, and what two learners did on two days. */
  static async make(
    addresses: Servers,
    folders: ServerFolders,
    context: Pick<TestContext, 'onTestFinished'>,
    { region, ada }: Named = { region: newRegion(), ada: randomUUID() },
  ): Promise<ErasableRegion> {
    const keyless = await openOn(addresses, region);
    await makeRegionRing({ keys: keyless.state.dataKeys, documents: keyless.state.documents }, { file: join(newFolder(), 'kek.json') }, Date.now());
    await keyless.close();
    const opened = await openOn(addresses, region);
    context.onTestFinished(() => opened.close());
    for (const topology of TOPOLOGIES) {
      const deployment = new Deployment(topology, region, opened.cluster);
      for (const spec of deployment.topicSpecs()) await opened.cluster.log.ensureTopic(spec);
      await keepTopicSchemas(opened.cluster, [deployment]);
    }
    const { name, partitions, cleanup, retentionMs } = topics.recommendations;
    await opened.cluster.log.ensureTopic({ name: physicalTopicName(region, name), partitions, cleanup, retentionMs });
    const servers = await regionServers(opened, { name: 'servers of the test', ...folders });
    context.onTestFinished(() => servers.close());
    const made = new ErasableRegion(addresses, opened, region, ada, servers);
    // In the order of time: where both are in one partition, nobody's events are late.
    for (const [day, hour] of [0, 1].flatMap((day) => [1, 2].map((hour) => [day, hour] as const)))
      for (const learner of [made.ada, made.bob])
        await made.append(topics.clicks, [click(learner, at(day, hour * HOUR_MS), hour === 1 ? {} : { item: 'i2' })]);
    for (const learner of [made.ada, made.bob]) await made.append(topics.recommendations, [listOf(learner)]);
    await made.tellTime(at(2));
    return made;
  }

  topic({ name }: { readonly name: string }): string {
    return physicalTopicName(this.region, name);
  }

  /** Appends values under their learners, as a gateway does. */
  async append<V extends { readonly learner: string }>(topic: Topic<string, V>, values: readonly V[], cluster = this.opened.cluster): Promise<void> {
    const codec = topicCodec(topic, ids);
    const records = values.map((value) => {
      const key = Buffer.from(value.learner);
      const bytes = codec.encode(value.learner, { ...value, region: this.region });
      return { topic: this.topic(topic), partition: partitionOf(key, topic.partitions), key, value: bytes, header: null };
    });
    await cluster.log.append(records);
  }

  tellTime(timeMs: number): Promise<void> {
    return this.opened.cluster.log.append(clockMarkers(this.topic(topics.clicks), topics.clicks.partitions, timeMs));
  }

  async worker(): Promise<RunningWorker> {
    const opened = await openOn(this.addresses, this.region);
    const worker = new Worker(TOPOLOGIES, opened.cluster, { region: this.region, mode: 'follow', pollMs: 20 });
    await worker.start();
    const running = worker.run();
    return {
      erased: () => worker.runningTasks.reduce((sum, { progress }) => sum + (progress.counters.erased ?? 0), 0),
      stop: async () => {
        worker.stop();
        await running;
        await opened.close();
      },
    };
  }

  /** Waits until a topic has so many records of a learner, as tools see them. */
  async has(topic: LearnersTopic, learner: string, count: number, limitMs = 180_000): Promise<number> {
    for (const until = Date.now() + limitMs; ; await sleep(LOOK_MS)) {
      const found = await this.countOf(topic, learner);
      if (found >= count || Date.now() > until) return found;
    }
  }

  async countOf(topic: LearnersTopic, learner: string): Promise<number> {
    let count = 0;
    const partition = partitionOf(Buffer.from(learner), topic.partitions);
    for await (const { key, value } of this.opened.cluster.records(this.topic(topic), partition))
      if (key?.toString() === learner && value !== null) count++;
    return count;
  }

  erase(learner: string, reached?: (step: string, when: string) => void): Promise<Signed<Receipt>> {
    const key = SigningKey.at(join(this.data, 'erasures', 'receipts.key'));
    return eraseLearner({ installation: this.installation, learner, key, ...(reached && { reached }) });
  }

  /** Stores in which something readable is found, with where the first is, and how much is unlinkable. */
  async looked(learner: string): Promise<{ readonly readable: Record<string, string | null>; readonly unlinkable: number }> {
    const verified = await verifyErased(this.installation, learner);
    return {
      readable: Object.fromEntries(verified.filter(({ readable }) => readable > 0).map(({ store, first }) => [store, first])),
      unlinkable: verified.reduce((sum, { unlinkable }) => sum + unlinkable, 0),
    };
  }
}

/** Where the servers keep their files. */
export interface ServerFolders {
  readonly logDirs: readonly string[];
  readonly redisDirs: readonly string[];
}

/** A region, and a learner in it. */
export interface Named {
  readonly region: string;
  readonly ada: string;
}

function neighbourOf(learner: string): string {
  const at = (id: string): number => partitionOf(Buffer.from(id), topics.clicks.partitions);
  for (;;) {
    const other = randomUUID();
    if (at(other) === at(learner)) return other;
  }
}

/** A list of recommendations: a record of a compacted topic. */
export const listOf = (learner: string) =>
  ({
    learner,
    region: 'test',
    madeAtMs: 0,
    validUntilMs: 1,
    modelVersion: 'x',
    topologyVersion: 1,
    variant: '',
    personal: { courses: [] },
  }) as never;
