/** kafkajs does not say when a partition has been read to its end: this asks the brokers where the ends are, of partitions that rest. */
import type { FetchedRecords } from '../broker.js';
import type { PartitionTable, ReadPartition } from '../partitionTable.js';
import type { KafkaAdmin } from './admin.js';

const LOOK_MS = 200;

/** Tells of ends that were reached. */
export class PartitionEnds {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private readonly rested = new Map<ReadPartition, number>();

  constructor(
    private readonly admin: KafkaAdmin,
    private readonly table: PartitionTable,
    private readonly onRecords: (fetched: FetchedRecords) => void,
  ) {}

  start(): void {
    this.timer ??= setTimeout(() => void this.look(), LOOK_MS);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    const resting = this.table.all().filter((entry) => !entry.atEnd && !entry.paused && this.rested.get(entry) === entry.position);
    this.rested.clear();
    for (const entry of this.table.all()) this.rested.set(entry, entry.position);
    try {
      for (const topic of new Set(resting.map((entry) => entry.topic))) await this.tell(topic, resting);
    } catch {
      // No broker answers: the next look asks again.
    }
    this.timer = this.stopped ? undefined : setTimeout(() => void this.look(), LOOK_MS);
  }

  private async tell(topic: string, resting: readonly ReadPartition[]): Promise<void> {
    const ranges = await this.admin.rangesOfKnown(topic);
    for (const entry of resting.filter((one) => one.topic === topic && !one.paused && !one.atEnd)) {
      const { partition, position } = entry;
      if (this.stopped || this.table.get(topic, partition) !== entry || position < (ranges[partition]?.end ?? Number.POSITIVE_INFINITY)) continue;
      entry.atEnd = true;
      this.onRecords({ topic, partition, records: [], nextOffset: position, atEnd: true });
    }
  }
}
