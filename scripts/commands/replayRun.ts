/** `skillforge replay run`. */
import type { Command } from 'commander';
import type { Topology } from '../../operators/topology.js';
import { beginReplay } from '../../runtime/replay/beginning.js';
import type { Replay } from '../../runtime/replay/replayState.js';
import type { ReplayPlace } from '../../runtime/replay/replayPlace.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { holdsStorage } from './folder.js';
import { SkillForgeError } from '../../schemas/index.js';
import type { RunModels } from '../../runtime/engine/followedModels.js';
import { modelsOption } from './modelOptions.js';
import { nameList, positiveNumber, wholeNumber } from './options.js';
import { countedText, print, printJson, secondsText } from './output.js';
import { experimentsOption, runningForms, withExperiments } from './experimentOptions.js';
import { usageError } from './failures.js';
import { DEFAULT_RATE } from './replayPlan.js';
import { rangeOf, withRange } from './replayRange.js';
import { replayId, writingReplays } from './replayPlaces.js';
import { keepStatus, type ReplayRunOptions, type ReplayRunSummary } from './replayRunning.js';
import { checkedTopologies, progressReporter } from './run.js';
import { StopSignals } from './stopSignals.js';
import { toolCommand } from './toolAccess.js';
import { runTopologies, type PacedReplay } from './topologyRun.js';

const DESCRIPTION = `Runs the declared version of a topology beside the live one: from the beginning of the log, with state and topics of its own, whose names
end in its number, such as recommendations.v2. Ends when it has caught up with the log; what was stopped or killed goes on where it was.

With --from and --to only the results of that event time are made anew, and "replay promote" puts them into the place of the live ones: for a day whose
data came late.

At most --rate records a second are taken by this process, so that what runs beside it has the rest of the machines. A folder has one writer: there,
--with names the topologies that go on running in this process meanwhile.`;

/** Runs a replay. */
export function replayRunCommand(): Command {
  const command = toolCommand('run <topology>', 'run the declared version beside the live one', DESCRIPTION, [
    'skillforge replay run recommendations --rate 5000',
    'skillforge replay run recommendations --models ./models',
    'skillforge replay run recommendations --follow --kafka localhost:9092 --redis redis://localhost:6379',
  ])
    .option('--rate <n>', 'most records a second of this process', positiveNumber, DEFAULT_RATE)
    .option('--batch-records <n>', 'most records between two commits of a task', wholeNumber(1))
    .option('--follow', 'go on behind the live version, until Ctrl+C')
    .option('--with <topologies>', 'on a folder: topologies that run meanwhile, with commas between', nameList)
    .addOption(modelsOption())
    .addOption(experimentsOption())
    .option('--no-check', 'run files that the check refuses');
  return withRange(command).action(run);
}

async function run(name: string, options: ReplayRunOptions): Promise<void> {
  const [topology] = runningForms(await checkedTopologies([name], options.check), options) as [Topology];
  const beside = options.with === undefined ? [] : await checkedTopologies(options.with, options.check);
  const range = rangeOf(topology, options);
  if (range !== null && options.follow) throw usageError('--follow has no end, and --to is one');
  if (options.kafka === undefined && !holdsStorage(options.data))
    throw new SkillForgeError('SFS_FOLDER_MISSING', `${options.data} holds no storage`, { context: { folder: options.data } });
  const summary = await withExperiments(options, (models) =>
    writingReplays(options, async (open) => {
      const replay = await beginReplay(open.place, topology, range);
      if (open.servers === null) return runOnFolder(open.place, open.storage, { topology, replay, beside, models, options });
      const { runReplayOnCluster } = await import('./replayClusterRun.js');
      return runReplayOnCluster(open.place, open.servers, { topology, replay, models, options });
    }),
  );
  if (options.json) printJson({ summary });
  else print(runText(summary));
}

interface FolderRun {
  readonly topology: Topology;
  readonly replay: Replay;
  readonly beside: readonly Topology[];
  /** The replay decides with them, and so does what runs beside it. */
  readonly models: RunModels | null;
  readonly options: ReplayRunOptions;
}

async function runOnFolder(place: ReplayPlace, storage: LocalStorage, run: FolderRun): Promise<ReplayRunSummary> {
  const { topology, replay, beside, models, options } = run;
  const { region, json = false, rate, batchRecords, follow = false } = options;
  const stop = new AbortController();
  const signals = StopSignals.ofCommits(() => stop.abort());
  // Nothing comes after a range: its last windows are closed.
  const mode = follow ? 'follow' : replay.range === null ? 'until-end' : 'end-of-input';
  const paced: PacedReplay = { shadow: replay, recordsPerSecond: rate };
  const onProgress = progressReporter(json, `replaying ${replayId(replay)}`, mode);
  const besideEnd = new AbortController();
  stop.signal.addEventListener('abort', () => besideEnd.abort());
  try {
    const live = beside.length === 0 ? null : runTopologies(storage, beside, { region, mode: 'follow', models, stopped: besideEnd.signal });
    live?.catch(() => stop.abort());
    const request = { region, mode, batchRecords, models, replay: paced, onProgress, stopped: stop.signal } as const;
    const done = await runTopologies(storage, [topology], request).finally(() => besideEnd.abort());
    await live;
    return {
      replay: replayId(replay),
      processed: done.processed,
      seconds: done.seconds,
      caughtUp: await keepStatus(place, topology, !done.stopped || done.lag === 0),
    };
  } finally {
    signals.release();
  }
}

function runText({ replay, processed, seconds, caughtUp }: ReplayRunSummary): string {
  const end = caughtUp ? `${replay} has caught up` : `${replay} stopped before it had caught up; the same command goes on`;
  return `${end}: ${countedText(processed, 'record')} in ${secondsText(seconds)}`;
}
