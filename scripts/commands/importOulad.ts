/** `skillforge import oulad`. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { EmbeddedStorage } from '../../runtime/embedded/index.js';
import type { LocalStorage } from '../../runtime/ports.js';
import type { Topology } from '../../operators/topology.js';
import { topics } from '../../schemas/index.js';
import { ownTopologyFiles } from '../topologyFiles.js';
import { explainedRun, type ExplainedRequest } from './explainedRun.js';
import { writingFolder } from './folder.js';
import { folderInvocation } from './invocation.js';
import { modelsOption, withModels, type ModelsOptions } from './modelOptions.js';
import { folderCommand, nameList, wholeNumber, type FolderOptions } from './options.js';
import { importOulad, type OuladImportResult } from './ouladImport.js';
import { importText } from './ouladText.js';
import { bytesText, countText, countedText, print, printJson, secondsText } from './output.js';
import { PeakMemory } from './peakMemory.js';
import { ProgressLine } from './progressLine.js';
import { checkedTopologies, progressReporter, runText } from './run.js';
import { assertThreads, threadsOf, threadsOption, withoutOthersModels } from './threadsOption.js';
import type { RunSummary } from './topologyRun.js';

interface ImportOptions extends FolderOptions, ModelsOptions {
  readonly module?: string;
  readonly presentation?: string;
  readonly untilDay?: number;
  /** `false` for `--no-run`. */
  readonly run?: readonly string[] | false;
  readonly endOfInput?: true;
  readonly batchRecords?: number;
  readonly threads: number;
}

const DESCRIPTION = `Imports a folder of the Open University Learning Analytics data set (.csv or .csv.gz): studentVle into the topic clicks,
studentAssessment into quiz-results, studentRegistration and assessments into lms-events, studentInfo into profiles, vle into catalogue.
studentVle must be there. Rows that cannot be used go to the dead letters; nothing is dropped. An import that was cut off is repeated
without doubling; one with a later --until-day goes on. The files of one folder and region stay the same.

The topologies of this package then process all there is, as of the midnight after the last day: windows that end later stay open, and a
later import goes on. --run chooses topologies, --no-run runs none, --end-of-input closes every window for good.`;

/** Imports an OULAD folder. */
export function importOuladCommand(): Command {
  return folderCommand('oulad <dir>', 'import the OULAD data set and run topologies over it', DESCRIPTION, [
    'skillforge import oulad ./oulad',
    'skillforge import oulad ./oulad --module AAA --presentation 2014J --until-day 60',
    'skillforge import oulad ./oulad --run learner-engagement,item-trends --end-of-input',
    'skillforge import oulad ./oulad --no-run',
  ])
    .option('--module <code>', 'only this module, such as AAA')
    .option('--presentation <code>', 'only this presentation, such as 2014J')
    .option('--until-day <n>', 'last day to import, counted from the start of the presentation', wholeNumber(-Infinity))
    .option('--run <names>', 'topologies to run afterwards, with commas between; all of this package when left out', nameList)
    .option('--no-run', 'only import')
    .addOption(modelsOption())
    .option('--end-of-input', 'then also close every window, for good: nothing comes after')
    .option('--batch-records <n>', 'most records between two commits of a task', wholeNumber(1))
    .addOption(threadsOption())
    .action(importFolder);
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

async function importFolder(folder: string, options: ImportOptions): Promise<void> {
  assertThreads(options);
  const names = options.run === false ? [] : (options.run ?? ownTopologyFiles().map(({ path }) => path));
  const topologies = await checkedTopologies(names);
  const memory = new PeakMemory();
  const startMs = performance.now();
  const summary = await withModels(withoutOthersModels(options), (models) =>
    writingFolder(options.data, options.json === true, async (storage) => {
      const result = await importing(storage, folder, options);
      const importSeconds = (performance.now() - startMs) / 1000;
      const threads = threadsOf(options, names, storage);
      const run = topologies.length === 0 ? null : await running(storage, topologies, { models, threads }, options);
      return { import: result, importSeconds, run };
    }),
  );
  const seconds = (performance.now() - startMs) / 1000;
  const job = {
    ...summary,
    seconds,
    clicksPerSecond: clicksOf(summary.import) / seconds,
    peakAnonymousBytes: memory.stop(),
    cores: availableParallelism(),
  };
  if (options.json) printJson({ summary: job });
  else print(jobText(job));
}

const clicksOf = ({ topics: written }: OuladImportResult): number => written.find(({ topic }) => topic === topics.clicks.name)!.written;

async function importing(storage: LocalStorage, folder: string, options: ImportOptions): Promise<OuladImportResult> {
  const line = new ProgressLine(options.json === true);
  try {
    const { region, module, presentation, untilDay } = options;
    return await importOulad(storage, folder, { region, module, presentation, untilDay, onProgress: (work) => line.update(work) });
  } finally {
    line.end();
  }
}

function running(
  storage: EmbeddedStorage,
  topologies: readonly Topology[],
  by: Pick<ExplainedRequest, 'models' | 'threads'>,
  options: ImportOptions,
): Promise<RunSummary> {
  const { region, batchRecords } = options;
  const mode = options.endOfInput ? 'end-of-input' : 'until-end';
  const what = `running ${topologies.length > 2 ? `${topologies.length} topologies` : topologies.map(({ name }) => name).join(' and ')}`;
  const request = { region, batchRecords, ...by, mode, onProgress: progressReporter(options.json === true, what, mode) } as const;
  return explainedRun(storage, topologies, request, (at) => folderInvocation(`topology plan ${topologies[at]!.name}`, options));
}

function jobText({ import: imported, importSeconds, run, seconds, clicksPerSecond, peakAnonymousBytes, cores }: JobSummary): string {
  return [
    importText(imported, importSeconds),
    ...(run === null
      ? []
      : [
          runText(run),
          `the whole job: ${countedText(clicksOf(imported), 'click')} in ${secondsText(seconds)}, ${countText(clicksPerSecond)} clicks/s on ${cores} cores`,
        ]),
    ...(peakAnonymousBytes === null ? [] : [`peak of anonymous memory: ${bytesText(peakAnonymousBytes)}`]),
  ].join('\n');
}
