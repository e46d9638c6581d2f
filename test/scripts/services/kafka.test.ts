import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type Admin, type Producer } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { Kafka as Brokers, Server } from '../../../scripts/services/index.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { SERVER_START_MS, ownServices } from '../../integration/servers.js';

const TOPIC = 'words';
/** How long a cluster may take to settle on a busy machine. */
const PATIENCE_MS = 240_000;
const LOOK_MS = 500;

function clientOf({ bootstrapServers }: Brokers): Kafka {
  return new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING, retry: { retries: 20, initialRetryTime: 300 } });
}

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Sends one message and waits until all replicas that are in sync have it. */
async function send(producer: Producer, value: string): Promise<void> {
  await producer.send({ topic: TOPIC, acks: -1, messages: [{ key: 'k', value }] });
}

/** The first messages of the topic. */
async function read(kafka: Kafka, count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `reader-${count}` });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    const values: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const eachMessage = ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
        values.push(String(message.value));
        if (values.length === count) resolve();
        return Promise.resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    return values;
  } finally {
    await consumer.disconnect();
  }
}

/** Waits until the controller counts this many brokers as alive. */
async function untilAlive(kafka: Kafka, count: number): Promise<void> {
  const limitMs = performance.now() + PATIENCE_MS;
  const alive = (): Promise<number> => withAdmin(kafka, async (admin) => (await admin.describeCluster()).brokers.length).catch(() => 0);
  while ((await alive()) !== count) {
    if (performance.now() > limitMs) throw new Error(`no ${count} brokers are alive after ${PATIENCE_MS} ms`);
    await sleep(LOOK_MS);
  }
}

async function leaderOf(kafka: Kafka, brokers: readonly Server[]): Promise<Server> {
  const { topics } = await withAdmin(kafka, (admin) => admin.fetchTopicMetadata({ topics: [TOPIC] }));
  return brokers[topics[0]!.partitions[0]!.leader - 1]!;
}

describe('a cluster of three brokers', { timeout: SERVER_START_MS }, () => {
  it('keeps serving a topic with two replicas in sync after a kill -9 of its leader, and takes it back', async (context) => {
    skipUnlessLong(context, 'FAULTS');
    const { kafka: cluster } = await ownServices({ brokers: 3 }, context);
    const kafka = clientOf(cluster!);
    await withAdmin(kafka, (admin) =>
      admin.createTopics({ waitForLeaders: true, topics: [{ topic: TOPIC, numPartitions: 1, replicationFactor: 3 }] }),
    );
    const producer = kafka.producer();
    await producer.connect();
    await send(producer, 'before');
    const leader = await leaderOf(kafka, cluster!.brokers);
    await leader.kill();
    expect(leader.pid).toBeNull();
    await send(producer, 'without it');
    expect(await read(kafka, 2)).toEqual(['before', 'without it']);
    await untilAlive(kafka, 2);
    await leader.restart();
    await untilAlive(kafka, 3);
    await send(producer, 'with it again');
    await producer.disconnect();
    expect(await read(kafka, 3)).toEqual(['before', 'without it', 'with it again']);
  });
});

describe('a single broker', { timeout: SERVER_START_MS }, () => {
  it('keeps its port and its records when it is killed and started again', async (context) => {
    const { kafka: cluster } = await ownServices({ brokers: 1 }, context);
    const kafka = clientOf(cluster!);
    await withAdmin(kafka, (admin) => admin.createTopics({ waitForLeaders: true, topics: [{ topic: TOPIC, numPartitions: 1 }] }));
    const producer = kafka.producer();
    await producer.connect();
    await send(producer, 'kept');
    await producer.disconnect();
    const [broker] = cluster!.brokers;
    const address = broker!.address;
    await broker!.restart();
    expect(broker!.address).toBe(address);
    expect(await read(kafka, 1)).toEqual(['kept']);
  });
});
