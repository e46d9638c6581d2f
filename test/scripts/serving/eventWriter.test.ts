/** Events of clients in topics of Kafka. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { createReader, type EventLog, type NumberedLog } from '../../../reader/index.js';
import { OUTBOX_FILE, Outbox } from '../../../reader/outbox.js';
import { kafkaEventLog } from '../../../scripts/serving/eventWriter.js';
import { LocalSchemaIds, topicCodec, topics, type KeyRing } from '../../../schemas/index.js';
import type { Broker } from '../../../runtime/kafka/broker.js';
import { AwaitedRing } from '../../../runtime/keys/awaitedRing.js';
import { FolderRing, makeRing } from '../../../runtime/keys/folderRing.js';
import { KeyGate } from '../../../runtime/keys/keyGate.js';
import type { LogRecord } from '../../../runtime/ports.js';
import { newFolder } from '../../fixtures/folders.js';
import { openFor, readAll } from '../../integration/kafka/fixtures.js';
import { SERVER_START_MS, sharedKafka } from '../../integration/servers.js';
import { newRegion } from '../../integration/cluster/replica.js';
import { away } from '../../reader/numberedLogs.js';
import { Shelves } from '../../reader/shelves.js';

const event = {
  eventId: 'f1',
  learner: 'ada',
  course: 'AAA-2014J',
  occurredAt: '2014-10-20T10:00:00Z',
  list: 'new',
  kind: 'OPENED',
  item: 'n1',
  position: 0,
};

const codec = topicCodec(topics.feedback, LocalSchemaIds.withAccepted());

async function recordsOf(broker: Broker, region: string): Promise<LogRecord[]> {
  const records = [];
  for (let partition = 0; partition < topics.feedback.partitions; partition++)
    records.push(...(await readAll(broker, `${region}.feedback`, partition)));
  return records.filter(({ value }) => value !== null);
}

/** Learner and event of each record of a topic. */
const found = async (broker: Broker, region: string): Promise<string[][]> =>
  (await recordsOf(broker, region)).map(({ key, value }) => [key!.toString(), codec.decode(key!.toString(), value!).eventId]);

/** A ring that refuses one owner. */
const refusing = (ring: FolderRing, refused: string): KeyRing => ({
  prepare: () => Promise.resolve(),
  sealing: (owner) => ring.sealing(owner),
  known: (name) => ring.known(name),
  opening: (id) => ring.opening(id),
  flush: () => ring.flush(),
  refusals: { current: () => Promise.resolve(), includes: (owner) => owner === refused, during: (work) => work() },
});

/** Takes what is sent through a reader over a folder. */
async function send(
  log: EventLog,
  region: string,
  folder: string,
  ids: readonly string[],
  context: TestContext,
  learner = 'ada',
): Promise<unknown[]> {
  const reader = await createReader({ log: new Shelves().log, region, outbox: { log, folder, patienceMs: 60_000 } });
  context.onTestFinished(() => reader.close());
  const payload = { events: ids.map((eventId) => ({ ...event, learner, eventId })) };
  const answer = await reader.app.inject({ method: 'POST', url: '/v1/feedback', payload });
  await reader.close();
  return [answer.statusCode, answer.json()];
}

describe('events on Kafka', () => {
  it('are in their topic, under their learner, when the answer comes', { timeout: SERVER_START_MS }, async (context) => {
    const broker = await openFor('confluent', await sharedKafka(context));
    context.onTestFinished(() => broker.close());
    const region = newRegion();
    const log = kafkaEventLog(broker, region, { replication: 1 });
    expect(await send(log, region, newFolder(), ['f1', 'f2'], context)).toEqual([200, { written: 2 }]);
    // prettier-ignore
    expect(await found(broker, region)).toEqual([['ada', 'f1'], ['ada', 'f2']]);
  });

  it('are there once where the answer of Kafka got lost, over a restart', { timeout: SERVER_START_MS }, async (context) => {
    const broker = await openFor('confluent', await sharedKafka(context));
    context.onTestFinished(() => broker.close());
    const [region, folder] = [newRegion(), newFolder()];
    const log = kafkaEventLog(broker, region, { replication: 1 });
    // Written, and never confirmed: the next process finds it in the outbox.
    const deaf = {
      open: async (name: string): Promise<NumberedLog> => {
        const opened = await log.open(name);
        return { ...opened, append: (number, events) => opened.append(number, events).then(() => Promise.reject(away())) };
      },
    };
    expect(await send(deaf, region, folder, ['f1', 'f2'], context)).toEqual([202, { written: 2 }]);
    expect(await send(log, region, folder, ['f3'], context)).toEqual([200, { written: 1 }]);
    expect((await found(broker, region)).map(([, id]) => id)).toEqual(['f1', 'f2', 'f3']);
  });

  it(
    'wait on disk while the keys of the region are away, and are sealed then, but those of a refused owner',
    { timeout: SERVER_START_MS },
    async (context) => {
      const broker = await openFor('confluent', await sharedKafka(context));
      context.onTestFinished(() => broker.close());
      const [region, folder, rings] = [newRegion(), newFolder(), newFolder()];
      await makeRing(rings, { file: join(newFolder(), 'kek.json') }, 1);
      const ring = await FolderRing.open(rings);
      let areKeysThere = false;
      const awaited = new AwaitedRing(() => (areKeysThere ? Promise.resolve(refusing(ring, 'ben')) : Promise.reject(away())));
      const keys = new KeyGate({ ring: awaited, schemaDocument: () => null });
      const log = kafkaEventLog(broker, region, { replication: 1, keys });
      expect(await send(log, region, folder, ['f1'], context)).toEqual([202, { written: 1 }]);
      areKeysThere = true;
      expect(await send(log, region, folder, ['f2'], context, 'ben')).toEqual([200, { written: 1 }]);
      const records = await recordsOf(broker, region);
      expect(records.map(({ key }) => key!.toString())).toEqual(['ada']);
      expect(records[0]!.value!.includes('OPENED') || records[0]!.value!.includes('n1')).toBe(false);
      const opened = await keys.opened(`${region}.feedback`, records);
      expect(codec.decode('ada', opened[0]!.value!)).toMatchObject({ eventId: 'f1', personal: { item: 'n1', kind: 'OPENED' } });
      ring.close();
    },
  );

  it('wait on disk where no broker answers', { timeout: 60_000 }, async (context) => {
    const broker = await openFor('kafkajs', '127.0.0.1:1', { requestTimeoutMs: 500 });
    context.onTestFinished(() => broker.close());
    const folder = newFolder();
    const log = kafkaEventLog(broker, 'eu-west', { replication: 1 });
    expect([await send(log, 'eu-west', folder, ['f1'], context), existsSync(join(folder, OUTBOX_FILE))]).toEqual([[202, { written: 1 }], true]);
    const outbox = await Outbox.open(folder, 'eu-west');
    expect([...outbox.waiting()].map((entry) => entry.event.value.eventId)).toEqual(['f1']);
    await outbox.close();
  });
});
