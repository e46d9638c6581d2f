/** The gateway on a real Kafka: transactions, retries after a restart, and one writer at a time. */
import { describe, expect, it, type TestContext } from 'vitest';
import { ReceivedEvents, createGateway, openIdentityMap, type Gateway } from '../../gateway/index.js';
import { partitionRecords } from '../../runtime/cluster/partitionRecords.js';
import { openBroker } from '../../runtime/kafka/index.js';
import { LocalSchemaIds, topicCodec, topics } from '../../schemas/index.js';
import { kafkaLog } from '../../scripts/gateway/eventLogs.js';
import { newRegion } from '../integration/cluster/replica.js';
import { SERVER_START_MS, sharedKafka } from '../integration/servers.js';
import { click } from './gateways.js';
import { newFolder } from '../fixtures/folders.js';

interface Open {
  readonly gateway: Gateway;
  readonly post: (payload: unknown) => Promise<{ readonly status: number; readonly json: unknown }>;
  readonly close: () => Promise<void>;
}

async function opened(kafka: string, region: string, folder: string, onLost: (error: unknown) => void = () => undefined): Promise<Open> {
  const identities = openIdentityMap(folder);
  const received = await ReceivedEvents.open(folder);
  const opened = await kafkaLog({ region, kafka, driver: 'confluent', replication: 1 }, folder, received.id);
  const gateway = await createGateway({ region, log: opened.log, identities, received, onLost });
  return {
    gateway,
    post: async (payload) => {
      const answer = await gateway.app.inject({ method: 'POST', url: '/v1/events', payload: payload as object });
      return { status: answer.statusCode, json: answer.json<unknown>() };
    },
    close: async () => {
      await gateway.close();
      await opened.close();
      await received.close();
      await identities.close();
    },
  };
}

/** The identities of all clicks in committed transactions, and their keys by partition. */
async function clicksIn(kafka: string, region: string): Promise<{ readonly ids: string[]; readonly partitions: ReadonlySet<number> }> {
  const broker = await openBroker('confluent', { brokers: [kafka], markerIdOf: () => 'none' });
  const codec = topicCodec(topics.clicks, LocalSchemaIds.withAccepted());
  const [ids, partitions] = [[] as string[], new Set<number>()];
  try {
    const admin = await broker.admin();
    for (let partition = 0; partition < topics.clicks.partitions; partition++) {
      for await (const { key, value } of partitionRecords(broker, admin, `${region}.clicks`, partition, 0)) {
        ids.push(codec.decode(key!.toString(), value!).eventId);
        partitions.add(partition);
      }
    }
    return { ids: ids.sort(), partitions };
  } finally {
    await broker.close();
  }
}

async function setting(context: TestContext): Promise<{ readonly kafka: string; readonly region: string; readonly folder: string }> {
  return { kafka: await sharedKafka(context), region: newRegion(), folder: newFolder() };
}

describe('the gateway on Kafka', { timeout: SERVER_START_MS }, () => {
  it('has what it answered in the topics, once, also when it is sent again to another process', async (context) => {
    const { kafka, region, folder } = await setting(context);
    const events = Array.from({ length: 200 }, (_, n) => click(`e-${n}`, { learner: `mailto:l${n % 20}@example.org` }));
    const first = await opened(kafka, region, folder);
    expect(await first.post(events)).toEqual({ status: 200, json: { written: 200, repeated: 0 } });
    await first.close();
    const second = await opened(kafka, region, folder);
    expect(await second.post([...events, click('e-200')])).toEqual({ status: 200, json: { written: 1, repeated: 200 } });
    await second.close();
    const { ids, partitions } = await clicksIn(kafka, region);
    expect(ids).toEqual(Array.from({ length: 201 }, (_, n) => `e-${n}`).sort());
    expect(partitions.size).toBeGreaterThan(3);
  });

  it('gives way to a process that takes its folder over', async (context) => {
    const { kafka, region, folder } = await setting(context);
    const lost: unknown[] = [];
    const old = await opened(kafka, region, folder, (error) => lost.push(error));
    await old.post(click('a'));
    const successor = await opened(kafka, region, folder);
    expect(await old.post(click('b'))).toMatchObject({ status: 503, json: { code: 'SFS_FENCED' } });
    expect(lost).toEqual([expect.objectContaining({ code: 'SFS_FENCED' })]);
    expect((await successor.post([click('a'), click('b'), click('c')])).json).toMatchObject({ repeated: 1, written: 2 });
    await old.close();
    await successor.close();
    expect((await clicksIn(kafka, region)).ids).toEqual(['a', 'b', 'c']);
  });
});
