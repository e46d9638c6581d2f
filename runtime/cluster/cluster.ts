import type { Admin, Broker } from '../kafka/broker.js';
import type {
  LogRecord,
  OutputRecord,
  PartitionName,
  PartitionRange,
  Placement,
  SchemaRegistry,
  Storage,
  TaskAccess,
  TaskGroup,
  TaskHost,
  TaskPlace,
  ToolAccess,
  TopicSpec,
} from '../ports.js';
import type { RegistryOptions } from '../registry/index.js';
import { randomId, type RedisState } from '../redis/index.js';
import { topicSchemaDocument } from '../../schemas/learnerKeys.js';
import { KeyGate } from '../keys/keyGate.js';
import { isUnlinkable } from '../keys/openedRecord.js';
import { RedisRing } from '../keys/redisRing.js';
import { ClusterTask } from './clusterTask.js';
import { clusterTools } from './clusterTools.js';
import type { CommitLine } from './commitLine.js';
import { cachedDocuments, type CachedDocuments } from './documents.js';
import { IdempotentLine } from './idempotentLine.js';
import { consumerGroupId, MemberGroup } from './memberGroup.js';
import { partitionRecords } from './partitionRecords.js';
import { SchemaGate } from './schemaGate.js';
import { TransactionLine } from './transactionLine.js';

/** What a cluster is made of. */
export interface ClusterOptions {
  readonly broker: Broker;
  readonly state: RedisState;
  readonly region: string;
  /** Replicas of topics that are created. */
  readonly replication: number;
  /** `exactly-once` without. */
  readonly guarantee?: Guarantee;
  /** Where ids of schemas come from; they are computed without. */
  readonly registry?: RegistryOptions;
}

/**
 * `exactly-once`: state and outputs of a batch become visible together. `idempotent`: outputs may repeat after a crash, with equal numbers;
 * state is exact all the same.
 */
export type Guarantee = 'exactly-once' | 'idempotent';

/** More than on a disk: a transaction costs much the same whatever it holds. */
const MOST_COMMITS = 64;

/** Connects the parts. @throws SFS_BROKER_UNAVAILABLE, SFS_STATE_UNAVAILABLE; for a region with keys SFS_KEYS_CORRUPT, SFS_KEYS_UNAVAILABLE, SFS_KEY_FILE, SFS_KEY_SERVICE_REFUSED */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const admin = await options.broker.admin();
  const documents = await cachedDocuments(options.state.documents);
  const { dataKeys: keys, refusals } = options.state;
  const ring = await RedisRing.open({ keys, documents: options.state.documents, refusals });
  return new Cluster(options, admin, documents, await registryOf(options, documents), ring);
}

/** Its package takes a while to load. */
async function registryOf({ registry }: ClusterOptions, documents: Storage['documents']): Promise<SchemaRegistry | undefined> {
  return registry && (await import('../registry/index.js')).openRegistry(registry, documents);
}

/** Topologies over Kafka and Redis: the tasks that the consumer groups give to this process. */
export class Cluster implements Placement {
  readonly mostCommits = MOST_COMMITS;
  readonly isShared = true;
  readonly log: Placement['log'] & { append(records: readonly OutputRecord[]): Promise<void> };
  /** Of the first group that is joined: tasks commit after that. */
  private line: CommitLine | null = null;
  private readonly gate: SchemaGate;
  /** `null` for a region without keys. */
  private readonly keys: KeyGate | null;
  private readonly groups = new Map<string, MemberGroup>();
  private readonly listeners = new Set<() => void>();

  /** Made by {@link openCluster}. */
  constructor(
    private readonly options: ClusterOptions,
    private readonly admin: Admin,
    readonly documents: CachedDocuments,
    readonly schemas: SchemaRegistry | undefined,
    private readonly ring: RedisRing | null = null,
  ) {
    this.keys = ring && new KeyGate({ ring, ids: schemas, schemaDocument: (topic) => documents.get(topicSchemaDocument(topic)) });
    this.gate = new SchemaGate(schemas, this.onFetched, this.keys);
    const { broker } = options;
    this.log = {
      ensureTopic: (spec: TopicSpec) => admin.createTopics([spec], options.replication),
      append: async (records) => {
        const producer = await broker.producer({ transactionalId: null });
        const sent = this.keys === null ? producer.send(records) : this.keys.write(records, (sealed) => producer.send(sealed));
        await sent.finally(() => producer.close());
      },
      onAppend: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
    };
  }

  async join(groups: readonly TaskGroup[], host: TaskHost): Promise<void> {
    const { broker, region } = this.options;
    this.line ??= this.lineOf(groups[0]!);
    for (const group of groups) {
      const member = await MemberGroup.open(broker, consumerGroupId(region, group.id), group, host, this.onFetched);
      // The host may open tasks before `join` is done.
      this.groups.set(group.id, member);
      await member.join(group);
    }
  }

  async openTask(place: TaskPlace): Promise<TaskAccess> {
    const { broker, state } = this.options;
    // Before it reads anything: what is read goes into state.
    await this.keys?.watch();
    const group = this.groups.get(place.group)!;
    const task = await ClusterTask.open(place, {
      broker,
      state,
      line: this.line!,
      gate: this.gate,
      keys: this.keys,
      group,
      rangeOf: (partition) => this.rangeOf(partition),
      topics: () => this.admin.topics(),
      onFetched: this.onFetched,
    });
    // After the claim: nobody else adds to what its rows need any more.
    await this.documents.refresh();
    return task;
  }

  records(topic: string, partition: number): AsyncIterable<LogRecord> {
    return readableOnes(this.gate.opened(topic, partitionRecords(this.options.broker, this.admin, topic, partition)));
  }

  /** The region as tools see it. */
  tools(): ToolAccess {
    const { broker, state, region, replication } = this.options;
    const { admin, documents, schemas } = this;
    return {
      ...clusterTools({ broker, admin, state, documents, region, replication, keys: this.keys }),
      schemas,
      ...(this.keys === null ? {} : { opened: (topic: string, records: readonly LogRecord[]) => this.gate.openAll(topic, records) }),
      records: (topic, partition, from) => readableOnes(this.gate.opened(topic, partitionRecords(broker, admin, topic, partition, from))),
    };
  }

  async leave(): Promise<void> {
    for (const { consumer } of this.groups.values()) await consumer.close();
    this.groups.clear();
    await this.line?.close();
  }

  /** Of what was opened here; broker and state are the caller's. */
  async close(): Promise<void> {
    await this.ring?.close();
    await this.admin.close();
  }

  /** Its transactional id begins with the topology: who may write for one cannot shut out the workers of another. */
  private lineOf({ id }: TaskGroup): CommitLine {
    const { broker, region, guarantee } = this.options;
    if (guarantee === 'idempotent') return new IdempotentLine(broker);
    return new TransactionLine(broker, `skillforge.${region}.task.${id.split('@', 1)[0]!}.${randomId()}`);
  }

  private async rangeOf({ topic, partition }: PartitionName): Promise<PartitionRange> {
    return (await this.admin.ranges(topic))[partition]!;
  }

  private readonly onFetched = (): void => {
    for (const listener of this.listeners) listener();
  };
}

/** Without those that nobody can read any more: for tools they are not there. */
async function* readableOnes(records: AsyncIterable<LogRecord>): AsyncGenerator<LogRecord> {
  for await (const record of records) if (!isUnlinkable(record)) yield record;
}
