/** A member of a consumer group on kafkajs, which tells `revoked` also of partitions that are lost: commits fail then. */
import type { CommittedOffset, GroupConsumer, GroupConsumerOptions, GroupOffset, PartitionStart, TopicPartition } from '../broker.js';
import { failureOf } from './codes.js';
import { KafkajsConsumer, type ConsumerParts } from './consumer.js';

/** A member of a group on kafkajs. */
export class KafkajsGroupConsumer extends KafkajsConsumer implements GroupConsumer {
  readonly groupId: string;
  private readonly assignment: GroupConsumerOptions['listener'];

  constructor(parts: ConsumerParts, options: GroupConsumerOptions) {
    super(parts);
    this.groupId = options.groupId;
    this.assignment = options.listener;
  }

  subscribe(topics: readonly string[]): Promise<void> {
    return this.run(topics);
  }

  committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    return this.parts.admin.committed(this.groupId, partitions);
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    const doing = `committing offsets of the group ${this.groupId}`;
    this.checkOwned(doing, offsets);
    const asked = offsets.map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset: String(offset), metadata }));
    try {
      await this.client.commitOffsets(asked);
    } catch (error) {
      throw failureOf(error, doing, this.failures);
    }
    this.checkOwned(doing, offsets);
  }

  /** @throws SFS_FENCED when one is not this member's. The broker is not asked: kafkajs cannot tell it the generation in a transaction. */
  checkOwned(doing: string, partitions: readonly TopicPartition[]): void {
    const missing = partitions.find(({ topic, partition }) => this.table.get(topic, partition) === undefined);
    if (missing !== undefined) throw this.failures.fenced(doing, `${missing.topic}/${missing.partition} is not this member's`);
  }

  protected override async startsOf(dealt: readonly TopicPartition[]): Promise<readonly PartitionStart[]> {
    for (const { topic, partition } of dealt) this.table.add(topic, partition);
    const starts = await this.assignment.assigned(dealt);
    const missing = dealt.find((one) => !starts.some(({ topic, partition }) => topic === one.topic && partition === one.partition));
    if (missing !== undefined) throw new Error(`no offset to begin with was given for ${missing.topic}/${missing.partition}`);
    return starts;
  }

  protected override letGo(partitions: readonly TopicPartition[]): Promise<void> {
    return this.assignment.revoked(partitions);
  }
}
