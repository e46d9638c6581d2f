/** `skillforge import oulad`. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { Storage } from '../../runtime/ports.js';
import type { Topology } from '../../operators/topology.js';
import type { OuladProgress } from '../oulad/index.js';
import { explainedRun } from './explainedRun.js';
import { writingFolder } from './folder.js';
import { folderInvocation } from './invocation.js';
import { folderCommand, nameList, wholeNumber, type FolderOptions } from './options.js';
import { importOuladClicks, type OuladImportResult } from './ouladImport.js';
import { bytesText, countText, print, printJson, secondsText, tableText } from './output.js';
import { PeakMemory } from './peakMemory.js';
import { ProgressLine } from './progressLine.js';
import { checkedTopologies, progressReporter, runText } from './run.js';
import type { RunSummary } from './topologyRun.js';

interface ImportOptions extends FolderOptions {
  readonly module?: string;
  readonly presentation?: string;
  readonly untilDay?: number;
  readonly run?: readonly string[];
  readonly batchRecords?: number;
}

const DESCRIPTION = `Imports the clicks (studentVle.csv or .csv.gz) of a folder of the Open University Learning Analytics data set into the topic clicks.
Rows that cannot be used go to the dead letters; nothing is dropped. An import that was cut off is repeated without doubling; one with a
later --until-day adds what is missing. One file per folder and region.

With --run, topologies then process all there is and close every window, and the summary gives the rate of the whole job.`;

/** Imports OULAD clicks. */
export function importOuladCommand(): Command {
  return folderCommand('oulad <dir>', 'import the clicks of the OULAD data set', DESCRIPTION, [
    'skillforge import oulad ./oulad',
    'skillforge import oulad ./oulad --module AAA --presentation 2014J --until-day 60',
    'skillforge import oulad ./oulad --run learner-engagement,item-trends',
  ])
    .option('--module <code>', 'only this module, such as AAA')
    .option('--presentation <code>', 'only this presentation, such as 2014J')
    .option('--until-day <n>', 'last day to import, counted from the start of the presentation', wholeNumber(-Infinity))
    .option('--run <names>', 'topologies to run afterwards, with commas between', nameList)
    .option('--batch-records <n>', 'most records between two commits of a task, with --run', wholeNumber(1))
    .action(importOulad);
}

interface JobSummary {
  readonly import: OuladImportResult;
  readonly importSeconds: number;
  readonly run: RunSummary | null;
  readonly seconds: number;
  /** Clicks written by this import over the seconds of the whole job. */
  readonly clicksPerSecond: number;
  /** Unit: bytes; `null` where the system does not tell. */
  readonly peakAnonymousBytes: number | null;
  readonly cores: number;
}

async function importOulad(folder: string, options: ImportOptions): Promise<void> {
  const topologies = await checkedTopologies(options.run ?? []);
  const memory = new PeakMemory();
  const startMs = performance.now();
  const summary = await writingFolder(options.data, options.json === true, async (storage) => {
    const result = await importing(storage, folder, options);
    const importSeconds = (performance.now() - startMs) / 1000;
    const run = topologies.length === 0 ? null : await running(storage, topologies, options);
    return { import: result, importSeconds, run };
  });
  const seconds = (performance.now() - startMs) / 1000;
  const job = {
    ...summary,
    seconds,
    clicksPerSecond: summary.import.written / seconds,
    peakAnonymousBytes: memory.stop(),
    cores: availableParallelism(),
  };
  if (options.json) printJson({ summary: job });
  else print(jobText(job));
}

async function importing(storage: Storage, folder: string, options: ImportOptions): Promise<OuladImportResult> {
  const line = new ProgressLine(options.json === true);
  try {
    const { region, module, presentation, untilDay } = options;
    return await importOuladClicks(storage, folder, {
      region,
      module,
      presentation,
      untilDay,
      onProgress: (progress) => showProgress(line, progress),
    });
  } finally {
    line.end();
  }
}

function showProgress(line: ProgressLine, { phase, bytesRead, bytesTotal, eventsEmitted, eventsTotal }: OuladProgress): void {
  if (phase === 'reading') line.update({ what: 'reading', done: bytesRead, total: bytesTotal, unit: 'bytes' });
  else line.update({ what: 'importing', done: eventsEmitted, total: eventsTotal, unit: 'clicks' });
}

function running(storage: Storage, topologies: readonly Topology[], options: ImportOptions): Promise<RunSummary> {
  const { region, batchRecords, run = [] } = options;
  const what = `running ${topologies.map((topology) => topology.name).join(' and ')}`;
  const request = { region, batchRecords, mode: 'end-of-input', onProgress: progressReporter(options.json === true, what, 'end-of-input') } as const;
  return explainedRun(storage, topologies, request, (at) => folderInvocation(`topology plan ${run[at]!}`, options));
}

function jobText({ import: imported, importSeconds, run, seconds, clicksPerSecond, peakAnonymousBytes, cores }: JobSummary): string {
  const { summary, written, alreadyThere, rejected, rejectedBefore } = imported;
  const rows = summary.presentations.map((one) => [one.course, countText(one.accepted), countText(one.filtered), countText(one.clicks)]);
  return [
    tableText(['presentation', 'events', 'not chosen', 'clicks'], rows),
    `imported ${countText(written)} clicks in ${secondsText(importSeconds)}, ${countText(written / importSeconds)}/s` +
      (alreadyThere > 0 ? `; ${countText(alreadyThere)} were there already` : ''),
    `${countText(summary.rowsRead)} rows read, ${countText(rejected)} rejected to the dead letters` +
      (rejectedBefore > 0 ? `; ${countText(rejectedBefore)} were there already` : ''),
    ...(run === null
      ? []
      : [
          runText(run),
          `the whole job: ${countText(written)} clicks in ${secondsText(seconds)}, ${countText(clicksPerSecond)} clicks/s on ${cores} cores`,
        ]),
    ...(peakAnonymousBytes === null ? [] : [`peak of anonymous memory: ${bytesText(peakAnonymousBytes)}`]),
  ].join('\n');
}
