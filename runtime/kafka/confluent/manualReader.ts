/** Reads partitions that the caller chooses. */
import type { ManualReader, PartitionStart, TopicPartition } from '../broker.js';
import type { ReadPartition } from '../partitionTable.js';
import { failureOf } from './codes.js';
import { ConfluentConsumer } from './consumer.js';

/** A reader by hand on librdkafka. */
export class ConfluentReader extends ConfluentConsumer implements ManualReader {
  async assign(partitions: readonly PartitionStart[]): Promise<void> {
    await this.checkStarts(partitions);
    await this.begin(partitions, () => this.table.clear());
  }

  override async seek(topic: string, partition: number, offset: number): Promise<void> {
    if (this.table.get(topic, partition) !== undefined) return super.seek(topic, partition, offset);
    await this.checkStarts([{ topic, partition, offset }]);
    await this.begin([{ topic, partition, offset }]);
  }

  /** Adds partitions. The client begins all of them anew, where each stands. */
  private async begin(added: readonly PartitionStart[], first: () => void = () => undefined): Promise<void> {
    try {
      await this.loop.betweenPulls(() => {
        first();
        for (const { topic, partition, offset } of added) this.table.add(topic, partition).position = offset;
        const entries = this.table.all();
        this.client.assign(entries.map(startOf));
        this.resumeAnew(entries);
        this.client.pause(entries.filter((entry) => this.stopped.has(entry)).map(partitionOf));
      });
    } catch (error) {
      throw failureOf(error, 'choosing partitions', this.failures);
    }
  }
}

const partitionOf = ({ topic, partition }: ReadPartition): TopicPartition => ({ topic, partition });
const startOf = ({ topic, partition, position }: ReadPartition): PartitionStart => ({ topic, partition, offset: position });
