/** What people decide, on a real Kafka: from the command to the answer of a reader in another process, without Redis; and about a learner, sealed. */
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { expect, it, type TestContext } from 'vitest';
import { partitionRecords } from '../../../runtime/cluster/partitionRecords.js';
import { openBroker } from '../../../runtime/kafka/openBroker.js';
import { markerIdOf } from '../../../runtime/engine/header.js';
import { makeRegionRing } from '../../../runtime/keys/regionKeys.js';
import { openRedis } from '../../../runtime/redis/index.js';
import { MemoryStorage } from '../../../runtime/testing/memoryStorage.js';
import { learnerId, topics } from '../../../schemas/index.js';
import { giveOrder, readingOversight } from '../../../scripts/oversight/access.js';
import { oversightLog } from '../../../scripts/oversight/acts.js';
import { CLEARED, measureOrder, overrideOrder } from '../../../scripts/oversight/orders.js';
import { Shelves, recommendation } from '../../reader/shelves.js';
import { runCli } from '../../scripts/commands/cliProcess.js';
import { effectOf, liveReader } from '../../scripts/oversight/liveReader.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';
import { newRegion } from './replica.js';
import { newFolder } from '../../fixtures/folders.js';

const COURSE = 'AAA-2014J';

it('reaches every reader within ten seconds', { timeout: SERVER_START_MS + 240_000 }, async (context) => {
  const { place, asked } = await followed(context);
  const other = await liveReader([...place, '--view', newFolder()]);
  const answers = (): Promise<unknown> => Promise.all([asked('ada'), other('ada')]);
  const both = (source: string, items: readonly string[]): unknown => [
    [source, items],
    [source, items],
  ];
  expect(await answers()).toEqual(both('personal', ['n1', 'n2']));
  const why = ['--reason', 'a test', '--by', 'ada', ...place];
  const tookMs = [
    await effectOf(['override', 'ada', '--exclude', 'n1', ...why], answers, both('personal', ['n2'])),
    await effectOf(['pause', ...why], answers, both('paused', ['p1'])),
    await effectOf(['resume', ...why], answers, both('personal', ['n2'])),
    await effectOf(['kill', 'formula-1', ...why], answers, both('popular', ['p1'])),
    await effectOf(['revive', 'formula-1', ...why], answers, both('personal', ['n2'])),
    await effectOf(['block', 'n2', ...why], answers, both('popular', ['p1'])),
  ];
  console.log(`from the command to the answer, on Kafka: ${tookMs.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(', ')}`);
  const log = await runCli(['oversight', 'log', ...place]);
  expect(log.stdout).toContain('override ada: without n1');
  expect((await runCli(['oversight', 'list', ...place])).stdout).toBe('item n2 is blocked\nlearner ada: without n1\n');
});

it('waits for no transaction that a worker has left open when it was killed', { timeout: SERVER_START_MS + 120_000 }, async (context) => {
  const { kafka, region, broker, place, asked } = await followed(context);
  const producer = new kafkajs.Kafka({ brokers: [kafka] }).producer({
    transactionalId: `${region}-killed`,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  const open = await producer.transaction();
  await open.send({ topic: `${region}.control`, messages: [{ key: 'decision', value: 'of a task' }] });
  const admin = await broker.admin();
  const endOf = async (name: string): Promise<number> => (await admin.ranges(`${region}.${name}`))[0]!.end;
  try {
    await effectOf(['pause', '--reason', 'a test', '--by', 'ada', ...place], () => asked('ada'), ['paused', ['p1']]);
    // Nobody sees what comes in the one after the transaction began.
    expect([await endOf('control'), await endOf('measures')]).toEqual([0, 1]);
    await open.abort();
    await expect.poll(() => endOf('control')).toBeGreaterThan(0);
  } finally {
    await producer.disconnect();
    await admin.close();
  }
});

it('is sealed where it is about a learner of a region with data keys, and opened for the log', { timeout: SERVER_START_MS }, async (context) => {
  const [kafka, redis] = [await sharedKafka(context), await sharedRedis(context)];
  const region = newRegion();
  await using broker = await opened(kafka);
  const state = await openRedis({ url: redis, region });
  context.onTestFinished(() => state.close());
  await makeRegionRing({ keys: state.dataKeys, documents: state.documents }, { file: join(newFolder(), 'kek.json') }, Date.now());
  const without = { data: '', region, kafka, driver: 'confluent', replication: 1 } as const;
  const place = { ...without, redis };
  const actor = { region, by: 'someone', reason: 'between the two of us', nowMs: 1 };
  await giveOrder(place, overrideOrder(actor, learnerId('ada'), { ...CLEARED, excluded: ['item-17'] }));
  await giveOrder({ ...place, redis: 'redis://127.0.0.1:1' }, measureOrder({ ...actor, nowMs: 2 }, { action: 'pause', course: null }));
  await giveOrder(place, overrideOrder({ ...actor, nowMs: 3 }, learnerId('ada'), CLEARED));

  const admin = await broker.broker.admin();
  const values: Buffer[] = [];
  for (let partition = 0; partition < topics.overrides.partitions; partition++)
    for await (const { value } of partitionRecords(broker.broker, admin, `${region}.overrides`, partition)) values.push(value!);
  expect(values).toHaveLength(2);
  for (const value of values) for (const word of ['someone', 'between the two', 'item-17']) expect(value.includes(word)).toBe(false);

  const read = (named: typeof without) => readingOversight(named, (log) => oversightLog(log, region));
  const { acts, sealed } = await read(place);
  expect([acts.map(({ by, action, target, reason }) => [by, action, target, reason]), sealed]).toEqual([
    [
      ['someone', 'override', 'ada', 'between the two of us'],
      ['someone', 'pause', null, 'between the two of us'],
      ['someone', 'clear', 'ada', 'between the two of us'],
    ],
    0,
  ]);
  const blind = await read(without);
  expect([blind.acts.map(({ action }) => action), blind.sealed]).toEqual([['pause'], 2]);
});

it('is not written about a learner while nobody can tell whether it has to be sealed', { timeout: SERVER_START_MS }, async (context) => {
  const kafka = await sharedKafka(context);
  const region = newRegion();
  await using broker = await opened(kafka);
  const place = { data: '', region, kafka, redis: 'redis://127.0.0.1:1', driver: 'confluent', replication: 1 } as const;
  const order = overrideOrder({ region, by: 'someone', reason: 'a test', nowMs: 1 }, learnerId('ada'), CLEARED);
  await expect(giveOrder(place, order)).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE' });
  const admin = await broker.broker.admin();
  expect((await admin.topics()).filter(({ name }) => name.startsWith(region))).toEqual([]);
});

/** A region with lists, and a reader of it in a process of its own. */
async function followed(context: TestContext) {
  const kafka = await sharedKafka(context);
  const region = newRegion();
  const { broker } = await opened(kafka);
  context.onTestFinished(() => broker.close());
  await written(broker, region);
  const place = ['--kafka', kafka, '--region', region];
  return { kafka, region, broker, place, asked: await liveReader([...place, '--view', newFolder()]) };
}

async function opened(kafka: string) {
  const broker = await openBroker('confluent', {
    brokers: [kafka],
    markerIdOf: (header) => markerIdOf(header) ?? 'marker',
    allowUnsafeProducer: false,
  });
  return { broker, [Symbol.asyncDispose]: () => broker.close() };
}

async function written(broker: Awaited<ReturnType<typeof openBroker>>, region: string): Promise<void> {
  const shelves = new Shelves(new MemoryStorage().log, region);
  const list = { ...(recommendation('ada', { [COURSE]: { next: ['n1', 'n2'] } }) as Record<string, unknown>), region };
  const made = { madeAtMs: 1, validUntilMs: 2, modelVersion: 'counts-1', topologyVersion: 1, region, course: COURSE, segment: 'all' };
  const popular = { ...made, items: [{ item: 'p1', score: 1, learnerDays: 9 }] };
  const records = [shelves.record(topics.recommendations, list), shelves.record(topics.segmentRecommendations, popular)];
  const admin = await broker.admin();
  const specs = [topics.recommendations, topics.segmentRecommendations, topics.catalogue, topics.control].map(
    ({ name, partitions, cleanup, retentionMs }) => ({ name: `${region}.${name}`, partitions, cleanup, retentionMs }),
  );
  await admin.createTopics(specs, 1);
  const producer = await broker.producer({ transactionalId: null });
  await producer.send(records);
}
