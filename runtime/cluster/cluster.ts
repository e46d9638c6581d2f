import type { Admin, Broker } from '../kafka/broker.js';
import type { LogRecord, OutputRecord, PartitionName, Placement, Storage, TaskAccess, TaskGroup, TaskHost, TaskPlace, TopicSpec } from '../ports.js';
import { randomId, type RedisState } from '../redis/index.js';
import { ClusterTask } from './clusterTask.js';
import { cachedDocuments } from './documents.js';
import { MemberGroup } from './memberGroup.js';
import { partitionRecords } from './partitionRecords.js';
import { TransactionLine } from './transactionLine.js';

/** What a cluster is made of. */
export interface ClusterOptions {
  readonly broker: Broker;
  readonly state: RedisState;
  readonly region: string;
  /** Replicas of topics that are created. */
  readonly replication: number;
}

/** More than on a disk: a transaction costs much the same whatever it holds. */
const MOST_COMMITS = 64;

/** Connects the parts. @throws SFS_BROKER_UNAVAILABLE, SFS_STATE_UNAVAILABLE */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const admin = await options.broker.admin();
  return new Cluster(options, admin, await cachedDocuments(options.state.documents));
}

/** Topologies over Kafka and Redis: the tasks that the consumer groups give to this process. */
export class Cluster implements Placement {
  readonly mostCommits = MOST_COMMITS;
  readonly isShared = true;
  readonly log: Placement['log'] & { append(records: readonly OutputRecord[]): Promise<void> };
  private readonly line: TransactionLine;
  private readonly groups = new Map<string, MemberGroup>();
  private readonly listeners = new Set<() => void>();

  /** Made by {@link openCluster}. */
  constructor(
    private readonly options: ClusterOptions,
    private readonly admin: Admin,
    readonly documents: Storage['documents'],
  ) {
    const { broker, region } = options;
    this.line = new TransactionLine(broker, `skillforge.${region}.${randomId()}`);
    this.log = {
      ensureTopic: (spec: TopicSpec) => admin.createTopics([spec], options.replication),
      append: async (records) => {
        const producer = await broker.producer({ transactionalId: null });
        await producer.send(records).finally(() => producer.close());
      },
      onAppend: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
    };
  }

  async join(groups: readonly TaskGroup[], host: TaskHost): Promise<void> {
    const { broker, region } = this.options;
    for (const group of groups) {
      const member = await MemberGroup.open(broker, `skillforge.${region}.${group.id}`, group, host, this.onFetched);
      // The host may open tasks before `join` is done.
      this.groups.set(group.id, member);
      await member.join(group);
    }
  }

  openTask(place: TaskPlace): Promise<TaskAccess> {
    const { broker, state } = this.options;
    const group = this.groups.get(place.group)!;
    return ClusterTask.open(place, {
      broker,
      state,
      line: this.line,
      group,
      startOf: (partition) => this.startOf(partition),
      onFetched: this.onFetched,
    });
  }

  records(topic: string, partition: number): AsyncIterable<LogRecord> {
    return partitionRecords(this.options.broker, this.admin, topic, partition);
  }

  async leave(): Promise<void> {
    for (const { consumer } of this.groups.values()) await consumer.close();
    this.groups.clear();
    await this.line.close();
  }

  /** Of what was opened here; broker and state are the caller's. */
  close(): Promise<void> {
    return this.admin.close();
  }

  private async startOf({ topic, partition }: PartitionName): Promise<number> {
    return (await this.admin.ranges(topic))[partition]!.start;
  }

  private readonly onFetched = (): void => {
    for (const listener of this.listeners) listener();
  };
}
