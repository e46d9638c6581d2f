/** Writes records by kafkajs, for who accepts that it can lose acknowledged ones when a partition changes its leader (ADR 0012). */
import type { Kafka, Message, Producer as Client, Transaction } from 'kafkajs';
import type { SkillForgeError } from '../../../schemas/index.js';
import type { OutputRecord } from '../../ports.js';
import type { Producer, TransactionOffsets } from '../broker.js';
import type { Failures } from '../failures.js';
import type { FullKafkaOptions } from '../options.js';
import type { KafkaAdmin } from './admin.js';
import { retryFor } from './client.js';
import { failureOf, isProducerFenced } from './codes.js';
import { KafkajsGroupConsumer } from './groupConsumer.js';
import { messageOf } from './records.js';

/** kafkajs makes one batch per partition and call, and brokers take batches of a megabyte. */
const CHUNK_BYTES = 512 * 1024;
const ALL_REPLICAS = -1;

interface TopicMessages {
  readonly topic: string;
  readonly messages: Message[];
}

/** A producer on kafkajs. */
export class KafkajsProducer implements Producer {
  private readonly client: Client;
  /** Topics that were seen. */
  private readonly known = new Set<string>();
  private calls: Promise<unknown> = Promise.resolve();
  private end: SkillForgeError | null = null;
  private closing: Promise<void> | null = null;
  private readonly doing: string;

  constructor(
    kafka: Kafka,
    private readonly admin: KafkaAdmin,
    private readonly options: FullKafkaOptions,
    private readonly failures: Failures,
    private readonly transactionalId: string | null,
    private readonly onClosed: () => void,
  ) {
    this.client = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: retryFor(options.requestTimeoutMs),
      ...(transactionalId === null ? {} : { transactionalId, transactionTimeout: options.transactionTimeoutMs }),
    });
    this.doing = transactionalId === null ? 'writing records' : `a transaction of ${transactionalId}`;
  }

  /** Connects; a transactional producer takes its id over from an older one. @throws SFS_BROKER_UNAVAILABLE, SFS_BROKER_REFUSED */
  async open(): Promise<void> {
    try {
      await this.admin.open();
      await this.client.connect();
      // kafkajs takes the id over with its first transaction: an empty one.
      if (this.transactionalId !== null) await (await this.client.transaction()).abort();
    } catch (error) {
      await this.disconnect();
      throw failureOf(error, 'opening a producer', this.failures);
    }
  }

  send(records: readonly OutputRecord[]): Promise<void> {
    return this.inOrder(async () => {
      if (this.transactionalId !== null) throw this.failures.failed(this.doing, 'a transactional producer writes by transact alone');
      try {
        await this.assertTopics(records);
        for (const topicMessages of this.chunksOf(records)) await this.client.sendBatch({ topicMessages, acks: ALL_REPLICAS });
      } catch (error) {
        throw failureOf(error, this.doing, this.failures, topicsOf(records));
      }
    });
  }

  transact(records: readonly OutputRecord[], groups: readonly TransactionOffsets[]): Promise<void> {
    return this.inOrder(async () => {
      if (this.transactionalId === null) throw this.failures.failed(this.doing, 'the producer was opened without a transactional id');
      const chunks = this.chunksOf(records);
      await this.assertTopics(records);
      const transaction = await this.begin();
      try {
        for (const topicMessages of chunks) await transaction.sendBatch({ topicMessages, acks: ALL_REPLICAS });
        for (const group of groups) await this.sendOffsets(transaction, group);
      } catch (error) {
        throw await this.abort(transaction, error, records);
      }
      await this.commit(transaction);
    });
  }

  close(): Promise<void> {
    this.closing ??= this.calls
      .then(() => this.disconnect())
      .then(() => {
        this.onClosed();
      });
    return this.closing;
  }

  private async disconnect(): Promise<void> {
    await this.client.disconnect();
    await this.admin.close();
  }

  /** kafkajs looks for an unknown topic as long as it may. */
  private async assertTopics(records: readonly OutputRecord[]): Promise<void> {
    const unseen = topicsOf(records).filter((topic) => !this.known.has(topic));
    if (unseen.length === 0) return;
    await this.admin.assertTopics(unseen);
    for (const topic of unseen) this.known.add(topic);
  }

  private inOrder(call: () => Promise<void>): Promise<void> {
    if (this.closing !== null) return Promise.reject(this.failures.producerClosed('it was closed'));
    const result = this.calls.then(() => {
      if (this.end !== null) throw this.failures.producerClosed(this.end.message);
      return call();
    });
    this.calls = result.catch(() => undefined);
    return result;
  }

  private async begin(): Promise<Transaction> {
    try {
      return await this.client.transaction();
    } catch (error) {
      throw this.reasonOf(error, []);
    }
  }

  private chunksOf(records: readonly OutputRecord[]): TopicMessages[][] {
    const chunks: TopicMessages[][] = [];
    let bytes = Number.POSITIVE_INFINITY;
    for (const record of records) {
      const size = (record.key?.length ?? 0) + (record.value?.length ?? 0) + (record.header?.length ?? 0);
      if (bytes + size > CHUNK_BYTES) {
        chunks.push([]);
        bytes = 0;
      }
      bytes += size;
      const chunk = chunks.at(-1)!;
      let topic = chunk.find((one) => one.topic === record.topic);
      if (topic === undefined) chunk.push((topic = { topic: record.topic, messages: [] }));
      topic.messages.push(messageOf(record, this.options.markerIdOf));
    }
    return chunks;
  }

  private async sendOffsets(transaction: Transaction, { consumer, offsets }: TransactionOffsets): Promise<void> {
    if (offsets.length === 0) return;
    if (!(consumer instanceof KafkajsGroupConsumer)) throw new Error('the consumer is one of another driver');
    consumer.checkOwned(this.doing, offsets);
    const topics = topicsOf(offsets).map((topic) => ({
      topic,
      partitions: offsets
        .filter((one) => one.topic === topic)
        .map(({ partition, offset, metadata }) => ({ partition, offset: String(offset), metadata })),
    }));
    await transaction.sendOffsets({ consumerGroupId: consumer.groupId, topics });
    consumer.checkOwned(this.doing, offsets);
  }

  private async commit(transaction: Transaction): Promise<void> {
    try {
      await transaction.commit();
    } catch (error) {
      this.end = isProducerFenced(error) ? this.failures.fenced(this.doing, error) : this.failures.unknownEnd(this.doing, error);
      throw this.end;
    }
  }

  private async abort(transaction: Transaction, thrown: unknown, records: readonly OutputRecord[]): Promise<SkillForgeError> {
    const reason = this.reasonOf(thrown, records);
    if (isProducerFenced(thrown)) {
      this.end = reason;
      return reason;
    }
    try {
      await transaction.abort();
    } catch (error) {
      // Nothing of it will show: a commit was never asked for. The brokers abort it by themselves.
      this.end = isProducerFenced(error) ? this.failures.fenced(this.doing, error) : reason;
      return this.end;
    }
    return reason;
  }

  private reasonOf(thrown: unknown, records: readonly OutputRecord[]): SkillForgeError {
    const failure = failureOf(thrown, this.doing, this.failures, topicsOf(records));
    return failure.code === 'SFS_BROKER_FAILED' ? this.failures.aborted(this.doing, thrown) : failure;
  }
}

const topicsOf = (parts: readonly { readonly topic: string }[]): string[] => [...new Set(parts.map(({ topic }) => topic))];
