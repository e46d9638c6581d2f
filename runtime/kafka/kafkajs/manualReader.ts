/**
 * Reads partitions that the caller chooses. kafkajs reads in groups alone: this is the only member of a group of its own, which is dealt all
 * partitions of its topics and reads some. It commits nothing, so that the group vanishes with it.
 */
import type { ManualReader, PartitionStart, TopicPartition } from '../broker.js';
import { KafkajsConsumer } from './consumer.js';

/** A reader by hand on kafkajs. */
export class KafkajsReader extends KafkajsConsumer implements ManualReader {
  private wanted: readonly PartitionStart[] = [];
  private topics: readonly string[] = [];

  async assign(partitions: readonly PartitionStart[]): Promise<void> {
    await this.checkStarts(partitions);
    for (const { topic, partition } of this.table.all()) {
      this.pause(topic, partition);
      this.table.remove({ topic, partition });
    }
    await this.begin(partitions);
  }

  override async seek(topic: string, partition: number, offset: number): Promise<void> {
    if (this.table.get(topic, partition) !== undefined) return super.seek(topic, partition, offset);
    await this.checkStarts([{ topic, partition, offset }]);
    const others = this.table.all().map((entry) => ({ topic: entry.topic, partition: entry.partition, offset: entry.position }));
    await this.begin([...others, { topic, partition, offset }]);
  }

  protected override startsOf(dealt: readonly TopicPartition[]): Promise<readonly PartitionStart[]> {
    const isDealt = (one: TopicPartition): boolean => dealt.some(({ topic, partition }) => topic === one.topic && partition === one.partition);
    // After a rejoin reading goes on where it was.
    return Promise.resolve(this.wanted.filter(isDealt));
  }

  protected override letGo(partitions: readonly TopicPartition[]): Promise<void> {
    const positions = partitions.map(({ topic, partition }) => ({ topic, partition, offset: this.table.get(topic, partition)!.position }));
    this.wanted = positions;
    return Promise.resolve();
  }

  private async begin(wanted: readonly PartitionStart[]): Promise<void> {
    this.wanted = wanted;
    const missing = wanted.map(({ topic }) => topic).filter((topic) => !this.topics.includes(topic));
    if (missing.length === 0) {
      for (const { topic, partition, offset } of wanted) this.place(this.table.add(topic, partition), offset);
      return;
    }
    this.topics = [...new Set([...this.topics, ...missing])];
    await this.client.stop();
    await this.run(this.topics);
  }
}
