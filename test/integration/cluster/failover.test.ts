/**
 * A reader that is asked some hundred times a second, and told what learners were shown and did, while what is behind it is killed: Redis, the models, the
 * schema registry, Kafka; one after the other, and all together. No well-formed request gets an error, each answer says what it is, what the page cannot be
 * told is named with what is away, streams of changes stay open, and each event that was accepted is in its topic, once.
 */
import { cpSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, type TestContext } from 'vitest';
import { partitionOf } from '../../../schemas/partitioner.js';
import { markerIdOf } from '../../../runtime/engine/header.js';
import { openBroker } from '../../../runtime/kafka/openBroker.js';
import { openRegistry } from '../../../runtime/registry/index.js';
import { keyOf, physicalTopicName, schemaOf, topicCodec, topics, type Topic } from '../../../schemas/index.js';
import { documentsIn } from '../../../scripts/serving/documentsFile.js';
import type { Services } from '../../../scripts/services/index.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { recommendation } from '../../reader/shelves.js';
import { startCli, type CliChild } from '../../scripts/commands/cliProcess.js';
import { openFor, readAll } from '../kafka/fixtures.js';
import { SERVER_START_MS, needDriver, ownServices } from '../servers.js';
import { ChangeWatch } from './changeWatch.js';
import { CONSOLE_TOPICS, keepConsoleReplay, putConsoleRecords } from './consoleRecords.js';
import { ConsoleWatch, namesOf, type Gone } from './consoleWatch.js';
import { EventLoad, eventIdsIn } from './eventLoad.js';
import { ReadingLoad, type Asked } from './readingLoad.js';
import { newRegion } from './replica.js';
import { skipPastHalfTime } from '../../fixtures/halfTime.js';
import { newFolder } from '../../fixtures/folders.js';

const DEADLINE_MS = 120_000;
const soon = { timeout: DEADLINE_MS, interval: 100 };
const COURSE = 'AAA-2014J';
const HOUR_MS = 3_600_000;
const PER_SECOND = 300;

interface Answer {
  readonly served: string;
  readonly madeAt: string | null;
  readonly validUntil: string | null;
  readonly items: readonly { readonly item: string }[];
}

/** What writes lists as a topology does, with ids of the registry. */
interface Lists {
  readonly put: (topic: unknown, value: object) => Promise<void>;
  readonly recommend: (learner: string, items: readonly string[], validUntilMs: number) => Promise<void>;
}

async function lists({ kafka, registry }: Services, region: string, context: TestContext): Promise<Lists> {
  const broker = await openBroker('confluent', {
    brokers: [kafka!.bootstrapServers],
    markerIdOf: (header) => markerIdOf(header) ?? 'none',
    onWarning: () => undefined,
  });
  context.onTestFinished(() => broker.close());
  const schemas = openRegistry({ url: registry!.url, onWarning: () => undefined }, documentsIn(join(newFolder(), 'schemas.json')));
  const of = [topics.recommendations, topics.segmentRecommendations, ...CONSOLE_TOPICS].map((topic) => topic as unknown as Topic<string, unknown>);
  for (const topic of of) await schemas.register(physicalTopicName(region, topic.name), topic.schemaName, schemaOf(topic));
  const admin = await broker.admin();
  await admin.createTopics(
    of.map(({ name, partitions, cleanup, retentionMs }) => ({ name: physicalTopicName(region, name), partitions, cleanup, retentionMs })),
    1,
  );
  const producer = await broker.producer({ transactionalId: null });
  const put = async (topic: unknown, value: object): Promise<void> => {
    const one = topic as Topic<string, unknown>;
    const key = keyOf(one, value);
    const bytes = Buffer.from(key);
    const place = { topic: physicalTopicName(region, one.name), partition: partitionOf(bytes, one.partitions) };
    await producer.send([{ ...place, key: bytes, value: topicCodec(one, schemas).encode(key, value), header: null }]);
  };
  const recommend = (learner: string, items: readonly string[], validUntilMs: number): Promise<void> => {
    const lists = items.length === 0 ? { [COURSE]: { segment: 'a-level' } } : { [COURSE]: { next: items } };
    return put(topics.recommendations, recommendation(learner, lists, { region, madeAtMs: Date.now() - HOUR_MS, validUntilMs }));
  };
  return { put, recommend };
}

/** What a learner's answer must say: where it comes from, and how old it is. @param staleFromMs - `null` for never */
function named(served: string, staleFromMs: number | null = null): Asked['troubleOf'] {
  return (body, [askedMs, answeredMs]) => {
    const { served: found, madeAt, validUntil, items } = body as Answer;
    const isEither = staleFromMs !== null && askedMs < staleFromMs && answeredMs >= staleFromMs;
    const expected = staleFromMs !== null && answeredMs >= staleFromMs ? ['stale', ...(isEither ? [served] : [])] : [served];
    if (!expected.includes(found)) return `served says ${found} and not ${expected.join(' or ')}`;
    if (madeAt === null || validUntil === null) return `it says of a list of ${found} neither when it was made nor until when it holds`;
    return items.length > 0 ? null : 'it has no items';
  };
}

const learner = (name: string, troubleOf: Asked['troubleOf'], query = ''): Asked => ({
  name: `${name}${query}`,
  path: `/v1/learners/${name}/recommendations${query}`,
  troubleOf,
});

const nothing = (): null => null;

/** What is asked for in turn. @param staleFromMs - from when on the list of ben is past its time */
function questions(staleFromMs: number, page: ConsoleWatch): Asked[] {
  const body = { learners: ['ada', 'ben', 'nobody'] };
  const parts = [named('personal'), named('personal', staleFromMs), named('popular')];
  const batch: Asked = {
    name: 'a batch',
    path: '/v1/recommendations/batch',
    body,
    troubleOf: (answer, times) =>
      (answer as { answers: Answer[] }).answers.map((one, at) => parts[at]!(one, times)).find((trouble) => trouble !== null) ?? null,
  };
  const each: Asked[] = [
    learner('ada', named('personal')),
    learner('ben', named('personal', staleFromMs)),
    learner('cleo', named('segment')),
    learner('nobody', named('popular')),
    learner('ada', named('popular'), '?profiling=false'),
    learner('ada', named('personal'), '?limit=1&explain=true&exclude=n2'),
    { name: 'a segment', path: `/v1/segments/${COURSE}%7Ca-level/recommendations`, troubleOf: named('segment') },
    batch,
    { name: 'readiness', path: '/readyz', troubleOf: nothing },
    { name: 'metrics', path: '/metrics', troubleOf: nothing },
  ];
  // The page asks seldom.
  return page.questions().flatMap((one) => [...each, ...each, one]);
}

interface Reading {
  readonly child: CliChild;
  readonly url: string;
}

async function reading(args: readonly string[], context: TestContext): Promise<Reading> {
  const child = startCli(['reader', '--json', '--metrics', ...args]);
  context.onTestFinished(() => void child.process.kill('SIGKILL'));
  let printed = '';
  child.process.stdout!.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  const ended = child.result.then(({ stderr }) => Promise.reject(new Error(stderr)));
  await Promise.race([expect.poll(() => printed, soon).toContain('\n'), ended]);
  ended.catch(() => undefined);
  const { url } = JSON.parse(printed.split('\n')[0]!) as { readonly url?: string };
  if (url === undefined) throw new Error(printed);
  return { child, url };
}

interface Stage {
  readonly services: Services;
  readonly lists: Lists;
  readonly load: ReadingLoad;
  readonly events: EventLoad;
  readonly page: ConsoleWatch;
  /** Streams of changes: of a list that comes to its end, and of one that comes when all is there again. */
  readonly changes: { readonly ben: ChangeWatch; readonly dan: ChangeWatch };
  readonly region: string;
  readonly reader: Reading;
  /** Starts another reader, on a copy of the view. */
  readonly another: () => Promise<Reading>;
  /** The registry of models is gone, or there again. */
  readonly models: { kill(): Promise<void>; restart(): Promise<void> };
}

/** Servers, lists and a reader that has them. @param staleInMs - so long after the start of the load the list of ben is past its time */
async function staged(context: TestContext, { staleInMs, mlflow }: { readonly staleInMs: number; readonly mlflow: boolean }): Promise<Stage> {
  await needDriver('confluent', context);
  const services = await ownServices({ brokers: 1, redis: 'single', appendOnly: true, registry: true, mlflow }, context);
  const region = newRegion();
  const made = await lists(services, region, context);
  const segment = (name: string, item: string): Promise<void> => {
    const times = { madeAtMs: Date.now() - HOUR_MS, validUntilMs: Date.now() + HOUR_MS };
    const list = { items: [{ item, score: 1, learnerDays: 10 }], modelVersion: 'counts-1', topologyVersion: 1 };
    return made.put(topics.segmentRecommendations, { course: COURSE, segment: name, region, ...times, ...list });
  };
  await Promise.all([segment('a-level', 's1'), segment('all', 'p1')]);
  await Promise.all([made.recommend('ada', ['n1', 'n2'], Date.now() + HOUR_MS), made.recommend('cleo', [], Date.now() + HOUR_MS)]);
  await putConsoleRecords(made.put, region);
  const kafka = services.kafka!.bootstrapServers;
  await keepConsoleReplay({ region, kafka, redis: services.redis!.url, driver: 'confluent', replication: 1 });
  const folder = newFolder();
  const modelFolder = join(newFolder(), 'models');
  const at = (view: string): string[] => {
    const servers = ['--kafka', kafka, '--registry', services.registry!.url];
    return [...servers, '--model-registry', services.mlflow?.url ?? modelFolder, '--region', region, '--port', '0', '--view', view];
  };
  const view = join(folder, 'view');
  const reader = await reading([...at(view), '--redis', services.redis!.url, '--events'], context);
  const shown = async (name: string): Promise<string> => {
    const { served } = (await (await fetch(`${reader.url}/v1/learners/${name}/recommendations`)).json()) as Answer;
    // On a busy machine the list of ben is past its time before the load begins.
    return name === 'ben' && served === 'stale' ? 'personal' : served;
  };
  const staleFromMs = Date.now() + staleInMs;
  await made.recommend('ben', ['n3'], staleFromMs);
  await expect.poll(() => Promise.all(['ada', 'ben', 'cleo', 'nobody'].map(shown)), soon).toEqual(['personal', 'personal', 'segment', 'popular']);
  const page = new ConsoleWatch();
  const load = new ReadingLoad(reader.url, questions(staleFromMs, page), PER_SECOND);
  const another = (): Promise<Reading> => {
    const copy = join(folder, 'copy');
    cpSync(view, copy, { recursive: true });
    return reading([...at(copy), '--redis', services.redis!.url], context);
  };
  const events = new EventLoad(reader.url);
  const changes = { ben: new ChangeWatch(reader.url, 'ben'), dan: new ChangeWatch(reader.url, 'dan') };
  const gone = services.mlflow?.server ?? folderOfModels(modelFolder);
  return { services, lists: made, load, events, page, changes, region, reader, another, models: gone };
}

/** A registry in a folder: gone is a disk that is not mounted. */
function folderOfModels(folder: string): Stage['models'] {
  mkdirSync(folder);
  const rename = (from: string, to: string): Promise<void> => Promise.resolve(renameSync(from, to));
  return { kill: () => rename(folder, `${folder}.gone`), restart: () => rename(`${folder}.gone`, folder) };
}

const readiness = async ({ url }: Reading): Promise<{ lag: number | null; trouble: string | null }> =>
  (await (await fetch(`${url}/readyz`)).json()) as { lag: number | null; trouble: string | null };

const outboxOf = async ({ url }: Reading): Promise<unknown> => ((await (await fetch(`${url}/readyz`)).json()) as { outbox: unknown }).outbox;

/** Events go into the log, as they do before anything is killed: this registry forgets what it knew, and is not to be asked anew. */
async function takesEvents({ events, reader }: Stage): Promise<void> {
  await expect.poll(() => events.logged, soon).toBeGreaterThan(0);
  await expect.poll(() => outboxOf(reader), soon).toMatchObject({ trouble: null });
}

/** New lists come through, and nothing is left to read. */
async function follows({ lists: { recommend }, reader }: Stage, item: string): Promise<void> {
  await recommend('dan', [item], Date.now() + HOUR_MS);
  const shown = async (): Promise<string | undefined> => {
    const answer = (await (await fetch(`${reader.url}/v1/learners/dan/recommendations`)).json()) as Answer;
    return answer.served === 'personal' ? answer.items[0]?.item : undefined;
  };
  await expect.poll(shown, soon).toBe(item);
  await expect.poll(() => readiness(reader), soon).toMatchObject({ lag: 0, trouble: null });
}

/** While these are gone: whatever the page asks for is answered, and names them where it needs them. */
const pageNames = ({ page }: Stage, ...gone: readonly Gone[]): Promise<void> => expect.poll(() => page.named(), soon).toEqual(namesOf(gone));

/** The page has all again: from now on nothing may be named. */
async function pageIsWhole(stage: Stage, ...back: readonly Gone[]): Promise<void> {
  await pageNames(stage);
  stage.page.isBack(...back);
}

/** A client that comes now is told what there is, and the streams that were open still are. */
async function streamsGoOn({ changes, reader }: Stage): Promise<void> {
  const late = new ChangeWatch(reader.url, 'ada');
  await expect.poll(() => late.last, soon).toEqual({ served: 'personal', items: ['n1', 'n2'] });
  await late.close();
  expect([...late.troubles, ...changes.ben.troubles, ...changes.dan.troubles]).toEqual([]);
}

/** They told of the end of a list while all was gone, and of a new one afterwards. */
async function expectStreams({ changes: { ben, dan } }: Stage, item: string): Promise<void> {
  expect(ben.last).toEqual({ served: 'stale', items: ['n3'] });
  await expect.poll(() => dan.last, soon).toEqual({ served: 'personal', items: [item] });
  expect(dan.told[0]).toEqual({ served: 'popular', items: ['p1'] });
  await Promise.all([ben.close(), dan.close()]);
  expect([...ben.troubles, ...dan.troubles]).toEqual([]);
}

/** Every event was taken, and each of them is in its topic: once, and a learner's in the order in which they were sent. */
async function expectEvents({ services, events, region, reader }: Stage): Promise<void> {
  await events.pause();
  expect([...new Set(events.troubles)].slice(0, 10), `${events.troubles.length} troubles`).toEqual([]);
  expect(events.kept, 'while Kafka was gone').toBeGreaterThan(0);
  await expect.poll(() => outboxOf(reader), soon).toMatchObject({ events: 0, trouble: null });
  const broker = await openFor('confluent', services.kafka!.bootstrapServers);
  const found = { exposures: [] as string[], feedback: [] as string[] };
  for (const topic of ['exposures', 'feedback'] as const) {
    for (let partition = 0; partition < topics[topic].partitions; partition++)
      found[topic].push(...eventIdsIn((await readAll(broker, physicalTopicName(region, topic), partition)).map(({ value }) => value)));
  }
  await broker.close();
  for (const [name, accepted] of events.accepted) {
    const own = (ids: readonly string[]): string[] => ids.filter((id) => id.startsWith(name));
    expect(own(found.exposures), name).toEqual(accepted.filter((id) => Number(id.slice(-1)) % 2 === 0));
    expect(own(found.feedback), name).toEqual(accepted.filter((id) => Number(id.slice(-1)) % 2 === 1));
  }
}

/** So many in each phase that every kind of question came several times. */
const ENOUGH = 150;

const answered = ({ phases }: ReadingLoad): Promise<void> => expect.poll(() => phases.at(-1)!.answers, soon).toBeGreaterThan(ENOUGH);

/** Every request was answered, and none with an error. */
function expectSound({ load: { troubles, phases } }: Stage): void {
  expect([...new Set(troubles)].slice(0, 10), `${troubles.length} troubles`).toEqual([]);
  for (const { name, answers, unchanged, served } of phases) {
    expect(answers, name).toBeGreaterThan(ENOUGH);
    expect(unchanged, name).toBeGreaterThan(0);
    for (const kind of ['personal', 'segment', 'popular']) expect(served[kind], `${kind} while ${name}`).toBeGreaterThan(0);
  }
  expect(phases.at(-1)!.served['stale'], 'stale at the end').toBeGreaterThan(0);
}

it(
  'is answered without an error while all that is behind it dies, and follows again',
  { timeout: SERVER_START_MS + DEADLINE_MS },
  async (context) => {
    skipPastHalfTime(context);
    const stage = await staged(context, { staleInMs: 2_500, mlflow: false });
    const { services, load, events, models, reader, another, page } = stage;
    load.enter('all is well');
    load.start();
    events.start();
    await takesEvents(stage);
    await pageIsWhole(stage);
    await answered(load);
    const gone: Gone[] = [];
    for (const [name, server, part] of [
      ['Redis is gone', services.redis!.servers[0]!, 'redis'],
      // A folder that is not there is a registry without models: nothing tells that one was there.
      ['the models are gone, too', models, null],
      ['the registry is gone, too', services.registry!.server, 'schema-registry'],
      ['Kafka is gone, too', services.kafka!.brokers[0]!, 'kafka'],
    ] as const) {
      if (part !== null) gone.push(part);
      page.isGone(...gone);
      await server.kill();
      load.enter(name);
      await pageNames(stage, ...gone);
      await answered(load);
    }
    await streamsGoOn(stage);
    await expect.poll(() => readiness(reader), soon).toMatchObject({ lag: null, trouble: 'SFS_BROKER_UNAVAILABLE' });
    // One that begins now has what its view has.
    const late = await another();
    const { served, items } = (await (await fetch(`${late.url}/v1/learners/ada/recommendations`)).json()) as Answer;
    expect([served, items.map(({ item }) => item)]).toEqual(['personal', ['n1', 'n2']]);
    late.child.process.kill('SIGKILL');
    load.enter('they come back');
    await Promise.all(
      [services.redis!.servers[0]!, models, services.registry!.server, services.kafka!.brokers[0]!].map((server) => server.restart()),
    );
    await follows(stage, 'n9');
    await pageIsWhole(stage, ...gone);
    await answered(load);
    await load.pause();
    expectSound(stage);
    await expectStreams(stage, 'n9');
    await expectEvents(stage);
  },
);

it('is answered without an error while each of them dies alone, and all of them for long', { timeout: 3_600_000 }, async (context) => {
  skipUnlessLong(context, 'OPERATIONS');
  const stage = await staged(context, { staleInMs: 60_000, mlflow: true });
  const { services, load, events, models, reader, another, page, changes } = stage;
  const servers = [
    ['Redis', services.redis!.servers[0]!, 'redis'],
    ['MLflow', models, 'models'],
    ['the registry', services.registry!.server, 'schema-registry'],
    ['Kafka', services.kafka!.brokers[0]!, 'kafka'],
  ] as const;
  const all = servers.map(([, , part]) => part);
  load.enter('all is well');
  load.start();
  events.start();
  await takesEvents(stage);
  await pageIsWhole(stage);
  await sleep(5_000);
  for (const [at, [name, server, part]] of servers.entries()) {
    page.isGone(part);
    await server.kill();
    load.enter(`${name} is gone`);
    await pageNames(stage, part);
    await sleep(15_000);
    load.enter(`${name} comes back`);
    await server.restart();
    await follows(stage, `again-${at}`);
    await pageIsWhole(stage, part);
    await answered(load);
  }
  page.isGone(...all);
  await Promise.all(servers.map(([, server]) => server.kill()));
  load.enter('all of them are gone');
  await pageNames(stage, ...all);
  await sleep(60_000);
  await streamsGoOn(stage);
  expect(await readiness(reader)).toMatchObject({ lag: null, trouble: 'SFS_BROKER_UNAVAILABLE' });
  const late = await another();
  expect(((await (await fetch(`${late.url}/v1/learners/ada/recommendations`)).json()) as Answer).served).toBe('personal');
  late.child.process.kill('SIGKILL');
  load.enter('they come back');
  await Promise.all(servers.map(([, server]) => server.restart()));
  await follows(stage, 'last');
  await pageIsWhole(stage, ...all);
  await load.pause();
  expectSound(stage);
  await expectStreams(stage, 'last');
  expect(changes.dan.beats).toBeGreaterThan(0);
  await expectEvents(stage);
  console.log(`events: ${events.kept} kept on disk, slowest answer ${Math.round(events.slowestMs)} ms`);
  console.log(
    load.phases
      .map(({ name, answers, slowestMs, served }) => `${name}: ${answers} answers, slowest ${slowestMs} ms, ${JSON.stringify(served)}`)
      .join('\n'),
  );
});
