/** Learners a second through the topology of the recommendations: news folded in, looked up, decided, encoded and committed. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formulaModels, type Models } from '../../operators/recommend/index.js';
import { openEmbedded, type EmbeddedStorage } from '../../runtime/embedded/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import { Worker } from '../../runtime/engine/worker.js';
import { errorCodeOf } from '../../schemas/index.js';
import { readingFolder } from '../../scripts/commands/folder.js';
import { liveSchool } from '../../scripts/ml/demoSchool.js';
import { schoolOptions } from '../../scripts/school/index.js';
import recommendations from '../../topologies/recommendations.js';
import { costOf, perSecond, type Run } from '../measure.js';
import { progress, type Cell, type Table } from '../report.js';
import { counted } from './countedModels.js';
import { runOnServers } from './onServers.js';

const SCHOOL = schoolOptions({ seed: 9, learners: 150, courses: 2, items: 200, days: 7, eventsPerDay: 1_000 });

/** Rates with a model and with the formula on the embedded storage, and with the model on Kafka and Redis. */
export async function wholeTopology(models: Models): Promise<Table> {
  const folder = mkdtempSync(join(tmpdir(), 'sfs-bench-'));
  try {
    progress('whole topology: a school goes through the other topologies');
    const upstream = join(folder, 'upstream');
    await liveSchool(upstream, SCHOOL, { models });
    const rows: Cell[][] = [];
    for (const used of [models, formulaModels]) {
      const { version } = used.at(SCHOOL.startMs);
      progress(`whole topology: ${version}, embedded`);
      rows.push([version, 'embedded', ...(await onFolder(upstream, join(folder, 'run'), used))]);
    }
    rows.push(...(await onServers(upstream, models)));
    const { learners, courses, items, days } = SCHOOL;
    return {
      title: `The recommendation topology: ${learners} learners, ${courses} courses of ${items} items, ${days} days; one process, of servers the worker alone`,
      columns: ['ranking', 'storage', 'decisions', 'candidates each', 'µs CPU a decision', 'learners/s of a CPU', 'learners/s'],
      rows,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onFolder(upstream: string, folder: string, models: Models): Promise<Cell[]> {
  const counting = counted(models);
  const first = await runOn(upstream, folder, counting.models);
  await first.work();
  await first.after();
  const { decisions, rows } = counting;
  const { cpuNs, wallNs } = await costOf(decisions, () => runOn(upstream, folder, models));
  return cellsOf({ decisions, rows, cpuNs, wallNs });
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

/** A run over a copy of what the other topologies wrote. */
async function runOn(upstream: string, folder: string, models: Models): Promise<Required<Run>> {
  rmSync(folder, { recursive: true, force: true });
  cpSync(upstream, folder, { recursive: true });
  const storage = await openEmbedded(folder, { markerIdOf });
  return { work: () => runToEnd(storage, models), after: () => storage.close() };
}

async function runToEnd(storage: EmbeddedStorage, models: Models): Promise<void> {
  const worker = new Worker([recommendations], storage, { region: SCHOOL.region, mode: 'until-end', models });
  await worker.start();
  await worker.run();
  for (const task of worker.runningTasks) if (task.progress.counters.deadLetters > 0) throw new Error(`${task.name} wrote dead letters`);
}

/** One run; no row where the machine has no such servers, after telling why. */
async function onServers(upstream: string, models: Models): Promise<Cell[][]> {
  const { version } = models.at(SCHOOL.startMs);
  progress(`whole topology: ${version}, on servers`);
  try {
    const { decisions, rows, seconds, cpuSeconds } = await readingFolder(upstream, (storage) => runOnServers(storage, models, SCHOOL.region));
    const cost = { decisions, rows, cpuNs: (cpuSeconds * 1e9) / decisions, wallNs: (seconds * 1e9) / decisions };
    return [[version, 'Kafka and Redis', ...cellsOf(cost)]];
  } catch (error) {
    if (errorCodeOf(error) !== 'SFS_SERVICE_MISSING') throw error;
    progress(String(error));
    return [];
  }
}
