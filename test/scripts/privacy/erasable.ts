/** An installation on one machine that has something of a learner in every store: a small course, run, sealed, archived, exported, served. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openIdentityMap } from '../../../gateway/index.js';
import { decide, formulaModels } from '../../../operators/recommend/index.js';
import { RecommendationClient } from '../../../reader/index.js';
import { openEmbedded, type EmbeddedStorage } from '../../../runtime/embedded/index.js';
import { markerIdOf } from '../../../runtime/engine/header.js';
import { experimentSource, followExperiments } from '../../../runtime/experiments/index.js';
import { localTools } from '../../../runtime/localTools.js';
import { controlKey, learnerId, topics, type Topic } from '../../../schemas/index.js';
import { Archive } from '../../../scripts/archive/archive.js';
import { RecordAppender } from '../../../scripts/commands/recordAppender.js';
import { runningForms } from '../../../scripts/commands/experimentOptions.js';
import { runTopologies } from '../../../scripts/commands/topologyRun.js';
import { seal } from '../../../scripts/decisions/sealing.js';
import { ParquetTable } from '../../../scripts/featureStore/parquetTable.js';
import type { Installation } from '../../../scripts/privacy/erasure/places.js';
import { loadTopology, ownTopologyFiles } from '../../../scripts/topologyFiles.js';
import { exportTraining } from '../../../scripts/training/trainingExport.js';
import { rankerPayload } from '../../runtime/experiments/payloads.js';
import { EMPTY, argumentsOf, place, trend, use } from '../../operators/recommend/worlds.js';
import { HOUR_MS, at, click } from '../../topologies/clicks.js';
import { catalogueItem, profile, quiz, statement } from '../../topologies/statements.js';
import { newFolder } from '../../fixtures/folders.js';

export const REGION = 'test';
/** The learner's identity, and a classmate's. */
export const ADA = 'mailto:ada@example.org';
export const BOB = 'mailto:bob@example.org';
/** One whose name begins as another's does. */
export const SEVEN = 'learner-7';
export const SEVENTY = 'learner-70';
const OPTIONS = { markerIdOf, upkeepIntervalMs: 0 };
/** As they run with `--experiments`: learners stay in the variation that they were assigned to, which is a row of state of their own. */
const OWN = runningForms(await Promise.all(ownTopologyFiles().map(loadTopology)), { experiments: 'features.json' });
const ITEMS = ['i1', 'i2', 'i3', 'i4'];

/** The places of an installation whose data folder this is. */
export const installationIn = (data: string): Installation => ({
  data,
  region: REGION,
  view: join(data, 'reader'),
  gatewayFolder: join(data, 'gateway'),
  chain: join(data, 'decisions'),
  also: [],
  featureStore: null,
});

/** An installation, and the pseudonyms that its identity map has given. */
export interface Erasable {
  readonly installation: Installation;
  readonly ada: string;
  readonly bob: string;
}

/** Makes one. @param prepared - what its folder gets first */
export async function erasable(prepared: (data: string) => Promise<unknown> = () => Promise.resolve()): Promise<Erasable> {
  const data = newFolder();
  await prepared(data);
  const installation = installationIn(data);
  const [ada, bob] = await pseudonyms(installation);
  await onStorage(data, async (storage) => {
    await write(storage, [ada, bob, SEVEN, SEVENTY]);
    await run(storage);
    await logDecisions(storage, [ada, bob]);
    await derive(storage, installation, ada);
  });
  writeOthers(installation, ada, bob);
  return { installation, ada, bob };
}

/** The same in a folder of its own. */
export function copyOf({ installation, ...rest }: Erasable): Erasable {
  const data = newFolder();
  cpSync(installation.data, data, { recursive: true });
  return { installation: installationIn(data), ...rest };
}

/** Does something with the storage of a folder. */
export async function onStorage<T>(data: string, work: (storage: EmbeddedStorage) => Promise<T>): Promise<T> {
  const storage = await openEmbedded(data, OPTIONS);
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}

/** Runs every topology up to the end of what is there, under an experiment on the ranker. */
export async function run(storage: EmbeddedStorage): Promise<void> {
  const payload = join(newFolder(), 'features.json');
  writeFileSync(payload, JSON.stringify(rankerPayload()));
  await using models = await followExperiments({ source: experimentSource(payload) });
  await runTopologies(storage, OWN, { region: REGION, mode: 'until-end', models, stopped: new AbortController().signal });
}

/** Appends values, and promises that none of an earlier time follows. */
export async function append<V>(
  storage: EmbeddedStorage,
  topic: Topic<string, V>,
  values: readonly V[],
  clockMs: number,
  region = REGION,
): Promise<void> {
  const appender = new RecordAppender(storage, topic, region, `test/${topic.name}`);
  for (const value of values) appender.add(value);
  appender.clock(clockMs);
  await appender.commit({});
  await appender.finish();
}

/** Tells the time to everything that topologies read. */
export async function tellTime(storage: EmbeddedStorage, clockMs: number): Promise<void> {
  const sources = [topics.clicks, topics.quizResults, topics.lmsEvents, topics.catalogue, topics.profiles] as readonly Topic<string, unknown>[];
  for (const topic of sources) await append(storage, topic, [], clockMs);
}

async function pseudonyms({ gatewayFolder }: Installation): Promise<[string, string]> {
  const map = openIdentityMap(gatewayFolder);
  try {
    return (await map.pseudonymsOf([ADA, BOB])) as unknown as [string, string];
  } finally {
    await map.close();
  }
}

/** Two days of a course; on the third something is under way. */
export async function write(storage: EmbeddedStorage, learners: readonly string[]): Promise<void> {
  const [ada] = learners as [string];
  const each = <V>(of: (learner: string, n: number) => readonly V[]): V[] => learners.flatMap(of);
  const clicks = each((learner, n) =>
    [0, 1, 2].flatMap((day) => ITEMS.slice(0, 2 + (n % 3)).map((item, k) => click(learner, at(day, (k + 1) * HOUR_MS + n), { item }))),
  );
  await append(
    storage,
    topics.catalogue,
    ITEMS.map((item) => catalogueItem(item, at(-20))),
    at(-19),
  );
  await append(
    storage,
    topics.profiles,
    each((learner) => [profile(learner, at(-10), { segments: { education: 'HE' } })]),
    at(-9),
  );
  await append(
    storage,
    topics.lmsEvents,
    each((learner) => [statement('ENROLLED', learner, at(-10))]),
    at(-9),
  );
  await append(
    storage,
    topics.clicks,
    clicks.sort((a, b) => a.occurredAtMs - b.occurredAtMs),
    at(2, 3 * HOUR_MS),
  );
  await append(
    storage,
    topics.quizResults,
    each((learner, n) => [quiz(learner, at(1, n), n % 2 === 0)]),
    at(2),
  );
  await tellTime(storage, at(2, 5 * HOUR_MS));
  await append(storage, topics.control, [experimentFor(ada)], at(0));
  const rejecting = new RecordAppender(storage, topics.clicks, REGION, 'test/refused');
  rejecting.reject('lines.jsonl', { line: 1, raw: Buffer.from(`{"learner":"${ada}","clicks":-1}`), code: 'SFS_LINE_INVALID', reason: 'no' });
  await rejecting.commit({});
  await rejecting.finish();
}

/** Decisions of which what they saw is logged: which ones are, is drawn. */
async function logDecisions(storage: EmbeddedStorage, learners: readonly string[]): Promise<void> {
  const { moment, lookups } = argumentsOf({ ...EMPTY, trends: [trend('a', 3), trend('b', 1)], places: [place('c')], uses: [use('a', 1)] });
  const options = { models: formulaModels, region: REGION, topologyVersion: 1, validForMs: 1, loggedShare: 1 };
  const appender = new RecordAppender(storage, topics.featureLog, REGION, 'test/decisions');
  for (const learner of learners) decide({ ...moment, learner: learnerId(learner) }, lookups, options).log!.forEach((log) => appender.add(log));
  await appender.commit({});
  await appender.finish();
}

/** What an experiment says may name somebody. */
const experimentFor = (learner: string) => ({
  id: controlKey('experiment 1'),
  kind: 'EXPERIMENT' as const,
  madeAtMs: at(0),
  region: REGION,
  topology: 'some-other',
  topologyVersion: null,
  subtopology: null,
  partition: null,
  channel: null,
  position: null,
  clockMs: null,
  payload: JSON.stringify({ force: { [learner]: 1 }, other: SEVENTY }),
});

async function derive(storage: EmbeddedStorage, { data, view, chain }: Installation, ada: string): Promise<void> {
  const tools = localTools(storage);
  await seal(tools, { folder: chain, region: REGION }, 1);
  const archived = [topics.clicks, topics.quizResults, topics.learnerContexts].map(({ name }) => name);
  const archive = await Archive.open(tools, { region: REGION, topics: archived, out: join(data, 'archive') });
  await archive.untilEnd();
  await exportTraining(tools, { region: REGION, out: join(data, 'training', 'one') });
  const client = await RecommendationClient.openStill({ log: storage.log, region: REGION, store: { folder: view }, now: 'data' });
  await client.catchUp();
  if (client.get(ada) === null) throw new Error('nothing is served');
  await client.close();
}

/** What other commands write, in the forms that they write. */
function writeOthers({ data }: Installation, ada: string, bob: string): void {
  mkdirSync(join(data, 'exports'));
  mkdirSync(join(data, 'model-cache'));
  const lines = [ada, bob, SEVENTY].map((learner) => `${JSON.stringify({ learner, items: ['i1'] })}\n`);
  writeFileSync(join(data, 'exports', 'recommendations.jsonl'), lines.join(''));
  writeFileSync(join(data, 'model-cache', 'experiments.json'), JSON.stringify({ condition: { id: { $in: [ada] } } }));
  const table = new ParquetTable(join(data, 'features', 'learner_quiz_scores', 'day=2024-01-02', 'part.parquet'), [
    { name: 'learner', type: 'STRING' },
    { name: 'event_timestamp', type: 'INSTANT' },
    { name: 'score', type: 'DOUBLE' },
  ]);
  for (const learner of [ada, bob, SEVENTY]) table.add([learner, at(1) * 1000, 0.5]);
  table.finish();
}
