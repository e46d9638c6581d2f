/** The loop's order of events, by a client that is told when to answer; real clients are in test/integration/kafka. */
import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FetchedRecords } from '../../../runtime/kafka/broker.js';
import type { Done, NativeConsumer, NativeMessage } from '../../../runtime/kafka/confluent/native.js';
import { RecordLoop } from '../../../runtime/kafka/confluent/recordLoop.js';
import { PartitionTable } from '../../../runtime/kafka/partitionTable.js';

const TOPIC = 'events';

/** Pulls that are under way, oldest first. */
class SlowClient extends EventEmitter {
  readonly pulls: Done<NativeMessage[]>[] = [];

  consume(_: number, done: Done<NativeMessage[]>): void {
    this.pulls.push(done);
  }

  answer(...offsets: number[]): void {
    this.pulls.shift()!(null, offsets.map(messageAt));
  }
}

const messageAt = (offset: number): NativeMessage => ({ topic: TOPIC, partition: 0, offset, key: null, value: null, timestamp: 0 });

function started(): { client: SlowClient; loop: RecordLoop; table: PartitionTable; fetched: FetchedRecords[] } {
  const client = new SlowClient();
  const table = new PartitionTable();
  table.add(TOPIC, 0);
  const fetched: FetchedRecords[] = [];
  const listener = { onRecords: (one: FetchedRecords) => void fetched.push(one), onError: () => undefined };
  const loop = new RecordLoop(client as unknown as NativeConsumer, table, listener, { onFailure: () => undefined, onHeld: () => undefined });
  loop.start();
  onTestFinished(async () => {
    const stopped = loop.stop();
    while (client.pulls.length > 0) client.answer();
    await stopped;
  });
  return { client, loop, table, fetched };
}

/** Lets everything happen that can without an answer of the client. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
}

describe('work between two pulls', () => {
  it('waits for the pull that is under way, and holds up the next', async () => {
    const { client, loop, fetched } = started();
    await settle();
    expect(client.pulls).toHaveLength(1);
    let finish = (): void => undefined;
    let isWorking = false;
    const worked = loop.betweenPulls(async () => {
      isWorking = true;
      await new Promise<void>((resolve) => (finish = resolve));
    });
    await settle();
    expect(isWorking).toBe(false);
    client.answer(0, 1);
    await settle();
    expect(isWorking).toBe(true);
    expect(fetched.map(({ nextOffset }) => nextOffset)).toEqual([2]);
    expect(client.pulls).toHaveLength(0);
    finish();
    await worked;
    await settle();
    expect(client.pulls).toHaveLength(1);
  });

  it('comes after the ends that the pull before it found, however late they are told', async () => {
    const { client, loop, table, fetched } = started();
    await settle();
    const entry = table.get(TOPIC, 0)!;
    entry.staleUntil = Infinity;
    const worked = loop.betweenPulls(() => {
      entry.position = 0;
      entry.staleUntil = loop.pullNumber;
    });
    client.answer(8, 9);
    // The records are handed out by now; the end comes by another way, a moment later.
    await Promise.resolve();
    client.emit('partition.eof', { topic: TOPIC, partition: 0, offset: 10 });
    await worked;
    await settle();
    client.answer(0, 1);
    await settle();
    expect(fetched.map(({ records, nextOffset, atEnd }) => [records.map(({ offset }) => offset), nextOffset, atEnd])).toEqual([[[0, 1], 2, false]]);
  });

  it('is done one after the other, also where one fails', async () => {
    const { client, loop } = started();
    await settle();
    const order: string[] = [];
    const failing = loop.betweenPulls(async () => {
      order.push('first');
      await settle();
      throw new Error('no');
    });
    const second = loop.betweenPulls(() => void order.push('second'));
    client.answer();
    await expect(failing).rejects.toThrow('no');
    await second;
    expect(order).toEqual(['first', 'second']);
    loop.wake();
    await settle();
    expect(client.pulls).toHaveLength(1);
  });
});
