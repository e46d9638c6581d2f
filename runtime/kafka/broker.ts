/**
 * What the engine needs of Kafka, behind which either client works (see ADR 0012). A driver reads, writes and tells who owns which
 * partition; order, batching and state are the engine's. Byte arrays that a driver hands out are the receiver's; those that it is given
 * stay as they are.
 */
import type { SkillForgeError } from '../../schemas/index.js';
import type { LogRecord, OutputRecord, PartitionRange, TopicSpec } from '../ports.js';

/** A partition by its physical topic name and its number, from 0. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Where reading of a partition goes on: the offset of the next record. */
export interface PartitionStart extends TopicPartition {
  readonly offset: number;
}

/** What a group remembers of a partition. */
export interface GroupOffset extends PartitionStart {
  /** Text of the engine's, at most 4096 bytes by the broker's default. */
  readonly metadata: string;
}

/** A committed offset; `offset` is `null` where the group has none. */
export interface CommittedOffset extends TopicPartition {
  readonly offset: number | null;
  readonly metadata: string;
}

/** Records of one partition, in the order of the log. Records of aborted transactions and control records are left out: offsets have gaps. */
export interface FetchedRecords extends TopicPartition {
  /** None where the end was reached, or where all that was read is left out. */
  readonly records: readonly LogRecord[];
  /** Where reading goes on: behind control records too. What a group commits. */
  readonly nextOffset: number;
  /** Whether `nextOffset` was the end of what is committed, at the time. It is said again whenever reading has caught up. */
  readonly atEnd: boolean;
}

/** Hears of what a consumer reads. */
export interface FetchListener {
  /**
   * Takes records. It must not wait: a consumer of more than it can take calls {@link PartitionReader.pause}, after which this is not called
   * for that partition.
   */
  readonly onRecords: (fetched: FetchedRecords) => void;
  /**
   * What went wrong while reading; the partitions that it concerns stand still. `SFS_OFFSET_OUT_OF_RANGE` (its context has `topic`,
   * `partition`), `SFS_TOPIC_UNKNOWN`, `SFS_BROKER_REFUSED`, `SFS_BROKER_FAILED`. Lost connections are none: a driver connects again.
   */
  readonly onError: (error: SkillForgeError) => void;
}

/** Hears of the partitions that a member of a group gets and gives back. One call at a time. */
export interface AssignmentListener {
  /** Partitions that are this member's from now on. Nothing is read before it has returned where to begin, for each of them. */
  readonly assigned: (partitions: readonly TopicPartition[]) => Promise<readonly PartitionStart[]>;
  /** Partitions that another member may want. It gets none before this has ended: finish, commit and let go here. */
  readonly revoked: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** Partitions that are somebody else's already, or may be: drop what is not committed. */
  readonly lost: (partitions: readonly TopicPartition[]) => void;
}

/** How a member of a group is opened. */
export interface GroupConsumerOptions extends FetchListener {
  readonly groupId: string;
  readonly listener: AssignmentListener;
}

/** How a reader by hand is opened. */
export interface ReaderOptions extends FetchListener {
  /**
   * Whether partitions are read to their ends, one after the other, rather than followed. Behind the last record lies what ends its transaction: that
   * nothing else comes is known once the broker has waited for it, here for no longer than {@link END_WAIT_MS}.
   */
  readonly untilEnd?: boolean;
}

/** How long a broker waits for a first record before it answers that there is none, ms. */
export const FETCH_WAIT_MS = 250;
/** The same where ends are read to. */
export const END_WAIT_MS = 10;

/** Reads partitions, each at a pace of its own. */
export interface PartitionReader {
  /** Reads from `offset` on. Records of before are not handed out after the promise resolved. @throws SFS_TOPIC_UNKNOWN, SFS_OFFSET_OUT_OF_RANGE */
  seek(topic: string, partition: number, offset: number): Promise<void>;
  /** Hands out no records of the partition, and fetches none, until {@link resume}; the others go on. */
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** Ends reading, as a member of a group after {@link AssignmentListener.revoked}. */
  close(): Promise<void>;
}

/** Reads partitions that the caller chooses, as no member of a group. `seek` begins with a partition, too. */
export interface ManualReader extends PartitionReader {
  /** Reads these and no others. @throws SFS_TOPIC_UNKNOWN, SFS_OFFSET_OUT_OF_RANGE */
  assign(partitions: readonly PartitionStart[]): Promise<void>;
}

/** A member of a consumer group. Topics with equal numbers of partitions are kept together: partition 3 of each goes to one member. */
export interface GroupConsumer extends PartitionReader {
  readonly groupId: string;
  /** Joins the group. @throws SFS_TOPIC_UNKNOWN, SFS_BROKER_UNAVAILABLE */
  subscribe(topics: readonly string[]): Promise<void>;
  /**
   * The group's offsets that no running transaction can change any more; waits for those that are about to. kafkajs cannot wait: with it,
   * open the producer of the same transactional id first, which ends such transactions.
   */
  committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]>;
  /** Commits outside of a transaction. @throws SFS_FENCED when a partition is not this member's any more */
  commit(offsets: readonly GroupOffset[]): Promise<void>;
}

/** Offsets that become the group's together with a transaction's records. */
export interface TransactionOffsets {
  /** A consumer of the same driver. */
  readonly consumer: GroupConsumer;
  readonly offsets: readonly GroupOffset[];
}

/** Writes records. One call after the other takes effect; calls may be made without waiting. */
export interface Producer {
  /**
   * Resolves when all records are on all replicas in sync. After an error some of them may be.
   * @throws SFS_BROKER_UNAVAILABLE, SFS_RECORD_TOO_LARGE, SFS_TOPIC_UNKNOWN, SFS_PARTITION_UNKNOWN, SFS_KEY_INVALID, SFS_BROKER_REFUSED, SFS_BROKER_FAILED
   */
  send(records: readonly OutputRecord[]): Promise<void>;
  /**
   * Writes records and offsets in one transaction: all of it shows at once, or nothing ever.
   *
   * `SFS_TRANSACTION_ABORTED` (nothing shows; compute again), `SFS_FENCED` (nothing shows; another owns the work), and those of {@link send}
   * (nothing shows) leave it certain. `SFS_TRANSACTION_UNKNOWN` does not: close the producer and open another under the same transactional
   * id, then read the committed offsets, which tell.
   * @throws also SFS_PRODUCER_CLOSED after an error that ended the producer: after SFS_TRANSACTION_UNKNOWN, or SFS_FENCED by a newer producer
   */
  transact(records: readonly OutputRecord[], groups: readonly TransactionOffsets[]): Promise<void>;
  close(): Promise<void>;
}

/** How a producer is opened. */
export interface ProducerOptions {
  /** For {@link Producer.transact}; an older producer of the same id can commit nothing any more. `null` for {@link Producer.send} alone. */
  readonly transactionalId: string | null;
}

/** Creates and looks at topics and groups. */
export interface Admin {
  /** The id that a cluster gets when it is made: another one at the same address has another. */
  clusterId(): Promise<string>;
  /** Creates what is missing and waits until it can be used. @throws SFS_TOPIC_MISMATCH when a topic exists with other settings */
  createTopics(specs: readonly TopicSpec[], replication: number): Promise<void>;
  /** All topics but Kafka's own. Of a topic that is both deleted and compacted it says `compact`. */
  topics(): Promise<TopicSpec[]>;
  /** Settings of topics, as the broker has them, its own defaults too; by topic and name. @throws SFS_TOPIC_UNKNOWN */
  settings(topics: readonly string[], names: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>>;
  /** By partition: the first offset, and the end of what is committed. @throws SFS_TOPIC_UNKNOWN */
  ranges(topic: string): Promise<PartitionRange[]>;
  /** Topics that do not exist are left out. */
  deleteTopics(names: readonly string[]): Promise<void>;
  /** How many members a group has now; 0 for one that is not there. */
  groupMembers(groupId: string): Promise<number>;
  /** Forgets a group without members, and its offsets; one that is not there is forgotten already. @throws SFS_BROKER_FAILED while it has members */
  deleteGroup(groupId: string): Promise<void>;
  /** As {@link GroupConsumer.committed}, without being a member. */
  committed(groupId: string, partitions: readonly TopicPartition[]): Promise<CommittedOffset[]>;
  close(): Promise<void>;
}

/** The clients that there is a driver for. */
export type BrokerDriver = 'confluent' | 'kafkajs';

/** A Kafka cluster through one client. Every call throws `SFS_BROKER_UNAVAILABLE` when no broker answers, `SFS_BROKER_REFUSED` when one refuses. */
export interface Broker {
  readonly driver: BrokerDriver;
  admin(): Promise<Admin>;
  /** @throws SFS_PRODUCER_UNSAFE for kafkajs without `allowUnsafeProducer` */
  producer(options: ProducerOptions): Promise<Producer>;
  consumer(options: GroupConsumerOptions): Promise<GroupConsumer>;
  reader(options: ReaderOptions): Promise<ManualReader>;
  /** Closes what was opened and is not closed yet. */
  close(): Promise<void>;
}
