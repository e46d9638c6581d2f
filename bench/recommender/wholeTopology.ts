/** Learners a second through the topology of the recommendations: news folded in, looked up, decided, encoded and committed. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formulaModels, type Models } from '../../operators/recommend/index.js';
import { openEmbedded, type EmbeddedStorage } from '../../runtime/embedded/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import { Worker } from '../../runtime/engine/worker.js';
import { localTools } from '../../runtime/localTools.js';
import { errorCodeOf, topics, type FeatureLog, type Opened } from '../../schemas/index.js';
import { readingFolder } from '../../scripts/commands/folder.js';
import { countedText } from '../../scripts/commands/output.js';
import { liveSchool } from '../../scripts/ml/demoSchool.js';
import { schoolOptions, type SchoolOptions } from '../../scripts/school/index.js';
import { topicRecords } from '../../scripts/training/topicRecords.js';
import recommendations from '../../topologies/recommendations.js';
import { costOf, perSecond, type Run } from '../measure.js';
import { progress, type Cell, type Table } from '../report.js';
import { counted } from './countedModels.js';
import { runOnServers } from './onServers.js';
import { retrieved } from './retrieved.js';
import { calledAs } from './schoolOfBundle.js';
import type { TrainedCourse } from './trainedCourses.js';

const REGION = 'eu-west';

/** Of two courses, or of one where a bundle knows no more: its retrieval has nothing to do for others. */
const schoolOf = (trained: readonly TrainedCourse[]): SchoolOptions =>
  schoolOptions({ region: REGION, seed: 9, learners: 150, courses: trained.length === 1 ? 1 : 2, items: 200, days: 7, eventsPerDay: 1_000 });

/** Rates with a model and with the formula on the embedded storage, and with the model on Kafka and Redis. @param trained - courses that its retrieval covers */
export async function wholeTopology(models: Models, trained: readonly TrainedCourse[]): Promise<Table> {
  const school = schoolOf(trained);
  const folder = mkdtempSync(join(tmpdir(), 'sfs-bench-'));
  try {
    progress('whole topology: a school goes through the other topologies');
    const upstream = join(folder, 'upstream');
    await liveSchool(upstream, school, { models, retold: calledAs(school, trained) });
    const rows: Cell[][] = [];
    const proposed: string[] = [];
    for (const used of [models, formulaModels]) {
      const { version } = used.at(school.startMs);
      progress(`whole topology: ${version}, embedded`);
      const run = await onFolder(upstream, join(folder, 'run'), used);
      rows.push([version, 'embedded', ...run.cells]);
      proposed.push(run.proposed);
    }
    rows.push(...(await onServers(upstream, models, models.at(school.startMs).version)));
    const { learners, courses, items, days } = school;
    return {
      title: `The recommendation topology: ${learners} learners, ${countedText(courses, 'course')} of ${items} items, ${days} days; one process, of servers the worker alone; candidates: ${proposed[0]!}`,
      columns: ['ranking', 'storage', 'decisions', 'candidates each', 'µs CPU a decision', 'learners/s of a CPU', 'learners/s'],
      rows,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface FolderRun {
  readonly cells: Cell[];
  /** By its retrieval. */
  readonly proposed: string;
}

async function onFolder(upstream: string, folder: string, models: Models): Promise<FolderRun> {
  const counting = counted(models);
  const first = await runOn(upstream, folder, counting.models);
  await first.work();
  const proposed = retrieved(models.at(schoolOf([]).startMs).retrieval, await first.logs());
  progress(`whole topology: candidates: ${proposed}`);
  await first.after();
  const { decisions, rows } = counting;
  const { cpuNs, wallNs } = await costOf(decisions, () => runOn(upstream, folder, models));
  return { cells: cellsOf({ decisions, rows, cpuNs, wallNs }), proposed };
}

interface Cost {
  readonly decisions: number;
  readonly rows: number;
  /** Of a decision. */
  readonly cpuNs: number;
  readonly wallNs: number;
}

const cellsOf = ({ decisions, rows, cpuNs, wallNs }: Cost): Cell[] => [
  ...[decisions, rows / decisions, cpuNs / 1e3],
  ...[perSecond(cpuNs), perSecond(wallNs)],
];

/** A run, and what it logged. */
interface LoggedRun extends Required<Run> {
  readonly logs: () => Promise<readonly Opened<FeatureLog>[]>;
}

/** A run over a copy of what the other topologies wrote. */
async function runOn(upstream: string, folder: string, models: Models): Promise<LoggedRun> {
  rmSync(folder, { recursive: true, force: true });
  cpSync(upstream, folder, { recursive: true });
  const storage = await openEmbedded(folder, { markerIdOf });
  return { work: () => runToEnd(storage, models), logs: () => logsIn(storage), after: () => storage.close() };
}

async function logsIn(storage: EmbeddedStorage): Promise<Opened<FeatureLog>[]> {
  const logs: Opened<FeatureLog>[] = [];
  for await (const log of (await topicRecords(localTools(storage), REGION, topics.featureLog)).all()) logs.push(log);
  return logs;
}

async function runToEnd(storage: EmbeddedStorage, models: Models): Promise<void> {
  const worker = new Worker([recommendations], storage, { region: REGION, mode: 'until-end', models });
  await worker.start();
  await worker.run();
  for (const task of worker.runningTasks) if (task.progress.counters.deadLetters > 0) throw new Error(`${task.name} wrote dead letters`);
}

/** One run; no row where the machine has no such servers, after telling why. */
async function onServers(upstream: string, models: Models, version: string): Promise<Cell[][]> {
  progress(`whole topology: ${version}, on servers`);
  try {
    const { decisions, rows, seconds, cpuSeconds } = await readingFolder(upstream, (storage) => runOnServers(storage, models, REGION));
    const cost = { decisions, rows, cpuNs: (cpuSeconds * 1e9) / decisions, wallNs: (seconds * 1e9) / decisions };
    return [[version, 'Kafka and Redis', ...cellsOf(cost)]];
  } catch (error) {
    if (errorCodeOf(error) !== 'SFS_SERVICE_MISSING') throw error;
    progress(String(error));
    return [];
  }
}
