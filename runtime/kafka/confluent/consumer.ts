/** What a member of a group and a reader by hand have in common: a native consumer, its loop, and the care for offsets that are gone. */
import { randomUUID } from 'node:crypto';
import type { SkillForgeError } from '../../../schemas/index.js';
import { END_WAIT_MS, type PartitionReader, type PartitionStart, type ReaderOptions, type TopicPartition } from '../broker.js';
import type { Failures } from '../failures.js';
import type { FullKafkaOptions } from '../options.js';
import { PartitionTable, type ReadPartition } from '../partitionTable.js';
import { CODES, failureOf } from './codes.js';
import { consumerConfig } from './config.js';
import { connect } from './connection.js';
import { asError, nativeCall, type Native, type NativeAdmin, type NativeConsumer, type NativeFailure } from './native.js';
import { rangesOf } from './offsetRanges.js';
import { RecordLoop } from './recordLoop.js';

/** How often a partition that should go on and does not is looked at. */
const STALL_CHECK_MS = 30_000;

/** Records of a paused partition that wait here before the client pauses it too. */
const HELD_RECORDS = 2_000;

/** What a consumer is made of. */
export interface ConsumerParts {
  readonly native: Native;
  readonly options: FullKafkaOptions;
  readonly failures: Failures;
  readonly listener: ReaderOptions;
  /** `null` for a reader by hand. */
  readonly groupId: string | null;
  /** Further properties, such as the callback of rebalances. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Told when the consumer is closed. */
  readonly onClosed: () => void;
}

/** A native consumer that hands out records by partition. */
export class ConfluentConsumer implements PartitionReader {
  readonly client: NativeConsumer;
  protected readonly table = new PartitionTable();
  protected readonly loop: RecordLoop;
  protected readonly failures: Failures;
  protected readonly timeoutMs: number;
  protected closed = false;
  private admin: NativeAdmin | null = null;
  private stallCheck: NodeJS.Timeout | undefined;
  /** Partitions that the client itself has paused. */
  protected readonly stopped = new WeakSet<ReadPartition>();
  private readonly lookedAt = new Map<ReadPartition, number>();

  constructor(protected readonly parts: ConsumerParts) {
    this.failures = parts.failures;
    this.timeoutMs = parts.options.requestTimeoutMs;
    const config = {
      ...consumerConfig(parts.options, parts.groupId ?? `skillforge-reader-${randomUUID()}`),
      ...(parts.listener.untilEnd === true && { 'fetch.wait.max.ms': END_WAIT_MS }),
      ...parts.extra,
      // Not in the package's types, and what its own KafkaJS-like consumer lives on: without it each idle consumer would hold a thread.
      queue_non_empty_cb: () => this.loop.wake(),
    };
    this.client = new parts.native.KafkaConsumer(config, {});
    this.client.setDefaultConsumeTimeout(0); // a pull takes what is there, and holds no thread
    this.loop = new RecordLoop(this.client, this.table, parts.listener, {
      onFailure: (error) => this.pullFailed(error),
      onHeld: (entry) => this.holdBack(entry),
    });
  }

  /** Connects and begins to pull. @throws SFS_BROKER_UNAVAILABLE, SFS_BROKER_REFUSED */
  async open(): Promise<void> {
    await connect(this.client, this.parts.options, this.failures);
    this.admin = this.parts.native.AdminClient.createFrom(this.client);
    this.loop.start();
    this.stallCheck = setInterval(() => void this.checkStalled(), STALL_CHECK_MS).unref();
  }

  async seek(topic: string, partition: number, offset: number): Promise<void> {
    const entry = this.table.get(topic, partition);
    if (entry === undefined) throw this.failures.fenced(`reading ${topic}/${partition}`, 'this consumer does not have the partition');
    const nth = ++entry.seeks;
    await this.checkStarts([{ topic, partition, offset }]);
    if (nth !== entry.seeks) return;
    entry.staleUntil = Number.POSITIVE_INFINITY;
    entry.held = [];
    try {
      await this.loop.betweenPulls(async () => {
        // Meanwhile the partition may have gone and come back, or be wanted from elsewhere: the last word counts.
        if (this.table.get(topic, partition) !== entry) throw this.failures.fenced(`reading ${topic}/${partition}`, 'this consumer gave it away');
        if (nth !== entry.seeks) return;
        await nativeCall((done) => this.client.seek({ topic, partition, offset }, this.timeoutMs, done));
        entry.position = offset;
        // What comes from here on comes from there on.
        entry.staleUntil = this.loop.pullNumber;
      });
    } catch (error) {
      if (nth === entry.seeks) entry.staleUntil = this.loop.pullNumber;
      throw failureOf(error, `seeking ${topic}/${partition}`, this.failures, [topic]);
    }
  }

  pause(topic: string, partition: number): void {
    const entry = this.table.get(topic, partition);
    if (entry === undefined || entry.paused) return;
    entry.paused = true; // the client hears of it when enough is held, see holdBack
  }

  resume(topic: string, partition: number): void {
    const entry = this.table.get(topic, partition);
    if (entry?.paused !== true) return;
    entry.paused = false;
    if (this.stopped.delete(entry)) this.client.resume([{ topic, partition }]);
    this.loop.wake();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.stallCheck);
    await this.beforeClosing();
    await this.loop.stop();
    await nativeCall((done) => this.client.disconnect(done));
    this.table.clear();
    this.parts.onClosed();
  }

  /** What a member of a group does before it leaves. */
  protected async beforeClosing(): Promise<void> {}

  /** The client starts elsewhere, or not at all, where an offset is gone: this says so. @throws SFS_OFFSET_OUT_OF_RANGE, SFS_TOPIC_UNKNOWN */
  protected async checkStarts(starts: readonly PartitionStart[]): Promise<void> {
    for (const { topic, partition, offset, start, end } of await this.withRanges(starts)) {
      if (offset < start || offset > end) throw this.failures.outOfRange(topic, partition, offset, start);
    }
  }

  /** Topics that must be there. @throws SFS_TOPIC_UNKNOWN */
  protected async checkTopics(topics: readonly string[]): Promise<void> {
    const known = await nativeCall<string[]>((done) => this.admin!.listTopics({ timeout: this.timeoutMs }, done)).catch((error: unknown) => {
      throw failureOf(error, 'listing topics', this.failures);
    });
    const missing = topics.filter((topic) => !known.includes(topic));
    if (missing.length > 0) throw this.failures.topicUnknown(missing);
  }

  protected report(error: SkillForgeError): void {
    if (!this.closed) this.parts.listener.onError(error);
  }

  private async withRanges<Start extends PartitionStart>(starts: readonly Start[]): Promise<(Start & { start: number; end: number })[]> {
    if (starts.length === 0) return [];
    try {
      const ranges = await rangesOf(this.admin!, starts, this.timeoutMs);
      return starts.map((one, index) => ({ ...one, ...ranges[index]! }));
    } catch (error) {
      const topics = [...new Set(starts.map(({ topic }) => topic))];
      const doing = `asking for offsets of ${topics.join(', ')}`;
      if (asError(error).code !== CODES.NO_ENTRY) throw failureOf(error, doing, this.failures, topics);
      await this.checkTopics(topics);
      throw this.failures.partitionUnknown(doing);
    }
  }

  /**
   * The client keeps a partition paused through a new assignment of it: what begins anew goes on.
   * @param began - partitions that have just been assigned
   */
  protected resumeAnew(began: readonly TopicPartition[]): void {
    if (began.length > 0) this.client.resume(began.map(({ topic, partition }) => ({ topic, partition })));
  }

  /** A pause throws away what the client has fetched, to be fetched again: a short one is cheaper to wait for with records in hand. */
  private holdBack(entry: ReadPartition): void {
    const held = entry.held.reduce((sum, { records }) => sum + records.length, 0);
    if (held < HELD_RECORDS || this.stopped.has(entry)) return;
    this.stopped.add(entry);
    this.client.pause([{ topic: entry.topic, partition: entry.partition }]);
  }

  private pullFailed(error: NativeFailure): void {
    if (error.code === CODES.AUTO_OFFSET_RESET) void this.findGone(this.table.all());
    else if (error.isFatal || LASTING.has(error.code)) this.report(failureOf(error, 'reading', this.failures, this.topicsRead()));
  }

  /** The client drops an error that comes behind records: a partition that stands still is looked at. */
  private async checkStalled(): Promise<void> {
    const stalled = this.table.all().filter((entry) => !entry.paused && !entry.atEnd && this.lookedAt.get(entry) === entry.position);
    this.lookedAt.clear();
    for (const entry of this.table.all()) this.lookedAt.set(entry, entry.position);
    await this.findGone(stalled);
  }

  private async findGone(entries: readonly ReadPartition[]): Promise<void> {
    try {
      const asked = entries.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
      const gone = (await this.withRanges(asked)).filter(({ offset, start, end }) => offset < start || offset > end);
      for (const { topic, partition, offset, start } of gone) this.report(this.failures.outOfRange(topic, partition, offset, start));
    } catch {
      // No broker answers: the next check asks again.
    }
  }

  private topicsRead(): string[] {
    return [...new Set(this.table.all().map(({ topic }: TopicPartition) => topic))];
  }
}

/** Errors of a pull that do not end by themselves. All others do: lost connections, elections, rebalances. */
const LASTING: ReadonlySet<number> = new Set([CODES.UNKNOWN_TOPIC_OR_PARTITION, CODES.TOPIC_UNKNOWN, CODES.AUTHENTICATION, CODES.SSL, 29, 30, 58]);
