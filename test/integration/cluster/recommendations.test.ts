/** The recommendations with the demo model on a real Kafka and a real Redis: what they leave is what a folder has of the same school. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, type TestContext } from 'vitest';
import { openEmbedded, type EmbeddedStorage } from '../../../runtime/embedded/index.js';
import { isMarker, markerIdOf } from '../../../runtime/engine/header.js';
import { localRecords } from '../../../runtime/localTools.js';
import { openModels } from '../../../runtime/models/index.js';
import type { LogRecord, OutputRecord, TopicSpec } from '../../../runtime/ports.js';
import { demoModel } from '../../../scripts/commands/demoModels.js';
import { topicOutput, writeSchool } from '../../../scripts/commands/schoolOutput.js';
import { runTopologies } from '../../../scripts/commands/topologyRun.js';
import { consoleSource } from '../../../scripts/serving/consoleSource.js';
import { ServersConsole } from '../../../scripts/serving/serversConsole.js';
import { DEFAULT_SCHOOL, School } from '../../../scripts/school/index.js';
import { loadTopology, ownTopologyFiles } from '../../../scripts/topologyFiles.js';
import { LocalSchemaIds, topicCodec, topics } from '../../../schemas/index.js';
import { copyOf, remanifest } from '../../runtime/models/fixture.js';
import { startCli } from '../../scripts/commands/cliProcess.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';
import { newRegion, openOn, type OpenCluster, type Servers } from './replica.js';
import { newFolder } from '../../fixtures/folders.js';

const DEADLINE_MS = 300_000;
const SCHOOL = { ...DEFAULT_SCHOOL, seed: 3, learners: 20, courses: 2, items: 30, days: 3, eventsPerDay: 150 };
/** What the topology writes. */
const RESULTS = ['feature-log', 'recommendations'];
/** What it reads. */
const READ = ['cohort-trends', 'curricula', 'learner-activity', 'learner-contexts', 'learner-features', 'learner-mastery', 'segment-recommendations'];
const NAME = 'recommendations';

const isOneOf = (names: readonly string[], { name }: TopicSpec): boolean => names.some((one) => name.endsWith(`.${one}`));

/** Values by topic and key, in their order. */
type Results = ReadonlyMap<string, readonly string[]>;

type RecordsOf = (topic: string, partition: number) => Iterable<LogRecord> | AsyncIterable<LogRecord>;

async function resultsOf(specs: readonly TopicSpec[], recordsOf: RecordsOf): Promise<Results> {
  const results = new Map<string, string[]>();
  for (const { name, partitions } of specs.filter((spec) => isOneOf(RESULTS, spec))) {
    for (let partition = 0; partition < partitions; partition++) {
      for await (const record of recordsOf(name, partition)) add(results, name, record);
    }
  }
  return results;
}

function add(results: Map<string, string[]>, topic: string, { key, value, header }: LogRecord): void {
  if (header !== null && isMarker(header)) return;
  const name = `${topic} ${String(key)}`;
  results.set(name, [...(results.get(name) ?? []), value?.toString('base64') ?? 'tombstone']);
}

/** On servers a value may be left out that a later one of its commit replaces, where readers want the last one alone. */
function isCondensed(found: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const value of whole) if (value === found[at]) at++;
  return at === found.length && found.at(-1) === whole.at(-1);
}

function differencesOf(expected: Results, found: Results): string[] {
  const names = new Set([...expected.keys(), ...found.keys()]);
  return [...names].filter((name) => !isCondensed(found.get(name) ?? [], expected.get(name) ?? []));
}

/** Sends what the topology reads, partition by partition as it lies in the folder. */
async function sendRead({ log }: EmbeddedStorage, { cluster }: OpenCluster): Promise<void> {
  const specs = log.topics().filter((spec) => isOneOf(READ, spec));
  expect(specs).toHaveLength(READ.length);
  for (const spec of specs) {
    await cluster.log.ensureTopic(spec);
    for (let partition = 0; partition < spec.partitions; partition++) {
      const records = [...localRecords(log, spec.name, partition)];
      await cluster.log.append(records.map(({ key, value, header }): OutputRecord => ({ topic: spec.name, partition, key, value, header })));
    }
  }
}

/** A folder with the school and what the other topologies made of it, and the demo model for its region. */
async function school(context: TestContext, region: string) {
  const bundle = copyOf(demoModel, join(newFolder(), 'bundle'));
  remanifest(bundle, { region });
  // Compaction would take away what is compared.
  const storage = await openEmbedded(newFolder(), { markerIdOf, upkeepIntervalMs: 0 });
  context.onTestFinished(() => storage.close());
  await writeSchool(new School({ ...SCHOOL, region }), topicOutput(storage, { ...SCHOOL, region }), () => undefined);
  const run = async (isChosen: (name: string) => boolean): Promise<void> => {
    await using models = await openModels(bundle, { region });
    const files = ownTopologyFiles().filter(({ name }) => isChosen(name));
    await runTopologies(storage, await Promise.all(files.map(loadTopology)), { region, mode: 'until-end', models });
  };
  await run((name) => name !== NAME);
  return { storage, bundle, run };
}

/** Learners who have lists, by id. */
const learnersOf = (results: Results): string[] =>
  [...results.keys()]
    .filter((name) => name.includes('.recommendations '))
    .map((name) => name.split(' ')[1]!)
    .sort();

/** How many lists a model has made: the others are those that nothing is ranked for. */
function listsBy(version: RegExp, results: Results): number {
  const codec = topicCodec(topics.recommendations, LocalSchemaIds.withAccepted());
  const lists = [...results].filter(([name]) => name.includes('.recommendations '));
  return lists.flatMap(([name, values]) => {
    const learner = name.split(' ')[1]!;
    return values.map((value) => codec.decode(learner, Buffer.from(value, 'base64'))).filter(({ modelVersion }) => version.test(modelVersion));
  }).length;
}

/** What the page of a reader tells of learners is what it tells of the folder; of decisions that a commit has condensed, the last one. */
async function sameOnThePage(storage: EmbeddedStorage, servers: Servers & { readonly region: string }, context: TestContext): Promise<void> {
  const page = new ServersConsole({ ...servers, driver: 'confluent', replication: 1 }, DEADLINE_MS);
  context.onTestFinished(() => page.close());
  const folder = consoleSource(storage, { region: servers.region });
  const learners = learnersOf(await resultsOf(storage.log.topics(), (topic, partition) => localRecords(storage.log, topic, partition)));
  expect(learners.length).toBeGreaterThan(10);
  for (const learner of learners.slice(0, 5)) {
    const windows = await folder.learner(learner);
    expect(windows).toMatchObject({ context: expect.anything() as object, engagement: expect.anything() as object });
    expect(await page.source.learner(learner)).toEqual(windows);
    const [found, whole] = [await page.source.decisions(learner), await folder.decisions(learner)];
    expect(found.decisions[0]).toEqual(whole.decisions[0]);
    expect(found.logged).toEqual(whole.logged);
    expect(whole.decisions.length).toBeGreaterThan(1);
    expect(whole.decisions).toEqual(expect.arrayContaining([...found.decisions.slice(0, 2)]));
  }
  const cohort = (await folder.learner(learners[0]!)).context!.courses[0]!.cohort;
  expect((await folder.trend(cohort)).trend).not.toBeNull();
  expect(await page.source.trend(cohort)).toEqual(await folder.trend(cohort));
}

it('decide with the demo model on servers what they decide in a folder', { timeout: SERVER_START_MS + DEADLINE_MS }, async (context) => {
  const servers = { kafka: await sharedKafka(context), redis: await sharedRedis(context) };
  const region = newRegion();
  const made = await school(context, region);
  const opened = await openOn(servers, region);
  context.onTestFinished(() => opened.close());
  await sendRead(made.storage, opened);
  const place = ['--kafka', servers.kafka, '--redis', servers.redis, '--region', region];
  const run = startCli(['run', NAME, ...place, '--models', made.bundle, '--json']);
  context.onTestFinished(() => void run.process.kill('SIGKILL'));

  await made.run((name) => name === NAME);
  const recordsInFolder: RecordsOf = (topic, partition) => localRecords(made.storage.log, topic, partition);
  const recordsOnServers: RecordsOf = (topic, partition) => opened.cluster.records(topic, partition);
  const expected = await resultsOf(made.storage.log.topics(), recordsInFolder);
  expect(listsBy(/^ranker@/, expected)).toBeGreaterThan(50);
  const specs = made.storage.log.topics();
  // The other process may not have come to it yet.
  for (const spec of specs.filter((one) => isOneOf(RESULTS, one))) await opened.cluster.log.ensureTopic(spec);
  let different = ['not looked at'];
  for (const until = Date.now() + DEADLINE_MS; run.process.exitCode === null; await sleep(1_000)) {
    different = differencesOf(expected, await resultsOf(specs, recordsOnServers));
    if (different.length === 0 || Date.now() > until) break;
  }
  expect(different).toEqual([]);
  await sameOnThePage(made.storage, { ...servers, region }, context);
  run.process.kill('SIGTERM');
  const { code, stderr } = await run.result;
  expect(code, stderr).toBe(0);
});
