/** Brokers that die. The file has a cluster of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Broker } from '../../../runtime/kafka/broker.js';
import type { Kafka } from '../../../scripts/services/index.js';
import { skipPastHalfTime } from '../../fixtures/halfTime.js';
import { codeOf, Collector, DEADLINE_MS, drivers, Member, newTopic, numbered, openFor, unique, until, valuesOf, write } from './fixtures.js';
import { needDriver, ownKafka, SERVER_START_MS, type OwnKafka } from './server.js';

beforeEach(skipPastHalfTime);

const distinct = (values: readonly (string | null)[]): (string | null)[] => [...new Set(values)];

describe('one broker', () => {
  let own: OwnKafka;
  let kafka: Kafka;

  beforeAll(async () => {
    own = await ownKafka(1);
  }, SERVER_START_MS);

  describe.each(drivers)('through %s', { timeout: 6 * DEADLINE_MS }, (driver) => {
    let broker: Broker;

    beforeEach(async (context) => {
      await needDriver(driver, context);
      if ('missing' in own) return context.skip(true, own.missing);
      kafka = own;
      broker = await openFor(driver, kafka.bootstrapServers);
    });

    afterEach(async () => {
      await broker?.close();
    }, DEADLINE_MS);

    it('that is killed and comes back costs time, and no record', async () => {
      const topic = await newTopic(broker);
      const member = new Member(broker, unique('group'));
      const consumer = await broker.consumer(member.options());
      await consumer.subscribe([topic]);
      const producer = await broker.producer({ transactionalId: null });
      const transactional = await broker.producer({ transactionalId: unique('task') });
      let written = 0;
      let stop = false;
      const acknowledged: string[] = [];
      const writing = (async () => {
        while (!stop) {
          const from = written++ * 10;
          const error = await codeOf(
            written % 2 === 0 ? producer.send(numbered(topic, 0, from, 10)) : transactional.transact(numbered(topic, 0, from, 10), []),
          );
          if (error === null) acknowledged.push(...Array.from({ length: 10 }, (_, index) => `v${from + index}`));
          await sleep(20);
        }
      })();
      await until('some records', () => member.collector.values(topic).length > 100);
      await kafka.brokers[0]!.kill('SIGKILL');
      await sleep(1_000);
      await kafka.brokers[0]!.restart();
      const before = acknowledged.length;
      await until('writing goes on', () => acknowledged.length > before + 100, 3 * DEADLINE_MS);
      stop = true;
      await writing;
      const last = acknowledged.at(-1)!;
      await until('reading goes on', () => member.collector.values(topic).includes(last) && member.collector.atEnd(topic), 3 * DEADLINE_MS);
      const read = member.collector.values(topic);
      expect(acknowledged.filter((value) => !read.includes(value))).toEqual([]);
      // A member that lost its group in between reads again from where its listener says: here from 0.
      const log = await valuesOf(broker, topic);
      expect(distinct(read)).toEqual(distinct(log));
      expect(distinct(log)).toHaveLength(log.length);
      expect(member.collector.errors).toEqual([]);
    });

    it('that leads a partition anew is read from at once, also where nothing was fetched meanwhile', async () => {
      const topic = await newTopic(broker, { partitions: 3 });
      const reader = await broker.reader(new Collector());
      const all = [0, 1, 2].map((partition) => ({ topic, partition, offset: 0 }));
      await reader.assign(all);
      // Who fetches hears of a new epoch of the leader by that.
      await reader.assign([]);
      await kafka.brokers[0]!.kill('SIGKILL');
      await kafka.brokers[0]!.restart();
      // It refuses the epoch that the client knows, for as long as that does not look: a try gives up after a minute, the client looks every five.
      expect(await codeOf(reader.assign(all))).toBeNull();
      await reader.close();
    });

    it('that does not answer is said to be unavailable, with its address and without the password', async () => {
      const silent = '127.0.0.1:1';
      const password = 'correct-horse-battery';
      const lost = await openFor(driver, silent, { requestTimeoutMs: 2_000, sasl: { mechanism: 'plain', username: 'me', password } });
      const errors = await Promise.all(
        [lost.admin(), lost.producer({ transactionalId: null }), lost.producer({ transactionalId: 'task' }), lost.reader(new Collector())].map(
          (opening) =>
            (opening as Promise<unknown>).then(
              () => null,
              (error: unknown) => error as Error & { code: string },
            ),
        ),
      );
      expect(errors.map((error) => error?.code)).toEqual(errors.map(() => 'SFS_BROKER_UNAVAILABLE'));
      for (const error of errors) {
        expect(error!.message).toContain(silent);
        expect(JSON.stringify([error!.message, error!.stack, String(error!.cause)])).not.toContain(password);
      }
      await lost.close();
    });
  });
});

describe('three brokers through confluent', { timeout: 8 * DEADLINE_MS }, () => {
  let own: OwnKafka;

  beforeAll(async () => {
    own = await ownKafka(3);
  }, SERVER_START_MS);

  it('lose no acknowledged record when a leader is killed', async (context) => {
    await needDriver('confluent', context);
    if ('missing' in own) return context.skip(true, own.missing);
    const broker = await openFor('confluent', own.bootstrapServers);
    const topic = await newTopic(broker, { partitions: 6 }, 3);
    const admin = await broker.admin();
    await admin.ranges(topic);
    const producer = await broker.producer({ transactionalId: null });
    const acknowledged: string[] = [];
    let stop = false;
    const writing = (async () => {
      for (let from = 0; !stop; from += 50) {
        const records = Array.from({ length: 6 }, (_, partition) => numbered(topic, partition, from, 50)).flat();
        if ((await codeOf(producer.send(records))) === null)
          acknowledged.push(...records.map(({ partition, value }) => `${partition}:${value!.toString()}`));
      }
    })();
    await until('some records', () => acknowledged.length > 2_000);
    await own.brokers[1]!.kill('SIGKILL');
    const before = acknowledged.length;
    await until('writing goes on', () => acknowledged.length > before + 5_000, 3 * DEADLINE_MS);
    stop = true;
    await writing;
    const read = new Set<string>();
    for (let partition = 0; partition < 6; partition++) {
      for (const value of await valuesOf(broker, topic, partition)) read.add(`${partition}:${value}`);
    }
    expect(acknowledged.filter((one) => !read.has(one))).toEqual([]);
    await write(broker, numbered(topic, 0, 0, 1));
    // It is back, and leads nothing any more: whoever saw it lead asks it first.
    await own.brokers[1]!.restart();
    expect((await admin.ranges(topic)).map(({ end }) => end > 0)).toEqual(Array.from({ length: 6 }, () => true));
    await admin.close();
    await broker.close();
  });

  it('go on with transactions of all groups when the coordinator of some has left', async (context) => {
    await needDriver('confluent', context);
    if ('missing' in own) return context.skip(true, own.missing);
    const broker = await openFor('confluent', own.bootstrapServers, { requestTimeoutMs: 30_000 });
    const [from, to] = [await newTopic(broker, {}, 3), await newTopic(broker, {}, 3)];
    const written = Array.from({ length: GROUPS }, () => 0);
    const stop = new AbortController();
    const writing = written.map((_, group) => transactionsOf(broker, { from, to }, () => written[group]!++, stop.signal));
    await until('all groups', () => written.every((count) => count > 3));
    await own.brokers[2]!.kill('SIGKILL');
    // It is known to be gone after some 9 s, and its groups have others then.
    await sleep(10_000);
    const before = [...written];
    await until('all groups go on', () => written.every((count, group) => count > before[group]! + 3));
    await own.brokers[2]!.restart();
    stop.abort();
    await Promise.all(writing);
    await broker.close();
  });
});

/** As many as are needed so that some have the broker for their coordinator that is killed. */
const GROUPS = 12;

/** Commits an offset of a group of its own again and again; a producer that has come to its end is replaced. */
async function transactionsOf(
  broker: Broker,
  { from, to }: { readonly from: string; readonly to: string },
  onWritten: () => void,
  signal: AbortSignal,
): Promise<void> {
  const member = new Member(broker, unique('group'));
  const consumer = await broker.consumer(member.options());
  await consumer.subscribe([from]);
  await until('its partition', () => member.held.size > 0);
  let producer = await broker.producer({ transactionalId: unique('task') });
  for (let offset = 0; !signal.aborted; offset++) {
    const offsets = [{ topic: from, partition: 0, offset, metadata: '' }];
    const code = await codeOf(producer.transact(numbered(to, 0, offset, 1), [{ consumer, offsets }]));
    if (code === null) onWritten();
    else if (code === 'SFS_PRODUCER_CLOSED' || code === 'SFS_TRANSACTION_UNKNOWN' || code === 'SFS_FENCED') {
      await producer.close();
      producer = await broker.producer({ transactionalId: unique('task') });
    }
    await sleep(100);
  }
  await producer.close();
  await consumer.close();
}
