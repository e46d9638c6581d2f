import { describe, expect, it } from 'vitest';
import type { FetchedRecords } from '../../../runtime/kafka/broker.js';
import { deliver, deliverHeld, PartitionTable } from '../../../runtime/kafka/partitionTable.js';

const fetched = (nextOffset: number): FetchedRecords => ({ topic: 'records', partition: 0, records: [], nextOffset, atEnd: false });

describe('partitions that are read', () => {
  it('hand out what was held while they were paused before what comes after they are resumed', () => {
    const table = new PartitionTable();
    const entry = table.add('records', 0);
    const offsets: number[] = [];
    const onRecords = ({ nextOffset }: FetchedRecords): void => void offsets.push(nextOffset);
    deliver(entry, fetched(1), onRecords);
    entry.paused = true;
    deliver(entry, fetched(2), onRecords);
    expect(deliverHeld(table, onRecords)).toBe(false);
    entry.paused = false;
    // Fetched before the loop comes to what was held.
    deliver(entry, fetched(3), onRecords);
    expect(offsets).toEqual([1]);
    expect(deliverHeld(table, onRecords)).toBe(true);
    deliver(entry, fetched(4), onRecords);
    expect(offsets).toEqual([1, 2, 3, 4]);
    expect(entry.position).toBe(4);
  });

  it('stop handing out what was held when they are paused again', () => {
    const table = new PartitionTable();
    const entry = table.add('records', 0);
    entry.paused = true;
    for (const offset of [1, 2]) deliver(entry, fetched(offset), () => undefined);
    entry.paused = false;
    const offsets: number[] = [];
    deliverHeld(table, ({ nextOffset }) => {
      offsets.push(nextOffset);
      entry.paused = true;
    });
    expect(offsets).toEqual([1]);
  });
});
