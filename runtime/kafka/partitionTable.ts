/** The partitions that a consumer reads, and how far it is with each. */
import type { FetchedRecords, TopicPartition } from './broker.js';

/** A partition while it is read. */
export interface ReadPartition extends TopicPartition {
  /** Where reading goes on. */
  position: number;
  paused: boolean;
  atEnd: boolean;
  /** Fetches up to this number may bring what is not wanted any more, and is dropped. */
  staleUntil: number;
  /** Seeks so far: the last one counts. */
  seeks: number;
  /** What came while the partition was paused, for when it is resumed. */
  held: FetchedRecords[];
}

/** Partitions by topic and number. */
export class PartitionTable {
  private readonly topics = new Map<string, Map<number, ReadPartition>>();

  get(topic: string, partition: number): ReadPartition | undefined {
    return this.topics.get(topic)?.get(partition);
  }

  /** Adds a partition, or returns the one that is there. */
  add(topic: string, partition: number): ReadPartition {
    let numbers = this.topics.get(topic);
    if (numbers === undefined) this.topics.set(topic, (numbers = new Map<number, ReadPartition>()));
    let entry = numbers.get(partition);
    if (entry === undefined) {
      entry = { topic, partition, position: 0, paused: false, atEnd: false, staleUntil: 0, seeks: 0, held: [] };
      numbers.set(partition, entry);
    }
    return entry;
  }

  remove({ topic, partition }: TopicPartition): void {
    this.topics.get(topic)?.delete(partition);
  }

  clear(): void {
    this.topics.clear();
  }

  all(): ReadPartition[] {
    return [...this.topics.values()].flatMap((numbers) => [...numbers.values()]);
  }
}

/** Hands out what a partition has read, or keeps it while the partition is paused, or has something older to hand out. */
export function deliver(entry: ReadPartition, fetched: FetchedRecords, onRecords: (fetched: FetchedRecords) => void): void {
  entry.position = fetched.nextOffset;
  entry.atEnd = fetched.atEnd;
  if (entry.paused || entry.held.length > 0) entry.held.push(fetched);
  else onRecords(fetched);
}

/** Hands out what was kept while partitions were paused; whether there was anything. */
export function deliverHeld(table: PartitionTable, onRecords: (fetched: FetchedRecords) => void): boolean {
  let any = false;
  for (const entry of table.all()) {
    while (!entry.paused && entry.held.length > 0) {
      any = true;
      onRecords(entry.held.shift()!);
    }
  }
  return any;
}
