/**
 * What a member of a group and a reader by hand have in common. kafkajs tells of a rebalance, but waits for nobody. It does ask its assignor
 * before it joins, and tries again when that refuses: so the assignor refuses until everything is given back (`mayJoin`). What is dealt out
 * is paused in the very call that tells of it, until the engine has said where to begin.
 */
import type { Consumer as Client, EachBatchPayload, Kafka } from 'kafkajs';
import type { SkillForgeError } from '../../../schemas/index.js';
import { END_WAIT_MS, FETCH_WAIT_MS, type PartitionReader, type PartitionStart, type ReaderOptions, type TopicPartition } from '../broker.js';
import type { Failures } from '../failures.js';
import type { FullKafkaOptions } from '../options.js';
import { deliver, deliverHeld, PartitionTable, type ReadPartition } from '../partitionTable.js';
import type { KafkaAdmin } from './admin.js';
import { retryFor } from './client.js';
import { failureOf } from './codes.js';
import { PartitionEnds } from './partitionEnds.js';
import { rangeAssignor } from './rangeAssignor.js';
import { recordsOf } from './records.js';

const KIB = 1024;
const FETCH_BYTES = 512 * KIB;
const FETCH_ALL_BYTES = 8 * KIB * KIB;
/** kafkajs gives up joining after its retries; lost brokers may come back any time later. */
const PATIENCE_MS = 365 * 24 * 3_600_000;

/** What a consumer is made of. */
export interface ConsumerParts {
  readonly kafka: Kafka;
  readonly admin: KafkaAdmin;
  readonly options: FullKafkaOptions;
  readonly failures: Failures;
  readonly listener: ReaderOptions;
  readonly groupId: string;
  readonly onClosed: () => void;
}

/** A consumer of kafkajs that hands out records by partition. */
export abstract class KafkajsConsumer implements PartitionReader {
  protected readonly table = new PartitionTable();
  protected readonly client: Client;
  protected readonly failures: Failures;
  protected closed = false;
  /** Takings and givings back, one after the other. */
  private changes: Promise<void> = Promise.resolve();
  /** What kafkajs believes to be ours; `null` when it may join. */
  private held: readonly TopicPartition[] | null = null;
  private releasing = false;
  /** Of the last batch: keeps the session while partitions are given back. */
  private heartbeat: (() => Promise<void>) | null = null;
  private readonly ends: PartitionEnds;

  constructor(protected readonly parts: ConsumerParts) {
    const { options } = parts;
    this.failures = parts.failures;
    this.client = parts.kafka.consumer({
      groupId: parts.groupId,
      partitionAssigners: [rangeAssignor(() => this.mayJoin())],
      sessionTimeout: options.sessionTimeoutMs,
      heartbeatInterval: Math.floor(options.sessionTimeoutMs / 5),
      rebalanceTimeout: options.drainTimeoutMs,
      maxBytesPerPartition: FETCH_BYTES,
      maxBytes: FETCH_ALL_BYTES,
      maxWaitTimeInMs: parts.listener.untilEnd === true ? END_WAIT_MS : FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      retry: retryFor(PATIENCE_MS),
    });
    this.ends = new PartitionEnds(parts.admin, this.table, (fetched) => parts.listener.onRecords(fetched));
  }

  /** Connects. @throws SFS_BROKER_UNAVAILABLE, SFS_BROKER_REFUSED */
  async open(): Promise<void> {
    const { GROUP_JOIN, START_BATCH_PROCESS, CRASH } = this.client.events;
    this.client.on(GROUP_JOIN, ({ payload }) => this.joined(payload.memberAssignment));
    this.client.on(START_BATCH_PROCESS, ({ payload }) => {
      // All of it was left out: kafkajs goes on by itself and tells its batch handler nothing.
      if (payload.batchSize === 0) this.skipped(payload.topic, payload.partition, Number(payload.lastOffset) + 1);
    });
    this.client.on(CRASH, ({ payload }) => {
      if (!payload.restart) this.report(failureOf(payload.error, 'reading', this.failures));
    });
    await this.parts.admin.open();
    try {
      await this.client.connect();
    } catch (error) {
      await this.parts.admin.close();
      throw failureOf(error, 'connecting', this.failures);
    }
  }

  async seek(topic: string, partition: number, offset: number): Promise<void> {
    const entry = this.table.get(topic, partition);
    if (entry === undefined) throw this.failures.fenced(`reading ${topic}/${partition}`, 'this consumer does not have the partition');
    await this.checkStarts([{ topic, partition, offset }]);
    this.place(entry, offset);
  }

  pause(topic: string, partition: number): void {
    const entry = this.table.get(topic, partition);
    if (entry === undefined || entry.paused) return;
    entry.paused = true;
    this.client.pause([{ topic, partitions: [partition] }]);
  }

  resume(topic: string, partition: number): void {
    const entry = this.table.get(topic, partition);
    if (entry?.paused !== true) return;
    entry.paused = false;
    this.client.resume([{ topic, partitions: [partition] }]);
    setImmediate(() => deliverHeld(this.table, this.parts.listener.onRecords));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.ends.stop();
    await this.changes;
    await this.giveBack();
    // Without brokers kafkajs may wait for ever to leave: its session ends without it.
    const limit = new Promise<void>((resolve) => setTimeout(resolve, this.parts.options.requestTimeoutMs).unref());
    await Promise.race([this.client.disconnect(), limit]);
    await this.parts.admin.close();
    this.parts.onClosed();
  }

  /** Where to begin, of those that shall be read. */
  protected abstract startsOf(dealt: readonly TopicPartition[]): Promise<readonly PartitionStart[]>;
  /** Lets the engine finish before partitions go. */
  protected abstract letGo(partitions: readonly TopicPartition[]): Promise<void>;

  /** Joins the group and begins to read. */
  protected async run(topics: readonly string[]): Promise<void> {
    await this.parts.admin.assertTopics(topics);
    try {
      await this.client.subscribe({ topics: [...topics], fromBeginning: true });
      await this.client.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1_000, // handing out does not wait: none holds up another
        eachBatch: (payload) => this.takeBatch(payload),
      });
    } catch (error) {
      throw failureOf(error, `joining the group ${this.parts.groupId}`, this.failures, topics);
    }
    this.ends.start();
  }

  /** kafkajs begins at the start of the log, and says nothing, where an offset is gone. @throws SFS_OFFSET_OUT_OF_RANGE */
  protected async checkStarts(starts: readonly PartitionStart[]): Promise<void> {
    for (const topic of new Set(starts.map((one) => one.topic))) {
      const ranges = await this.parts.admin.ranges(topic);
      for (const { partition, offset } of starts.filter((one) => one.topic === topic)) {
        const range = ranges[partition];
        if (range === undefined) throw this.failures.partitionUnknown(`reading ${topic}/${partition}`);
        if (offset < range.start || offset > range.end) throw this.failures.outOfRange(topic, partition, offset, range.start);
      }
    }
  }

  /** Reads from an offset on. */
  protected place(entry: ReadPartition, offset: number): void {
    const { topic, partition } = entry;
    entry.position = offset;
    entry.atEnd = false;
    entry.held = [];
    this.client.seek({ topic, partition, offset: String(offset) });
    if (!entry.paused) this.client.resume([{ topic, partitions: [partition] }]);
  }

  protected report(error: SkillForgeError): void {
    if (!this.closed) this.parts.listener.onError(error);
  }

  /** Called before each joining. Throws, in the form of an error that kafkajs tries again after, while something is still to be given back. */
  private mayJoin(): void {
    if (this.held === null) return;
    if (!this.releasing) {
      this.releasing = true;
      this.changes = this.changes.then(() => this.giveBack());
    }
    void this.heartbeat?.().catch(() => undefined);
    throw Object.assign(new Error('partitions are being given back'), { type: 'REBALANCE_IN_PROGRESS', retriable: true });
  }

  private joined(assignment: Readonly<Record<string, number[]>>): void {
    const dealt = Object.entries(assignment).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
    this.held = dealt;
    for (const { topic, partition } of dealt) this.client.pause([{ topic, partitions: [partition] }]);
    this.changes = this.changes.then(() => this.take(dealt));
  }

  private async take(dealt: readonly TopicPartition[]): Promise<void> {
    if (dealt.length === 0 || this.closed) return;
    try {
      const starts = await this.startsOf(dealt);
      await this.checkStarts(starts);
      for (const { topic, partition, offset } of starts) this.place(this.table.add(topic, partition), offset);
    } catch (error) {
      this.report(failureOf(error, 'taking partitions', this.failures));
    }
  }

  private async giveBack(): Promise<void> {
    const entries = this.table.all();
    for (const { topic, partition } of entries) this.pause(topic, partition);
    try {
      if (entries.length > 0) await this.letGo(entries.map(({ topic, partition }) => ({ topic, partition })));
    } catch (error) {
      this.report(failureOf(error, 'giving partitions back', this.failures));
    }
    this.table.clear();
    this.held = null;
    this.releasing = false;
  }

  /** A batch that is not resolved is fetched again: that is how one of a paused partition is put off. */
  private async takeBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    this.heartbeat = () => payload.heartbeat();
    const entry = this.table.get(batch.topic, batch.partition);
    const last = batch.messages.at(-1);
    if (entry === undefined || last === undefined || entry.paused || payload.isStale()) return;
    if (Number(batch.firstOffset()) > entry.position && (await this.isGone(entry))) return;
    payload.resolveOffset(last.offset);
    const { topic, partition } = entry;
    deliver(entry, { topic, partition, records: recordsOf(batch.messages), nextOffset: Number(batch.lastOffset()) + 1, atEnd: false }, (fetched) =>
      this.parts.listener.onRecords(fetched),
    );
  }

  /** Whether a gap is what retention left: then reading stops there. */
  private async isGone(entry: ReadPartition): Promise<boolean> {
    const { topic, partition, position } = entry;
    try {
      await this.checkStarts([{ topic, partition, offset: position }]);
      return false;
    } catch (error) {
      this.pause(topic, partition);
      this.report(failureOf(error, `reading ${topic}/${partition}`, this.failures));
      return true;
    }
  }

  private skipped(topic: string, partition: number, nextOffset: number): void {
    const entry = this.table.get(topic, partition);
    if (entry === undefined || nextOffset <= entry.position) return;
    deliver(entry, { topic, partition, records: [], nextOffset, atEnd: false }, this.parts.listener.onRecords);
  }
}
