/** `skillforge reader` on real servers: beside a run, over restarts of itself and of Kafka. */
import { join } from 'node:path';
import { expect, it, type TestContext } from 'vitest';
import type { ConsoleOverview } from '../../../reader/consoleSource.js';
import { openBroker } from '../../../runtime/kafka/openBroker.js';
import { markerIdOf } from '../../../runtime/engine/header.js';
import { MemoryStorage } from '../../../runtime/testing/memoryStorage.js';
import { ownTopologyFiles } from '../../../scripts/topologyFiles.js';
import { LocalSchemaIds, topicCodec, topics, type Opened, type Recommendation } from '../../../schemas/index.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { Shelves, recommendation } from '../../reader/shelves.js';
import { runCli, startCli, type CliChild } from '../../scripts/commands/cliProcess.js';
import { SERVER_START_MS, needDriver, ownServices, sharedKafka, sharedRedis } from '../servers.js';
import { newRegion, openOn, type OpenCluster } from './replica.js';
import { newFolder } from '../../fixtures/folders.js';

const DEADLINE_MS = 180_000;
const soon = { timeout: DEADLINE_MS, interval: 200 };
const COURSE = 'AAA-2014J';

interface Answered {
  readonly served: string;
  readonly madeAt: string | null;
  readonly items: readonly { readonly item: string }[];
}

interface Reading {
  readonly child: CliChild;
  /** What a learner is answered. */
  readonly asked: (learner: string) => Promise<Answered>;
  readonly at: (path: string) => Promise<unknown>;
}

/** Starts a reader and waits until it listens. */
async function reading(args: readonly string[], context: TestContext): Promise<Reading> {
  const child = startCli(['reader', '--port', '0', '--clock', 'data', '--json', ...args]);
  context.onTestFinished(() => void child.process.kill('SIGKILL'));
  let printed = '';
  child.process.stdout!.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  const ended = child.result.then(({ stderr }) => Promise.reject(new Error(stderr)));
  const listening = expect.poll(() => printed, soon).toContain('\n');
  await Promise.race([listening, ended]);
  ended.catch(() => undefined);
  const { url } = JSON.parse(printed.split('\n')[0]!) as { readonly url: string };
  const at = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
  return { child, at, asked: (learner) => at(`/v1/learners/${learner}/recommendations`) as Promise<Answered> };
}

async function stopped({ child }: Reading): Promise<void> {
  child.process.kill('SIGTERM');
  const { code, signal, stderr } = await child.result;
  expect([code, signal, stderr]).toEqual([0, null, '']);
}

/** The last list of each learner in the topic. */
async function lastLists({ cluster }: OpenCluster, region: string): Promise<Map<string, Opened<Recommendation>>> {
  const lists = new Map<string, Opened<Recommendation>>();
  const codec = topicCodec(topics.recommendations, LocalSchemaIds.withAccepted());
  const topic = `${region}.recommendations`;
  const isThere = (await cluster.tools().topics()).some(({ name }) => name === topic);
  for (let partition = 0; isThere && partition < topics.recommendations.partitions; partition++) {
    for await (const { key, value } of cluster.records(topic, partition)) {
      if (key !== null && value !== null) lists.set(key.toString(), codec.decode(key.toString(), value));
    }
  }
  return lists;
}

it('serves what a run on servers has made of a school', { timeout: SERVER_START_MS + DEADLINE_MS }, async (context) => {
  skipUnlessLong(context, 'OPERATIONS');
  const servers = { kafka: await sharedKafka(context), redis: await sharedRedis(context) };
  const region = newRegion();
  const opened = await openOn(servers, region);
  context.onTestFinished(() => opened.close());
  const place = ['--kafka', servers.kafka, '--redis', servers.redis, '--region', region];
  const school = ['--learners', '6', '--courses', '1', '--items', '12', '--days', '2', '--events-per-day', '60'];
  const written = await runCli(['generate', ...school, ...place, '--json']);
  expect(written.json()).toMatchObject({ summary: { alreadyThere: 0, topics: { catalogue: 12 } } });
  const run = startCli(['run', ...ownTopologyFiles().map(({ name }) => name), ...place]);
  context.onTestFinished(() => void run.process.kill('SIGKILL'));
  const reader = await reading(['--kafka', servers.kafka, '--redis', servers.redis, '--region', region, '--view', newFolder()], context);

  const hasItems = ({ personal }: Opened<Recommendation>): boolean => personal.courses.some(({ next }) => next.length > 0);
  await expect
    .poll(async () => [...(await lastLists(opened, region)).values()].filter(hasItems).length, { ...soon, interval: 1_000 })
    .toBeGreaterThan(0);
  run.process.kill('SIGTERM');
  expect((await run.result).code).toBe(0);
  const expected = await lastLists(opened, region);
  const withItems = [...expected].filter(([, list]) => hasItems(list));
  for (const [learner, { madeAtMs, personal }] of withItems) {
    const items = personal.courses.flatMap(({ next }) => next.map(({ item }) => item as string)).slice(0, 10);
    const answered = { served: 'personal', items, madeAt: new Date(madeAtMs).toISOString() };
    await expect
      .poll(async () => {
        const { served, madeAt, items: listed } = await reader.asked(learner);
        return { served, madeAt, items: listed.map(({ item }) => item) };
      }, soon)
      .toEqual(answered);
  }
  // What the page shows of the topologies comes from Kafka and Redis themselves.
  const names = ownTopologyFiles().map(({ name }) => name);
  const overview = async (): Promise<ConsoleOverview> => (await reader.at('/console/overview')) as ConsoleOverview;
  await expect.poll(async () => (await overview()).topologies.map(({ name }) => name), soon).toEqual(names.sort());
  const { topologies, topics: shown, absent } = await overview();
  expect(absent).toBeUndefined();
  expect(topologies.filter(({ watermarkMs, parts }) => watermarkMs === null || parts.length === 0)).toEqual([]);
  const { appended = 0, lag } = shown.find(({ name }) => name === 'recommendations') ?? {};
  expect([appended >= withItems.length, lag]).toEqual([true, null]);
  expect(await reader.at('/console/replays')).toEqual({ replays: [] });
  expect(await reader.at('/console/dead-letters')).toMatchObject({ total: 0, letters: [] });
  await stopped(reader);
  const exported = await runCli(['recommendations', 'export', '--jsonl', '--kafka', servers.kafka, '--region', region, '--data', newFolder()]);
  const learners = exported.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { learner_id: string }).learner_id);
  expect([exported.code, learners]).toEqual([0, withItems.map(([learner]) => learner).sort()]);
  // A school that is there is written once.
  expect((await runCli(['generate', '--days', '2', ...place, '--json'])).json()).toMatchObject({ summary: { written: 0 } });
});

it('serves what it has while Kafka is away, and follows again', { timeout: SERVER_START_MS + DEADLINE_MS }, async (context) => {
  await needDriver('confluent', context);
  const { kafka } = await ownServices({ brokers: 1 }, context);
  const region = newRegion();
  const broker = await openBroker('confluent', { brokers: [kafka!.bootstrapServers], markerIdOf: (header) => markerIdOf(header) ?? 'none' });
  context.onTestFinished(() => broker.close());
  const shelves = new Shelves(new MemoryStorage().log, region);
  const admin = await broker.admin();
  const producer = await broker.producer({ transactionalId: null });
  const recommend = async (item: string): Promise<void> => {
    const list = shelves.record(topics.recommendations, recommendation('ada', { [COURSE]: { next: [item] } }, { region }));
    await admin.createTopics(shelves.log.topics(), 1);
    await producer.send([list]);
  };
  const args = ['--kafka', kafka!.bootstrapServers, '--region', region, '--view', join(newFolder(), 'view')];
  const shown = async ({ asked }: Reading): Promise<string | undefined> => (await asked('ada')).items[0]?.item;
  await recommend('n1');
  const first = await reading(args, context);
  await expect.poll(() => shown(first), soon).toBe('n1');
  await stopped(first);

  await recommend('n2');
  const second = await reading(args, context);
  await expect.poll(() => shown(second), soon).toBe('n2');
  expect(await second.at('/console/overview')).toMatchObject({ topologies: [], absent: expect.stringContaining('Not shown here') as string });
  await kafka!.brokers[0]!.kill();
  const away = { status: 'ready', served: 'recommendations', lag: null, trouble: 'SFS_BROKER_UNAVAILABLE' };
  await expect.poll(() => second.at('/readyz'), soon).toEqual(away);
  expect(await shown(second)).toBe('n2');
  await kafka!.brokers[0]!.restart();
  await recommend('n3');
  await expect.poll(() => shown(second), soon).toBe('n3');
  await expect.poll(() => second.at('/readyz'), soon).toEqual({ ...away, lag: 0, trouble: null });
  await stopped(second);
});
