import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { GroupConsumer, TopicPartition } from '../../../runtime/kafka/broker.js';
import { codeOf, DEADLINE_MS, drivers, Member, nameOf, newTopic, numbered, openFor, unique, until, write } from './fixtures.js';
import { brokerOfEachTest } from './brokerOfEachTest.js';

const PARTITIONS = 6;

describe.each(drivers)('groups through %s', { timeout: 4 * DEADLINE_MS }, (driver) => {
  const kafka = brokerOfEachTest(driver);
  let group: string;

  beforeEach(() => {
    group = unique('group');
  });

  /** Who holds what, of all members, and whether two ever held the same. */
  class Owners {
    readonly owners = new Map<string, string>();
    readonly clashes: string[] = [];

    take(owner: string, partitions: readonly TopicPartition[]): void {
      for (const name of partitions.map(nameOf)) {
        const other = this.owners.get(name);
        if (other !== undefined) this.clashes.push(`${name} of ${other} went to ${owner}`);
        this.owners.set(name, owner);
      }
    }

    give(owner: string, partitions: readonly TopicPartition[]): void {
      for (const name of partitions.map(nameOf)) if (this.owners.get(name) === owner) this.owners.delete(name);
    }
  }

  it('deal out each partition to one member at a time, and wait for what is given back', async () => {
    const topics = [await newTopic(kafka.broker, { partitions: PARTITIONS }), await newTopic(kafka.broker, { partitions: PARTITIONS })];
    await write(
      kafka.broker,
      topics.flatMap((topic) => Array.from({ length: PARTITIONS }, (_, partition) => numbered(topic, partition, 0, 5)).flat()),
    );
    const owners = new Owners();
    const members: Member[] = [];
    const consumers: GroupConsumer[] = [];
    const join = async (): Promise<void> => {
      const member = new Member(kafka.broker, group);
      const name = `member ${members.length}`;
      members.push(member);
      const consumer = await kafka.broker.consumer(
        member.options({
          assigned: async (partitions) => {
            owners.take(name, partitions);
            await sleep(50);
            for (const one of partitions) member.held.add(nameOf(one));
            return partitions.map((one) => ({ ...one, offset: 0 }));
          },
          revoked: async (partitions) => {
            await sleep(300); // still ours
            for (const one of partitions) member.held.delete(nameOf(one));
            owners.give(name, partitions);
          },
        }),
      );
      consumers.push(consumer);
      await consumer.subscribe(topics);
    };
    const shares = (): number[] => members.map(({ held }) => held.size).sort((a, b) => a - b);
    const dealt = (...expected: number[]): Promise<void> =>
      until(`shares ${expected.join(',')}, not ${shares().join(',')}`, () => JSON.stringify(shares()) === JSON.stringify(expected));

    await join();
    await dealt(12);
    await join();
    await join();
    await dealt(4, 4, 4);
    // Partitions of one number stay together.
    for (const { held } of members) {
      const numbersOf = (topic: string): string[] => [...held].filter((name) => name.startsWith(`${topic}/`)).map((name) => name.split('/')[1]!);
      expect(numbersOf(topics[0]!).sort()).toEqual(numbersOf(topics[1]!).sort());
    }
    await consumers[0]!.close();
    await dealt(0, 6, 6);
    expect(owners.clashes).toEqual([]);
    expect(members.map(({ losses }) => losses)).toEqual([0, 0, 0]);
    expect(members.flatMap(({ collector }) => collector.errors)).toEqual([]);
    // Each reads what it holds.
    for (const member of members.slice(1)) {
      for (const name of member.held) {
        const [topic, partition] = name.split('/') as [string, string];
        await until(`the end of ${name}`, () => member.collector.nextOffset(topic, Number(partition)) === 5);
      }
    }
  });

  it('begin where the listener says, with what they have committed, text included', async () => {
    const topic = await newTopic(kafka.broker, { partitions: 2 });
    await write(kafka.broker, numbered(topic, 0, 0, 10));
    const first = new Member(kafka.broker, group);
    const consumer = await kafka.broker.consumer(first.options());
    await consumer.subscribe([topic]);
    await until('all records', () => first.collector.nextOffset(topic) === 10);
    const partitions = [0, 1].map((partition) => ({ topic, partition }));
    expect(await consumer.committed(partitions)).toEqual(partitions.map((one) => ({ ...one, offset: null, metadata: '' })));
    await consumer.commit([{ topic, partition: 0, offset: 7, metadata: '{"wm":"ä1"}' }]);
    const expected = [
      { topic, partition: 0, offset: 7, metadata: '{"wm":"ä1"}' },
      { topic, partition: 1, offset: null, metadata: '' },
    ];
    expect(await consumer.committed(partitions)).toEqual(expected);
    const admin = await kafka.broker.admin();
    expect(await admin.committed(group, partitions)).toEqual(expected);
    expect(await admin.committed(unique('nobody'), partitions)).toEqual(partitions.map((one) => ({ ...one, offset: null, metadata: '' })));
    await consumer.close();

    const second = new Member(kafka.broker, group);
    const next: GroupConsumer = await kafka.broker.consumer(
      second.options({
        assigned: async (dealt) => {
          const committed = await next.committed(dealt);
          return committed.map(({ topic: name, partition, offset }) => ({ topic: name, partition, offset: offset ?? 0 }));
        },
      }),
    );
    await next.subscribe([topic]);
    await until('the rest', () => second.collector.atEnd(topic));
    expect(second.collector.values(topic)).toEqual(['v7', 'v8', 'v9']);
  });

  it('refuse commits of partitions that are not the member’s, and joining for a topic that is not there', async () => {
    const topic = await newTopic(kafka.broker);
    const member = new Member(kafka.broker, group);
    const consumer = await kafka.broker.consumer(member.options());
    expect(await codeOf(consumer.commit([{ topic, partition: 0, offset: 1, metadata: '' }]))).toBe('SFS_FENCED');
    expect(await codeOf(consumer.subscribe([unique('missing')]))).toBe('SFS_TOPIC_UNKNOWN');
  });

  it('hear of an offset that is gone', async () => {
    const topic = await newTopic(kafka.broker);
    await write(kafka.broker, numbered(topic, 0, 0, 10));
    const member = new Member(kafka.broker, group);
    const consumer = await kafka.broker.consumer(
      member.options({ assigned: (dealt) => Promise.resolve(dealt.map((one) => ({ ...one, offset: 11 }))) }),
    );
    await consumer.subscribe([topic]);
    await until('the error', () => member.collector.errors.length > 0);
    expect(member.collector.errors[0]!.code).toBe('SFS_OFFSET_OUT_OF_RANGE');
    expect(member.collector.errors[0]!.context).toMatchObject({ topic, partition: 0, offset: 11 });
  });

  it('keep a member whose partitions are all paused for longer than its session', async () => {
    const topic = await newTopic(kafka.broker);
    await write(kafka.broker, numbered(topic, 0, 0, 10));
    const member = new Member(kafka.broker, group);
    const impatient = await openFor(driver, kafka.address, { sessionTimeoutMs: 6_000 });
    const consumer = await impatient.consumer(member.options());
    await consumer.subscribe([topic]);
    await until('the end', () => member.collector.atEnd(topic));
    consumer.pause(topic, 0);
    await sleep(8_000);
    await write(kafka.broker, numbered(topic, 0, 10, 1));
    consumer.resume(topic, 0);
    await until('the new record', () => member.collector.nextOffset(topic) === 11);
    await consumer.commit([{ topic, partition: 0, offset: 11, metadata: '' }]);
    expect([member.revocations, member.losses]).toEqual([0, 0]);
    await impatient.close();
    expect(member.revocations).toBe(1);
  });
});
