/** Commands and the trainer: what they count stands in their result. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { describe } from '../../operators/graph.js';
import { itemFeatures } from '../../operators/recommend/index.js';
import { readDeadLetters, replayDeadLetters } from '../../runtime/deadLetters.js';
import { localTools } from '../../runtime/localTools.js';
import { followAlias, openModels, openRegistry } from '../../runtime/models/index.js';
import { OnnxRanker } from '../../runtime/models/onnxRanker.js';
import { PromMetrics, RunMonitor } from '../../runtime/observability/index.js';
import { openRedis } from '../../runtime/redis/index.js';
import { memoryStorage, type MemoryStorage } from '../../runtime/testing/index.js';
import { cohortId, courseId, deadLetterKey, itemId, learnerId, topics } from '../../schemas/index.js';
import { Archive } from '../../scripts/archive/archive.js';
import { importLines } from '../../scripts/commands/lineImport.js';
import { restoreState, snapshotState } from '../../scripts/commands/stateCopy.js';
import { exportFeatures } from '../../scripts/featureStore/featureExport.js';
import { validateExport, type ValidationReport } from '../../scripts/ml/pipeline.js';
import { Shadow, firstPosition } from '../../scripts/models/shadow/shadow.js';
import { exportTraining } from '../../scripts/training/trainingExport.js';
import learnerActivity from '../../topologies/learner-activity.js';
import { skipWithoutPython } from '../fixtures/pythonPackages.js';
import { newRegion } from '../integration/cluster/replica.js';
import { sharedRedis } from '../integration/servers.js';
import { FEATURES, anotherVersion, copyOf, remanifest, temporaryFolder } from '../runtime/models/fixture.js';
import { at, click } from '../topologies/clicks.js';
import { append, codeOf, counterIn, recordsIn, type Cell, type Outcome } from './cell.js';

const MISMATCH = 'SFS_REGION_MISMATCH';
const DEPLOYED = 'deployed/learner-activity@1';
const LATER = Number.MAX_SAFE_INTEGER;
const COURSE = courseId('AAA-2024J');
const use = { course: COURSE, cohort: cohortId('AAA-2024J'), item: itemId('i1'), events: 1, clicks: 1, dwellMs: 0, completed: false };

const activity = (region: string) => ({
  learner: learnerId('ada'),
  region,
  hourStartMs: at(0),
  topologyVersion: 1,
  personal: { items: [use] },
});

const decision = (region: string, featureSet: string) => ({
  ...{ learner: learnerId('ada'), region, decisionId: 'one', decidedAtMs: at(0), modelVersion: 'formula', featureSet, topologyVersion: 1 },
  ...{ explored: false, explorationShare: 0, variant: '', personal: { course: COURSE, cohort: cohortId('AAA-2024J'), candidates: [] } },
});

const letter = (region: string, source: string) => ({
  ...{ id: deadLetterKey(source, 0, 0, 'x'), code: 'SFS_PROCESSING_FAILED', reason: '', stage: null, topology: 'x', topologyVersion: 1 },
  ...{ sourceTopic: source, sourcePartition: 0, sourceOffset: 0, region, failedAtEventTimeMs: null },
  personal: { key: Buffer.from('ada'), value: Buffer.from('x'), header: null },
});

/** The result of a command that leaves something out and says how much. */
const leftOut = (counted: number, taken: number, kept: boolean): Outcome => ({ refused: counted > 0 ? MISMATCH : null, counted, taken, kept });

async function exported(storage: MemoryStorage, here: string, out = join(temporaryFolder(), 'training')) {
  return exportTraining(localTools(storage), { region: here, out });
}

async function validated(region: string, there: string, context: TestContext): Promise<Outcome> {
  skipWithoutPython(context, 'trainer');
  const out = join(temporaryFolder(), 'training');
  await exported(memoryStorage(), there, out);
  let report: ValidationReport | undefined;
  try {
    report = await validateExport({ exported: out, region, untilMs: at(1) });
  } catch (error) {
    ({ report } = (error as { context: { report: ValidationReport } }).context);
    if ((error as { code: string }).code !== 'SFS_TRAINING_DATA') throw error;
  }
  // An empty export has other failings, too; that of the region is the one looked at.
  const status = report.checks.find(({ name }) => name === 'region')?.status;
  const refused = status === 'passed' ? null : 'SFS_TRAINING_DATA';
  return { refused, counted: refused === null ? 0 : 'start', taken: refused === null ? 1 : 0, kept: true };
}

/** State goes into a Redis by the names of regions: each try has regions that no other test has. */
async function restored(isSame: boolean, context: TestContext): Promise<Outcome> {
  const url = await sharedRedis(context);
  const [there, other] = [newRegion(), newRegion()];
  const path = join(temporaryFolder(), 'state.jsonl');
  const from = await openRedis({ url, region: there });
  const into = await openRedis({ url, region: isSame ? there : other });
  try {
    const graph = Buffer.from(JSON.stringify(describe(learnerActivity)));
    await from.documents.put(DEPLOYED, graph);
    await snapshotState(from, { region: there, topology: undefined, path, nowMs: 0, onTask: () => undefined });
    await from.documents.put(DEPLOYED, Buffer.from('changed since'));
    const refused = await codeOf(() => restoreState(into, { region: isSame ? there : other, path, force: false, onTask: () => undefined }));
    const taken = (await into.documents.get(DEPLOYED))?.equals(graph) === true ? 1 : 0;
    return { refused, counted: refused === null ? 0 : 'start', taken, kept: true };
  } finally {
    await from.close();
    await into.close();
  }
}

async function followed(here: string, there: string): Promise<Outcome> {
  const registry = openRegistry(temporaryFolder());
  const bundle = anotherVersion(copyOf(), `of ${there}`);
  remanifest(bundle, { region: there });
  await registry.register(bundle, {});
  await registry.move('production', '1', { by: 'test', reason: null, atMs: 0 });
  const metrics = new PromMetrics();
  const monitor = new RunMonitor(metrics);
  await using follower = await followAlias({
    ...{ registry, cacheFolder: temporaryFolder(), region: here, featureSet: FEATURES },
    onEvent: (event) => monitor.modelEvent(event),
  });
  const code = 'SFS_MODEL_REGION';
  const counted = counterIn(await metrics.read(), 'skillforge_model_events_total', { event: 'refused', code });
  const taken = follower.current === null ? 0 : 1;
  return { refused: counted > 0 ? code : null, counted, taken, kept: (await registry.versions()).length === 1 };
}

async function shadowed(here: string, there: string): Promise<Outcome> {
  const storage = memoryStorage();
  const bundle = copyOf();
  remanifest(bundle, { region: here });
  const models = await openModels(bundle, { region: here, featureSet: FEATURES });
  try {
    const { ranker } = models.at(LATER);
    if (!(ranker instanceof OnnxRanker)) throw new Error('the bundle has no rankers');
    await append(storage, here, topics.featureLog, [decision(there, FEATURES.id)]);
    const candidate = { ranker, reference: null };
    const position = firstPosition('a log', candidate);
    await new Shadow(localTools(storage), here, candidate, position).pass(() => undefined);
    const { otherRegion = 0, decisions } = position.tally;
    return leftOut(otherRegion, decisions, recordsIn(storage, here, 'feature-log') === 1);
  } finally {
    await models.close();
  }
}

async function lines(here: string, there: string): Promise<Outcome> {
  const storage = memoryStorage();
  const path = join(temporaryFolder(), 'clicks.jsonl');
  writeFileSync(path, `${JSON.stringify({ ...click('ada', at(0)), region: there })}\n`);
  const rejected: string[] = [];
  const { written } = await importLines(
    storage,
    topics.clicks,
    { path },
    {
      ...{ region: here, onLines: () => undefined },
      onReject: ({ code }) => void rejected.push(code),
    },
  );
  return {
    refused: rejected[0] ?? null,
    counted: rejected.length,
    taken: written,
    kept: recordsIn(storage, here, 'dead-letters') === rejected.length,
  };
}

async function sentBack(here: string, of: string, source: string): Promise<Outcome> {
  const storage = memoryStorage();
  for (const region of new Set([here, source])) await append(storage, region, topics.clicks, []);
  await append(storage, here, topics.deadLetters, [letter(of, `${source}.clicks`)]);
  const { replayed, unreplayable } = await replayDeadLetters(storage, readDeadLetters(storage, here), { region: here });
  const refused = unreplayable[0]?.reason.includes('another region') === true ? 'another region' : null;
  return { refused, counted: unreplayable.length, taken: replayed, kept: recordsIn(storage, here, 'dead-letters') >= 1 };
}

/** What commands, the trainer and what follows models meet. */
export const toolCells: readonly Cell[] = [
  {
    ...{ who: 'training export', what: 'event', how: 'activity in a topic of its own', code: MISMATCH },
    run: async (here, there) => {
      const storage = memoryStorage();
      await append(storage, here, topics.learnerActivity, [activity(there)]);
      await append(storage, here, topics.featureLog, []);
      const { otherRegion, interactions } = await exported(storage, here);
      return leftOut(otherRegion, interactions, recordsIn(storage, here, 'learner-activity') === 1);
    },
  },
  {
    ...{ who: 'training export', what: 'topic', how: 'activity in the same log', code: 'not read' },
    run: async (here, there) => {
      const storage = memoryStorage();
      await append(storage, there, topics.learnerActivity, [activity(there)]);
      const { interactions: taken, otherRegion: counted } = await exported(storage, here);
      return { refused: taken === 0 ? 'not read' : null, counted, taken, kept: true };
    },
  },
  { ...{ who: 'trainer', what: 'state', how: 'an export', code: 'SFS_TRAINING_DATA', slow: true }, run: validated },
  {
    ...{ who: 'state restore', what: 'state', how: 'a snapshot', code: 'SFS_SNAPSHOT_INVALID', slow: true },
    run: (here, there, context) => restored(here === there, context),
  },
  { ...{ who: 'model following', what: 'model', how: 'the version of an alias', code: 'SFS_MODEL_REGION', slow: true }, run: followed },
  { ...{ who: 'tool', what: 'event', how: 'model shadow', code: MISMATCH, slow: true }, run: shadowed },
  { ...{ who: 'tool', what: 'event', how: 'topics write', code: MISMATCH }, run: lines },
  { ...{ who: 'tool', what: 'event', how: 'dlq replay', code: 'another region' }, run: (here, there) => sentBack(here, there, here) },
  { ...{ who: 'tool', what: 'topic', how: 'dlq replay', code: 'another region' }, run: (here, there) => sentBack(here, here, there) },
  {
    ...{ who: 'tool', what: 'event', how: 'features export', code: MISMATCH },
    run: async (here, there) => {
      const storage = memoryStorage();
      await append(storage, here, topics.featureLog, [decision(there, itemFeatures.id)]);
      const { otherRegion, decisions } = await exportFeatures(localTools(storage), { region: here, out: temporaryFolder() });
      return leftOut(otherRegion, decisions, recordsIn(storage, here, 'feature-log') === 1);
    },
  },
  {
    ...{ who: 'tool', what: 'event', how: 'archive', code: MISMATCH },
    run: async (here, there) => {
      const storage = memoryStorage();
      await append(storage, here, topics.clicks, [{ ...click('ada', at(0)), region: there }]);
      const archive = await Archive.open(localTools(storage), { region: here, topics: ['clicks'], out: temporaryFolder() });
      await archive.untilEnd();
      const { records, unreadable } = archive.archived[0]!;
      // Unreadable records are archived as bytes, with the code.
      return leftOut(unreadable, records - unreadable, records === 1);
    },
  },
];
