/** Workers and replays: real ones, over a storage in memory, with their metrics. */
import { HeaderWriter } from '../../runtime/engine/header.js';
import { controlOf } from '../../runtime/engine/decisions.js';
import { localPlacement } from '../../runtime/engine/localPlacement.js';
import { partitionOf } from '../../schemas/partitioner.js';
import { Worker, type WorkerOptions } from '../../runtime/engine/worker.js';
import { openModels } from '../../runtime/models/index.js';
import { PromMetrics, RunMonitor } from '../../runtime/observability/index.js';
import { beginReplay } from '../../runtime/replay/beginning.js';
import { localReplays } from '../../runtime/replay/replayPlace.js';
import { memoryStorage, type MemoryStorage } from '../../runtime/testing/index.js';
import { LocalSchemaIds, topicCodec, topics } from '../../schemas/index.js';
import learnerActivity from '../../topologies/learner-activity.js';
import { FEATURES, copyOf, remanifest } from '../runtime/models/fixture.js';
import { at, click } from '../topologies/clicks.js';
import { append, codeOf, counterIn, recordsIn, type Cell, type Outcome } from './cell.js';

const MISMATCH = 'SFS_REGION_MISMATCH';
const { clicks } = topics;

/** Runs the topology to the end of what there is, as the live version or as a replay; gives its metrics. */
async function run(storage: MemoryStorage, here: string, isReplay = false, mode: WorkerOptions['mode'] = 'end-of-input'): Promise<string> {
  const metrics = new PromMetrics();
  const monitor = new RunMonitor(metrics);
  const shadow = isReplay ? { shadow: await beginReplay(localReplays(storage, here), learnerActivity) } : {};
  const worker = new Worker([learnerActivity], monitor.placement(localPlacement(storage)), { region: here, mode, ...shadow });
  const unfollow = monitor.follow(worker);
  await worker.start();
  await worker.run();
  const text = await metrics.read();
  unfollow();
  return text;
}

const letters = (text: string): number => counterIn(text, 'skillforge_dead_letters_by_code_total', { code: MISMATCH });

/** What a run over events shows: results, and letters of what was refused. */
async function outcomeOf(storage: MemoryStorage, here: string, isReplay = false): Promise<Outcome> {
  const counted = letters(await run(storage, here, isReplay));
  const version = isReplay ? '.v2' : '';
  const taken = recordsIn(storage, here, `learner-activity${version}`);
  return { refused: counted > 0 ? MISMATCH : null, counted, taken, kept: recordsIn(storage, here, `dead-letters${version}`) === counted };
}

const clickOf = (region: string) => ({ ...click('ada', at(0)), region });

/** A record of region `here` whose header says that a task of another region made it of a record there. */
async function sendMade(storage: MemoryStorage, here: string, there: string): Promise<void> {
  const value = clickOf(here);
  const times = { eventTimeMs: at(0), streamTimeMs: at(0), watermarkMs: -Infinity };
  const header = new HeaderWriter({ name: 'elsewhere@1/0', partition: 0, count: 1 }).record(times, {
    ...{ topic: `${there}.clicks`, partition: 0, offset: 0, index: 0 },
  });
  const key = Buffer.from(value.learner);
  const topic = `${here}.clicks`;
  storage.log.ensureTopic({ name: topic, partitions: clicks.partitions, cleanup: clicks.cleanup, retentionMs: clicks.retentionMs });
  const bytes = topicCodec(clicks, LocalSchemaIds.withAccepted()).encode(value.learner, value);
  await storage.log.append([{ topic, partition: partitionOf(key, clicks.partitions), key, value: bytes, header }]);
}

/** The end of a source, as a task of region `there` would have decided it. */
async function sendDecision(storage: MemoryStorage, here: string, there: string): Promise<void> {
  const by = { name: 'learner-activity@1/0/0', topology: 'learner-activity', version: 1, subtopology: 0, partition: 0, region: there };
  const standing = { records: 0, clocks: 0, clockMs: -Infinity, watermarkMs: -Infinity };
  const decision = { phase: 'end', channel: `${here}.clicks/0/external`, position: 0, at: standing } as const;
  await append(storage, here, topics.control, [controlOf(by, decision, 0)]);
}

async function decided(here: string, there: string): Promise<Outcome> {
  const storage = memoryStorage();
  await sendDecision(storage, here, there);
  const metrics = new PromMetrics();
  const placement = new RunMonitor(metrics).placement(localPlacement(storage));
  const worker = new Worker([learnerActivity], placement, { region: here, mode: 'follow' });
  await worker.start();
  const taken = worker.runningTasks.reduce((sum, { progress }) => sum + progress.replaying, 0);
  const counted = counterIn(await metrics.read(), 'skillforge_refused_records_total', { topic: `${here}.control`, code: MISMATCH });
  return { refused: counted > 0 ? MISMATCH : null, counted, taken, kept: recordsIn(storage, here, 'control') === 1 };
}

async function over(storage: MemoryStorage, here: string, isReplay: boolean): Promise<Outcome> {
  const refused = await codeOf(() => run(storage, here, isReplay));
  const kept = storage.documents.get('deployed/learner-activity@1') !== null;
  return { refused, counted: refused === null ? 0 : 'start', taken: refused === null ? 1 : 0, kept };
}

const live = async (here: string): Promise<MemoryStorage> => {
  const storage = memoryStorage();
  // Not to the end of input: a replay would find its sources at their end there.
  await run(storage, here, false, 'until-end');
  return storage;
};

/** What workers and replays meet. */
export const workerCells: readonly Cell[] = [
  {
    ...{ who: 'worker', what: 'event', how: 'a click in a topic of its own', code: MISMATCH },
    run: async (here, there) => {
      const storage = memoryStorage();
      await append(storage, here, clicks, [clickOf(there)]);
      return outcomeOf(storage, here);
    },
  },
  {
    ...{ who: 'worker', what: 'header', how: 'a record that a task made of a topic', code: MISMATCH },
    run: async (here, there) => {
      const storage = memoryStorage();
      await sendMade(storage, here, there);
      return outcomeOf(storage, here);
    },
  },
  { ...{ who: 'worker', what: 'control record', how: 'the end of a source', code: MISMATCH }, run: decided },
  {
    ...{ who: 'worker', what: 'topic', how: 'a topic in the same folder', code: 'not read' },
    run: async (here, there) => {
      const storage = memoryStorage();
      await append(storage, there, clicks, [clickOf(there)]);
      const { taken } = await outcomeOf(storage, here);
      return { refused: taken === 0 ? 'not read' : null, counted: 0, taken, kept: recordsIn(storage, there, 'clicks') === 1 };
    },
  },
  {
    ...{ who: 'worker', what: 'state', how: 'the state of a folder', code: MISMATCH },
    run: async (here, there) => over(await live(there), here, false),
  },
  {
    ...{ who: 'worker', what: 'model', how: 'a bundle of --models', code: 'SFS_MODEL_REGION' },
    run: async (here, there) => {
      const folder = copyOf();
      remanifest(folder, { region: there });
      const refused = await codeOf(async () => (await openModels(folder, { region: here, featureSet: FEATURES })).close());
      return { refused, counted: refused === null ? 0 : 'start', taken: refused === null ? 1 : 0, kept: true };
    },
  },
  {
    ...{ who: 'replay', what: 'event', how: 'a click in a topic of its own', code: MISMATCH },
    run: async (here, there) => {
      const storage = await live(here);
      await append(storage, here, clicks, [clickOf(there)]);
      return outcomeOf(storage, here, true);
    },
  },
  {
    ...{ who: 'replay', what: 'header', how: 'a record that a task made of a topic', code: MISMATCH },
    run: async (here, there) => {
      const storage = await live(here);
      await sendMade(storage, here, there);
      return outcomeOf(storage, here, true);
    },
  },
  {
    ...{ who: 'replay', what: 'state', how: 'beside a live version', code: MISMATCH },
    run: async (here, there) => over(await live(there), here, true),
  },
];
