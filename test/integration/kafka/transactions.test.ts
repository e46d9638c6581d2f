import { describe, expect, it } from 'vitest';
import type { GroupConsumer } from '../../../runtime/kafka/broker.js';
import { Collector, codeOf, DEADLINE_MS, drivers, Member, newTopic, numbered, record, unique, until, valuesOf, write } from './fixtures.js';
import { brokerOfEachTest } from './brokerOfEachTest.js';
import { startZombie } from './zombie.js';

describe.each(drivers)('transactions through %s', { timeout: 4 * DEADLINE_MS }, (driver) => {
  const kafka = brokerOfEachTest(driver);

  /** A consumer that holds all partitions of a topic. */
  async function memberOf(topic: string): Promise<{ member: Member; consumer: GroupConsumer }> {
    const member = new Member(kafka.broker, unique('group'));
    const consumer = await kafka.broker.consumer(member.options());
    await consumer.subscribe([topic]);
    await until('the assignment', () => member.held.size > 0 && member.collector.atEnd(topic));
    return { member, consumer };
  }

  it('show records and offsets together, and leave gaps that reading goes over', async () => {
    const source = await newTopic(kafka.broker);
    const target = await newTopic(kafka.broker, { partitions: 2 });
    await write(kafka.broker, numbered(source, 0, 0, 5));
    const { consumer } = await memberOf(source);
    const producer = await kafka.broker.producer({ transactionalId: unique('task') });
    const admin = await kafka.broker.admin();
    const offsets = (offset: number) => [{ consumer, offsets: [{ topic: source, partition: 0, offset, metadata: `wm=${offset}` }] }];
    await producer.transact([...numbered(target, 0, 0, 2), ...numbered(target, 1, 0, 2)], offsets(2));
    const committed = async (): Promise<unknown> => consumer.committed([{ topic: source, partition: 0 }]);
    // kafkajs does not wait for a commit that is being written.
    if (driver === 'kafkajs') await until('the offset', async () => JSON.stringify(await committed()).includes('wm=2'));
    expect(await committed()).toEqual([{ topic: source, partition: 0, offset: 2, metadata: 'wm=2' }]);
    // Offsets alone, and nothing at all.
    await producer.transact([], offsets(3));
    await producer.transact([], []);
    await producer.transact(numbered(target, 0, 2, 1), offsets(4));
    if (driver === 'kafkajs') await until('the offset', async () => JSON.stringify(await committed()).includes('wm=4'));
    expect(await admin.committed(consumer.groupId, [{ topic: source, partition: 0 }])).toMatchObject([{ offset: 4, metadata: 'wm=4' }]);
    expect(await valuesOf(kafka.broker, target)).toEqual(['v0', 'v1', 'v2']);
    // Two records, a marker of the commit, a record, a marker.
    expect(await admin.ranges(target)).toEqual([
      { start: 0, end: 5 },
      { start: 0, end: 3 },
    ]);
    const collector = new Collector();
    const reader = await kafka.broker.reader(collector);
    await reader.assign([{ topic: target, partition: 0, offset: 0 }]);
    await until('the end behind the marker', () => collector.nextOffset(target) === 5 && collector.atEnd(target));
    await reader.seek(target, 0, 4);
    collector.fetched.length = 0;
    await until('the end, from the marker on', () => collector.nextOffset(target) === 5 && collector.atEnd(target));
    expect(collector.records(target)).toEqual([]);
  });

  it('that fail show nothing, and the producer goes on', async () => {
    const source = await newTopic(kafka.broker);
    const target = await newTopic(kafka.broker);
    const { consumer } = await memberOf(source);
    const producer = await kafka.broker.producer({ transactionalId: unique('task') });
    const groups = [{ consumer, offsets: [{ topic: source, partition: 0, offset: 0, metadata: '' }] }];
    const large = { topic: target, partition: 0, key: Buffer.from('large'), value: Buffer.alloc(3_000_000, 1), header: null };
    expect(await codeOf(producer.transact([...numbered(target, 0, 0, 2), large], groups))).toBe('SFS_RECORD_TOO_LARGE');
    expect(await codeOf(producer.transact([...numbered(target, 0, 0, 2), record(unique('missing'), 0, 'k', 'v')], groups))).toBe('SFS_TOPIC_UNKNOWN');
    expect(await codeOf(producer.send(numbered(target, 0, 0, 1)))).toBe('SFS_BROKER_FAILED');
    const foreign = [{ consumer, offsets: [{ topic: target, partition: 0, offset: 0, metadata: '' }] }];
    expect(await codeOf(producer.transact(numbered(target, 0, 0, 2), foreign))).toBe('SFS_FENCED');
    await producer.transact(numbered(target, 0, 10, 2), groups);
    await producer.close();
    expect(await valuesOf(kafka.broker, target)).toEqual(['v10', 'v11']);
    expect(await codeOf(producer.transact([], []))).toBe('SFS_PRODUCER_CLOSED');
  });

  it('of an older producer are refused once a newer one has its id, and show nothing', async () => {
    const target = await newTopic(kafka.broker);
    const transactionalId = unique('task');
    const older = await kafka.broker.producer({ transactionalId });
    await older.transact(numbered(target, 0, 0, 1), []);
    const newer = await kafka.broker.producer({ transactionalId });
    expect(await codeOf(older.transact(numbered(target, 0, 100, 1), []))).toBe('SFS_FENCED');
    expect(await codeOf(older.transact(numbered(target, 0, 200, 1), []))).toBe('SFS_PRODUCER_CLOSED');
    await newer.transact(numbered(target, 0, 1, 1), []);
    await older.close();
    expect(await valuesOf(kafka.broker, target)).toEqual(['v0', 'v1']);
  });

  it('of a member that slept through its own replacement are refused, and show nothing', async () => {
    const source = await newTopic(kafka.broker);
    const target = await newTopic(kafka.broker);
    await write(kafka.broker, numbered(source, 0, 0, 5));
    const groupId = unique('group');
    // By the group's generation alone; kafkajs cannot tell it, and needs one transactional id for both.
    const transactionalId = unique('task');
    const zombie = startZombie({ driver, address: kafka.address, groupId, source, target, transactionalId });
    try {
      await zombie.assigned;
      zombie.stop();
      const member = new Member(kafka.broker, groupId);
      const successor = await kafka.broker.consumer(member.options());
      await successor.subscribe([source]);
      await until('the partition', () => member.held.size === 1);
      const producer = await kafka.broker.producer({ transactionalId: driver === 'kafkajs' ? transactionalId : unique('task') });
      await producer.transact(numbered(target, 0, 0, 1), [
        { consumer: successor, offsets: [{ topic: source, partition: 0, offset: 5, metadata: 'new' }] },
      ]);
      zombie.transact();
      zombie.cont();
      expect(await zombie.result).toBe('SFS_FENCED');
      expect(await successor.committed([{ topic: source, partition: 0 }])).toMatchObject([{ offset: 5, metadata: 'new' }]);
      await producer.transact(numbered(target, 0, 1, 1), []);
      expect(await valuesOf(kafka.broker, target)).toEqual(['v0', 'v1']);
    } finally {
      zombie.kill();
    }
  });
});
