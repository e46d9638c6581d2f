/** `skillforge run`. */
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { SkillForgeError } from '../../schemas/index.js';
import type { Topology } from '../../operators/topology.js';
import type { RunModels } from '../../runtime/engine/followedModels.js';
import type { RunMonitor } from '../../runtime/observability/index.js';
import { findTopologyFile, loadTopology, shortPath, type TopologyFile } from '../topologyFiles.js';
import { runOnCluster, type ClusterProgress } from './clusterRun.js';
import { experimentsOption, runningForms, withExperiments, type ExperimentsOptions } from './experimentOptions.js';
import { explainedRun } from './explainedRun.js';
import { writingFolder } from './folder.js';
import { folderInvocation } from './invocation.js';
import { withMetricsOptions, withMonitor, type MetricsOptions } from './metricsOptions.js';
import { modelsOption } from './modelOptions.js';
import { folderCommand, positiveNumber, wholeNumber, type FolderOptions } from './options.js';
import { countText, print, printJson, secondsText, timeText } from './output.js';
import { ProgressLine, type WorkDone } from './progressLine.js';
import { guaranteeOption, withServerOptions, type ServerOptions } from './serverOptions.js';
import { assertThreads, threadsOf, threadsOption, withoutOthersModels } from './threadsOption.js';
import type { RunMode, RunProgress, RunSummary } from './topologyRun.js';

interface RunOptions extends FolderOptions, ServerOptions, ExperimentsOptions, MetricsOptions {
  readonly untilEnd?: true;
  readonly endOfInput?: true;
  readonly batchRecords?: number;
  readonly idleAfter?: number;
  readonly threads: number;
  readonly check: boolean;
}

const DESCRIPTION = `Runs topologies on the folder, all in this process, and follows the log until Ctrl+C.

A topology is given by the name of its file in ./topologies or in this package, or by a path; TypeScript needs no build. Each
file is checked first (see "topology check"). Missing topics are created. A run goes on where the last one stopped: every record
counts once, whatever ended it. Ctrl+C ends after the commits in progress; a second one aborts, which loses nothing either.

With --threads a run that ends (--until-end, --end-of-input) shares its tasks out among threads; its results are the same with any number.

With --kafka and --redis it runs on servers instead of the folder: any number of processes share the work, and take over what one that
ends or dies leaves. With --until-end each of them ends when all that was in the log at its start has been processed, by whichever of them.`;

/** Runs topologies. */
export function runCommand(): Command {
  const command = folderCommand('run <topology...>', 'run topologies on the folder, or on Kafka and Redis', DESCRIPTION, [
    'skillforge run learner-engagement item-trends',
    'skillforge run ./topologies/grades.ts --until-end',
    'skillforge run item-trends --end-of-input --json',
    'skillforge run learner-engagement item-trends --until-end --threads 2',
    'skillforge run recommendations --models ./models',
    'skillforge run recommendations --experiments ./features.json',
    'skillforge run recommendations --models ./models --metrics-port 9464',
    'skillforge run learner-engagement --kafka localhost:9092 --redis redis://localhost:6379',
  ])
    .addOption(
      new Option('--until-end', 'stop when all that is in the log has been processed; windows that are open stay open').conflicts('endOfInput'),
    )
    .option('--end-of-input', 'then also close every window, for good: nothing comes after')
    .option('--batch-records <n>', 'most records between two commits of a task', wholeNumber(1))
    .option(
      '--idle-after <seconds>',
      'wait so long for an input that is silent, whatever its source says: longer than the pauses where records come a day at a time (see "topics write --clock")',
      positiveNumber,
    )
    .addOption(threadsOption())
    .addOption(modelsOption())
    .addOption(experimentsOption())
    .option('--no-check', 'run files that the check refuses');
  return withServerOptions(withMetricsOptions(command), ['endOfInput', 'threads']).addOption(guaranteeOption()).action(run);
}

async function run(names: readonly string[], options: RunOptions): Promise<void> {
  const topologies = runningForms(await checkedTopologies(names, options.check), options);
  await withMonitor(options, options.json === true, (monitor) =>
    options.kafka === undefined ? onFolder(names, topologies, options, monitor) : onServers(topologies, options, monitor),
  );
}

async function onFolder(names: readonly string[], topologies: readonly Topology[], options: RunOptions, monitor: RunMonitor | null): Promise<void> {
  const mode: RunMode = options.endOfInput ? 'end-of-input' : options.untilEnd ? 'until-end' : 'follow';
  const { region, batchRecords } = options;
  assertThreads(options, oneThreadOnly(options, monitor));
  const what = `running ${topologies.length > 1 ? `${topologies.length} topologies` : topologies[0]!.name}`;
  monitor?.watchFolder(options.data);
  const request = { region, mode, batchRecords, idleMs: idleMsOf(options), monitor, onProgress: progressReporter(options.json === true, what, mode) };
  const summary = await withExperiments(
    withoutOthersModels(options),
    (models) =>
      writingFolder(options.data, options.json === true, (storage) =>
        explainedRun(storage, topologies, { ...request, models, threads: threadsOf(options, names, storage) }, (at) =>
          folderInvocation(`topology plan ${names[at]!}`, options),
        ),
      ),
    monitor,
  );
  if (options.json) printJson({ summary });
  else print(runText(summary));
}

/** Why a run cannot be shared out among threads; `null` where it can. */
function oneThreadOnly({ untilEnd, endOfInput, experiments }: RunOptions, monitor: RunMonitor | null): string | null {
  if (!untilEnd && !endOfInput) return 'a run that follows the log';
  if (experiments !== undefined) return 'a run under experiments';
  return monitor === null ? null : 'a run that serves metrics or sends traces';
}

async function onServers(topologies: readonly Topology[], options: RunOptions, monitor: RunMonitor | null): Promise<void> {
  const line = new ProgressLine(options.json === true);
  const onProgress = ({ tasks, processed }: ClusterProgress): void => {
    line.update({ what: 'running on Kafka', done: processed, total: null, unit: 'records', note: `${tasks} tasks here` });
    if (options.json) printJson({ progress: { tasks, processed } });
  };
  const { batchRecords, untilEnd = false } = options;
  const request = { batchRecords, untilEnd, idleMs: idleMsOf(options), monitor, onProgress };
  const work = (models: RunModels | null) => runOnCluster(topologies, options, { ...request, models });
  const summary = await withExperiments(options, work, monitor);
  if (options.json) printJson({ summary });
  else print(`${summary.isDone ? 'done' : 'stopped'}: ${countText(summary.processed)} records in ${secondsText(summary.seconds)}`);
}

const idleMsOf = ({ idleAfter }: RunOptions): number | undefined => (idleAfter === undefined ? undefined : idleAfter * 1_000);

/** Loads topologies by name or path, after the check. @throws SFS_TOPOLOGY_REFUSED with the findings, and what finding and loading throw */
export async function checkedTopologies(names: readonly string[], check = true): Promise<Topology[]> {
  const files = names.map((name) => findTopologyFile(name, process.cwd()));
  if (check) await assertChecked(files.filter((file) => !file.own));
  const topologies: Topology[] = [];
  for (const file of files) topologies.push(await loadTopology(file));
  return topologies;
}

async function assertChecked(files: readonly TopologyFile[]): Promise<void> {
  if (files.length === 0) return;
  // The compiler takes half a second to load.
  const { checkTopologyFile, findingsAsText } = await import('../topology/check.js');
  const findings = files.flatMap((file) => checkTopologyFile(resolve(file.path)));
  if (findings.length === 0) return;
  const shown = findingsAsText(findings.slice(0, MOST_FINDINGS).map((one) => ({ ...one, file: shortPath(one.file, process.cwd()) })));
  const more = findings.length > MOST_FINDINGS ? `\nand ${findings.length - MOST_FINDINGS} more: see skillforge topology check` : '';
  const count = `${findings.length} ${findings.length === 1 ? 'place' : 'places'}`;
  throw new SkillForgeError('SFS_TOPOLOGY_REFUSED', `the check refuses ${count} (--no-check runs it all the same):\n${shown.trimEnd()}${more}`, {
    context: { findings },
  });
}

const MOST_FINDINGS = 20;
const JSON_MS = 1_000;

/** Shows progress on standard error; with `json`, a line a second on standard output. */
export function progressReporter(json: boolean, what: string, mode: RunMode): (progress: RunProgress) => void {
  const line = new ProgressLine(json);
  let toldMs = performance.now();
  return (progress) => {
    line.update(runWork(progress, what, mode));
    if (!json || performance.now() - toldMs < JSON_MS) return;
    toldMs = performance.now();
    printJson({ progress });
  };
}

/** What a run does when nothing waits. */
const AT_THE_END: Readonly<Record<RunMode, string>> = { follow: ', waiting for records', 'until-end': '', 'end-of-input': ', closing windows' };

/** A run as work: of nothing, no part is done. */
export function runWork({ processed, lag, watermarkMs }: RunProgress, what: string, mode: RunMode): WorkDone {
  const total = processed + lag;
  const note = `watermark ${timeText(watermarkMs)}${lag === 0 ? AT_THE_END[mode] : ''}`;
  return { what, done: processed, total: total === 0 ? null : total, unit: 'records', note };
}

/** A run in some lines. */
export function runText({ topologies, processed, seconds, stopped }: RunSummary): string {
  const lines = topologies.map(({ topology, tasks, lag, counters }) => {
    const shown = Object.entries(counters).filter(([name, count]) => (count as number) > 0 || name === 'deadLetters');
    return `${topology}: ${tasks} tasks, ${countText(lag)} waiting; since its first run ${shown.map(([name, count]) => `${countText(count as number)} ${wordsOf(name)}`).join(', ')}`;
  });
  const rate = seconds > 0 ? `, ${countText(processed / seconds)}/s` : '';
  return [`${stopped ? 'stopped' : 'done'}: ${countText(processed)} records in ${secondsText(seconds)}${rate}`, ...lines].join('\n');
}

/** `deadLetters` as `dead letters`. */
export const wordsOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
