/** Offsets of a group that its members commit, asked from outside of it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommittedOffset, TopicPartition } from '../broker.js';
import type { Failures } from '../failures.js';
import type { FullKafkaOptions } from '../options.js';
import { CODES, failureOf } from './codes.js';
import { committedOf } from './committedOffsets.js';
import { consumerConfig } from './config.js';
import { connect } from './connection.js';
import { asError, nativeCall, NativeFailure, type Native, type NativeError, type NativeConsumer, type NativePartition } from './native.js';

const LOOK_MS = 50;
/** Offsets of a transaction that is about to end; a coordinator that loads, is elected or has moved. */
const PENDING: ReadonlySet<number> = new Set([CODES.UNSTABLE_OFFSET_COMMIT, 14, 15, 16]);

/** Asks over a connection of its own, which is made with the first question. */
export class GroupOffsets {
  /**
   * It reads nothing: the package's administrative client borrows the connections of another. Not those of a producer, which has no group of
   * its own: librdkafka reads past a null pointer when a coordinator that has moved answers it (the package's issue 374).
   */
  private client: Promise<NativeConsumer> | null = null;

  constructor(
    private readonly native: Native,
    private readonly options: FullKafkaOptions,
    private readonly failures: Failures,
  ) {}

  /** Offsets that no running transaction can change; waits for those that are about to. */
  async committed(groupId: string, partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    if (partitions.length === 0) return [];
    const deadline = performance.now() + this.options.requestTimeoutMs;
    for (;;) {
      try {
        return await this.ask(groupId, partitions);
      } catch (error) {
        const isPending = error instanceof NativeFailure && PENDING.has(error.code);
        if (!isPending || performance.now() > deadline) throw failureOf(error, `asking for offsets of the group ${groupId}`, this.failures);
      }
      await sleep(LOOK_MS);
    }
  }

  async close(): Promise<void> {
    const client = await this.client;
    if (client !== null) await nativeCall((done) => client.disconnect(done));
  }

  private async ask(groupId: string, partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    this.client ??= this.connected();
    const admin = this.native.AdminClient.createFrom(await this.client);
    const groups = [{ groupId, partitions: partitions.map(({ topic, partition }) => ({ topic, partition })) }];
    const options = { timeout: this.options.requestTimeoutMs, requireStableOffsets: true };
    const [group] = await nativeCall<readonly { error?: NativeError; partitions: readonly NativePartition[] }[]>((done) =>
      admin.listConsumerGroupOffsets(groups, options, done),
    );
    if (group?.error !== undefined && group.error.code !== 0) throw asError(group.error);
    return committedOf(group?.partitions ?? [], partitions);
  }

  private async connected(): Promise<NativeConsumer> {
    try {
      const client = new this.native.KafkaConsumer(consumerConfig(this.options, `skillforge-admin-${randomUUID()}`), {});
      client.setDefaultConsumeTimeout(0);
      await connect(client, this.options, this.failures);
      return client;
    } catch (error) {
      this.client = null;
      throw error;
    }
  }
}
