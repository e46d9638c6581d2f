/** Writes records, in transactions or not. */
import { SkillForgeError } from '../../../schemas/index.js';
import type { OutputRecord } from '../../ports.js';
import type { Producer, TransactionOffsets } from '../broker.js';
import type { Failures } from '../failures.js';
import { writtenParts, type RecordParts } from '../markerKeys.js';
import type { FullKafkaOptions } from '../options.js';
import { CODES, failureOf, MEMBER_FENCED, PRODUCER_FENCED, PURGED } from './codes.js';
import { producerConfig } from './config.js';
import { connect } from './connection.js';
import { ConfluentGroupConsumer } from './groupConsumer.js';
import { asError, nativeCall, type Done, type Native, type NativeError, type NativeFailure, type NativeProducer } from './native.js';
import { HEADER_NAME } from './recordLoop.js';

/** For a client's own events; deliveries are waited for. */
const POLL_MS = 500;
/** A flush looks at the time it was given only now and then. */
const FLUSH_SLACK_MS = 5_000;

/**
 * The client keeps where a group's coordinator is, and does not ask again where that broker has left the cluster: so it is for another producer to find the
 * one that took its place.
 */
const COORDINATOR_MS = 20_000;
const UNANSWERED: ReadonlySet<number> = new Set([
  CODES.TIMED_OUT,
  CODES.TIMED_OUT_QUEUE,
  CODES.TRANSPORT,
  CODES.WAIT_COORDINATOR,
  CODES.REQUEST_TIMED_OUT,
  CODES.COORDINATOR_NOT_AVAILABLE,
  CODES.NOT_COORDINATOR,
]);

interface Written {
  readonly record: OutputRecord;
  readonly parts: RecordParts;
}

/** A producer on librdkafka. */
export class ConfluentProducer implements Producer {
  private readonly client: NativeProducer;
  /** What could not be delivered since the last call began. */
  private undelivered: NativeFailure[] = [];
  private calls: Promise<unknown> = Promise.resolve();
  private end: SkillForgeError | null = null;
  private closing: Promise<void> | null = null;
  /** The client waits for a coordinator of a group that it cannot reach, and would do so in the next transaction, too. */
  private isLost = false;
  private readonly doing: string;

  constructor(
    native: Native,
    private readonly options: FullKafkaOptions,
    private readonly failures: Failures,
    private readonly transactionalId: string | null,
    private readonly onClosed: () => void,
  ) {
    this.client = new native.Producer(producerConfig(options, transactionalId), {});
    this.client.on('delivery-report', (error: NativeError | null | undefined) => {
      if (error !== null && error !== undefined) this.undelivered.push(asError(error));
    });
    this.doing = transactionalId === null ? 'writing records' : `a transaction of ${transactionalId}`;
  }

  /** Connects; a transactional producer takes its id over from an older one. @throws SFS_BROKER_UNAVAILABLE, SFS_BROKER_REFUSED */
  async open(): Promise<void> {
    await connect(this.client, this.options, this.failures);
    this.client.setPollInterval(POLL_MS);
    if (this.transactionalId === null) return;
    try {
      await this.untilDone((timeoutMs, done) => this.client.initTransactions(timeoutMs, done), this.options.requestTimeoutMs);
    } catch (error) {
      await this.close();
      throw failureOf(error, `taking over ${this.transactionalId}`, this.failures);
    }
  }

  send(records: readonly OutputRecord[]): Promise<void> {
    return this.inOrder(async () => {
      if (this.transactionalId !== null) throw this.failures.failed(this.doing, 'a transactional producer writes by transact alone');
      const written = this.partsOf(records);
      const refused = await this.produce(written).then(() => undefined, asError);
      const unsent = await this.flush().then(() => undefined, asError);
      const failure = refused ?? this.undelivered.find((error) => !PURGED.has(error.code)) ?? this.undelivered[0] ?? unsent;
      if (failure !== undefined) throw failureOf(failure, this.doing, this.failures, topicsOf(records));
    });
  }

  transact(records: readonly OutputRecord[], groups: readonly TransactionOffsets[]): Promise<void> {
    return this.inOrder(async () => {
      if (this.transactionalId === null) throw this.failures.failed(this.doing, 'the producer was opened without a transactional id');
      const written = this.partsOf(records);
      try {
        await nativeCall((done) => this.client.beginTransaction(done));
        await this.produce(written);
        for (const group of groups) await this.sendOffsets(group);
      } catch (error) {
        throw await this.abort(error, records);
      }
      await this.commit(records);
    });
  }

  close(): Promise<void> {
    this.closing ??= this.calls
      .then(() => nativeCall((done) => this.client.disconnect(this.end === null ? FLUSH_SLACK_MS : 1, done)))
      .then(() => {
        this.end ??= this.failures.producerClosed('it was closed');
        this.onClosed();
      });
    return this.closing;
  }

  /** Runs calls one after the other. */
  private inOrder(call: () => Promise<void>): Promise<void> {
    if (this.closing !== null) return Promise.reject(this.failures.producerClosed('it was closed'));
    const result = this.calls.then(() => {
      if (this.end !== null) throw this.failures.producerClosed(this.end.message);
      this.undelivered = [];
      return call();
    });
    this.calls = result.catch(() => undefined);
    return result;
  }

  private partsOf(records: readonly OutputRecord[]): Written[] {
    return records.map((record) => ({ record, parts: writtenParts(record, this.options.markerIdOf) }));
  }

  private async produce(written: readonly Written[]): Promise<void> {
    for (const one of written) {
      while (!this.tryProduce(one)) await this.flush();
    }
  }

  /** Whether the client's queue had room for it. */
  private tryProduce({ record, parts }: Written): boolean {
    const headers = parts.header === null ? undefined : [{ [HEADER_NAME]: parts.header }];
    try {
      this.client.produce(record.topic, record.partition, whole(parts.value), whole(parts.key), undefined, undefined, headers);
      return true;
    } catch (error) {
      if (asError(error).code === CODES.QUEUE_FULL) return false;
      throw asError(error);
    }
  }

  /** Waits until each record is delivered or given up, and its report was heard. */
  private async flush(): Promise<void> {
    const timeoutMs = this.options.requestTimeoutMs + FLUSH_SLACK_MS;
    await nativeCall((done) => this.client.flush(timeoutMs, done));
    // Reports come by another way than the end of the flush, in the same turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }

  private async sendOffsets({ consumer, offsets }: TransactionOffsets): Promise<void> {
    if (offsets.length === 0) return;
    if (!(consumer instanceof ConfluentGroupConsumer)) throw new Error('the consumer is one of another driver');
    const limitMs = Math.min(COORDINATOR_MS, this.options.requestTimeoutMs);
    const send = (): Promise<void> =>
      this.untilDone((timeoutMs, done) => this.client.sendOffsetsToTransaction(offsets, consumer.client, timeoutMs, done), limitMs);
    try {
      await consumer.inGeneration(this.doing, offsets, send);
    } catch (error) {
      this.isLost = !(error instanceof SkillForgeError) && UNANSWERED.has(asError(error).code);
      throw error;
    }
  }

  private async commit(records: readonly OutputRecord[]): Promise<void> {
    try {
      await this.untilDone((timeoutMs, done) => this.client.commitTransaction(timeoutMs, done), this.options.transactionTimeoutMs);
    } catch (thrown) {
      const error = asError(thrown);
      if (error.isTxnRequiresAbort || error.isFatal) throw await this.abort(error, records);
      this.end = this.failures.unknownEnd(this.doing, error);
      throw this.end;
    }
  }

  /** Aborts after `thrown`, and returns what to throw. A producer that cannot abort has come to its end. */
  private async abort(thrown: unknown, records: readonly OutputRecord[]): Promise<SkillForgeError> {
    if (!(thrown instanceof SkillForgeError) && asError(thrown).isFatal) {
      this.end = this.reasonOf(thrown, records);
      return this.end;
    }
    try {
      await this.untilDone((timeoutMs, done) => this.client.abortTransaction(timeoutMs, done), this.options.requestTimeoutMs);
      // What failed the transaction may be told before the report of the record that did: nothing is under way now, so this waits for reports alone.
      await this.flush();
    } catch (error) {
      // Nothing of it will show: a commit was never asked for, or was refused. The brokers abort it by themselves.
      this.end = PRODUCER_FENCED.has(asError(error).code) ? this.failures.fenced(this.doing, error) : this.reasonOf(thrown, records);
      return this.end;
    }
    const reason = this.reasonOf(thrown, records);
    if (this.isLost) this.end = this.failures.producerClosed('a coordinator of a group did not answer');
    return reason;
  }

  private reasonOf(thrown: unknown, records: readonly OutputRecord[]): SkillForgeError {
    if (thrown instanceof SkillForgeError) return thrown;
    const error = this.causeOf(asError(thrown));
    if (PRODUCER_FENCED.has(error.code) || MEMBER_FENCED.has(error.code)) return this.failures.fenced(this.doing, error);
    const failure = failureOf(error, this.doing, this.failures, topicsOf(records));
    return failure.code === 'SFS_BROKER_FAILED' ? this.failures.aborted(this.doing, error) : failure;
  }

  /** A transaction fails because of a record, unless it is the producer's end. */
  private causeOf(thrown: NativeFailure): NativeFailure {
    return thrown.isFatal ? thrown : (this.undelivered.find((error) => !PURGED.has(error.code)) ?? thrown);
  }

  /** Calls again what the client says can be called again, within a time. */
  private async untilDone(call: (timeoutMs: number, done: Done) => unknown, limitMs: number): Promise<void> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const leftMs = Math.max(1, Math.ceil(deadline - performance.now()));
      try {
        await nativeCall((done) => call(leftMs, done));
        return;
      } catch (thrown) {
        const error = asError(thrown);
        if (!error.isRetriable || performance.now() >= deadline) throw error;
      }
    }
  }
}

/** The package takes a buffer without memory for `null`. */
const NO_BYTES = Buffer.alloc(1).subarray(0, 0);
const whole = (bytes: Buffer | null): Buffer | null => (bytes?.length === 0 ? NO_BYTES : bytes);

const topicsOf = (records: readonly OutputRecord[]): string[] => [...new Set(records.map(({ topic }) => topic))];
