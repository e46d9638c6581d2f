/** The way of production, from the files to lists: events, topologies, training on what lies before the cut, decisions. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { days } from '../../operators/index.js';
import type { RunModels } from '../../runtime/engine/followedModels.js';
import { itemFeatures } from '../../operators/recommend/index.js';
import { localTools } from '../../runtime/localTools.js';
import { readingFolder, withFolder } from '../commands/folder.js';
import { withModels } from '../commands/modelOptions.js';
import { importOulad } from '../commands/ouladImport.js';
import type { WorkDone } from '../commands/progressLine.js';
import { runWork } from '../commands/run.js';
import type { RunProgress } from '../commands/topologyRun.js';
import { pythonOf, runTrainer } from '../ml/python.js';
import { loadOwnTopology } from '../topologyFiles.js';
import { exportTraining } from '../training/trainingExport.js';
import { decideInCopy, readLists, runToEnd, type DecidingOptions, type Lists } from './decidedLists.js';
import type { WorkFolder } from './workFolder.js';

/** What to evaluate. */
export interface FlowOptions {
  /** Folder of the data set. */
  readonly data: string;
  readonly region: string;
  /** The midnight (UTC) after the day of the cut, ms: everything before it is known. */
  readonly cutMs: number;
  readonly onProgress: (work: WorkDone) => void;
}

/** Between two trainings of retrieval: what decisions log must be as fresh as what they will see, so lately as often as rankers are trained. */
const RETRIEVAL_EVERY = days(28);
const LATELY = days(84);
/** Before so much has happened there is nothing to learn from. */
const LEAST_HISTORY = days(14);
/** Every learner is decided once in so many days at least, so lists of the cut are as old as that at most; rankers are trained so often, too. */
export const RANKER_EVERY = days(7);
/** So many decisions are enough to learn from. */
const LOGGED_DECISIONS = 20_000;
/** Decisions for each record of activity, roughly. */
const DECISIONS_PER_ACTIVITY = 3.6;

/** Topologies that models are not for. */
const PLAIN = ['cohort-trends', 'curricula', 'learner-activity', 'learner-engagement', 'quiz-mastery'];
/** Topologies that put learners into segments, which training learns. */
const SEGMENTED = ['learner-contexts', 'segment-lists'];

/** What the first part left: events and what topologies made of them, and models of retrieval. */
export interface Prepared {
  /** Folder of the storage in which all topologies but the recommendations ran. */
  readonly log: string;
  /** Folder of the bundles of retrieval. */
  readonly retrieval: string;
  /** The export of what decisions saw. */
  readonly training: string;
}

/**
 * Does everything up to the training of rankers. What happens after the cut is read by none of it.
 *
 * @throws what importing, running, exporting and training throw
 */
export async function prepare(work: WorkFolder, options: FlowOptions): Promise<Prepared> {
  const { data, region, cutMs, onProgress } = options;
  const [log, activity, retrieval] = [work.path('log'), work.path('activity'), work.path('retrieval')];
  const [logged, training] = [work.path('logged'), work.path('training')];
  await work.step('import', { data, region, cutMs }, async () => {
    // Minutes before it is needed: who lacks it hears of it now.
    pythonOf('trainer');
    rmSync(log, { recursive: true, force: true });
    await withFolder(log, (storage) => importOulad(storage, data, { region, untilEpochDay: cutMs / days(1) - 1, onProgress }));
  });
  const activities = await work.step('topologies', PLAIN, () => runUpstream(log, PLAIN, null, options));
  const firstMs = await work.step('export of the activity', null, () => exportActivity(log, work.path('unsegmented'), activity, options));
  await work.step('training of retrieval', null, () => trainRetrieval(activity, retrieval, firstMs, options));
  await work.step('segments of learners', SEGMENTED, () =>
    withModels({ region, models: retrieval }, async (models) => {
      await runUpstream(log, SEGMENTED, models, options);
    }),
  );
  const loggedShare = Math.min(1, LOGGED_DECISIONS / (DECISIONS_PER_ACTIVITY * activities));
  await work.step('decisions with their features', { loggedShare, features: itemFeatures.id }, () =>
    withModels({ region, models: retrieval }, (models) =>
      decideInCopy(log, logged, { region, models, loggedShare, onProgress: runProgress('decisions with their features', onProgress) }),
    ),
  );
  await work.step('export of the features', null, () =>
    readingFolder(logged, (storage) =>
      exportTraining(localTools(storage), { region, out: training, onProgress: (one) => onProgress({ ...one, unit: 'records' }) }),
    ),
  );
  return { log, retrieval, training };
}

/** Bundles of a folder by the instant up to which they were trained. */
export const bundleIn = (folder: string, untilMs: number): string => join(folder, `until-${untilMs}`);

/** Ascending, the cut included. */
function retrievalInstants(firstMs: number, cutMs: number): number[] {
  const instants = [cutMs];
  for (let at = cutMs; at - RANKER_EVERY > firstMs;) {
    at -= cutMs - at < LATELY ? RANKER_EVERY : RETRIEVAL_EVERY;
    const isNeeded = at === cutMs - RANKER_EVERY || at >= firstMs + LEAST_HISTORY;
    if (isNeeded) instants.push(at);
  }
  return instants.reverse();
}

/** Runs topologies of this package. @returns how many records they wrote, those of `learner-activity` where it is among them */
async function runUpstream(folder: string, names: readonly string[], models: RunModels | null, { region, onProgress }: FlowOptions): Promise<number> {
  const topologies = await Promise.all(names.map(loadOwnTopology));
  const request = { region, models, mode: 'until-end', onProgress: runProgress(`running ${names.join(', ')}`, onProgress) } as const;
  const summary = await withFolder(folder, (storage) => runToEnd(storage, topologies, request));
  return summary.topologies.find(({ topology }) => topology.startsWith('learner-activity@'))?.counters.outputs ?? 0;
}

async function trainRetrieval(activity: string, retrieval: string, firstMs: number, { cutMs, onProgress }: FlowOptions): Promise<void> {
  rmSync(retrieval, { recursive: true, force: true });
  mkdirSync(retrieval, { recursive: true });
  const instants = retrievalInstants(firstMs, cutMs);
  for (const [done, untilMs] of instants.entries()) {
    onProgress({ what: 'training of retrieval', done, total: instants.length, unit: 'models' });
    await runTrainer(['retrieval', '--export', activity, '--until', String(untilMs), '--out', bundleIn(retrieval, untilMs)]);
  }
}

const runProgress =
  (what: string, onProgress: FlowOptions['onProgress']) =>
  (progress: RunProgress): void =>
    onProgress(runWork(progress, what, 'until-end'));

/** Exports what learners did and who they are, before there is a model. @returns when the first of the interactions was, ms */
async function exportActivity(log: string, unsegmented: string, out: string, options: FlowOptions): Promise<number> {
  rmSync(unsegmented, { recursive: true, force: true });
  cpSync(log, unsegmented, { recursive: true });
  await runUpstream(unsegmented, SEGMENTED, null, options);
  const { firstMs } = await readingFolder(unsegmented, (storage) => exportTraining(localTools(storage), { region: options.region, out }));
  rmSync(unsegmented, { recursive: true, force: true });
  return firstMs ?? 0;
}

/** What a variant of the recommender changes. */
export interface Variant {
  /** Of a file: `learned`, `formula`, `without-als`. */
  readonly name: string;
  /** Further arguments of the training of rankers; `null` for the formula, which is not trained. */
  readonly rankerArguments: readonly string[] | null;
  /** Candidate sources that propose nothing, as a set of bits. */
  readonly without?: number;
}

/** The lists of one course as a variant decides them at the cut. @throws what training and running throw */
export async function decidedBy(work: WorkFolder, prepared: Prepared, variant: Variant, course: string, options: FlowOptions): Promise<Lists> {
  const { region, cutMs, onProgress } = options;
  const models = await rankersOf(work, prepared, variant.rankerArguments, options);
  const folder = work.path(`decided-${variant.name}`);
  const kept = await work.aside(`decisions ${variant.name}`, { models, variant, course }, () =>
    withModels({ region, models }, async (opened) => {
      const deciding: DecidingOptions = {
        region,
        models: opened,
        fromMs: cutMs - RANKER_EVERY,
        loggedShare: 0,
        onProgress: runProgress(`decisions ${variant.name}`, onProgress),
        ...(variant.without === undefined ? {} : { without: variant.without }),
      };
      await decideInCopy(prepared.log, folder, deciding);
      const lists = await readLists(folder, region, course);
      rmSync(folder, { recursive: true, force: true });
      return { next: [...lists.next], new: [...lists.new] };
    }),
  );
  return { next: new Map(kept.next), new: new Map(kept.new) };
}

/** Trains rankers at the cut and a week before it. @returns the folder of their bundles; that of retrieval alone for the formula */
async function rankersOf(
  work: WorkFolder,
  { training, retrieval }: Prepared,
  args: Variant['rankerArguments'],
  options: FlowOptions,
): Promise<string> {
  if (args === null) return retrieval;
  const { cutMs, onProgress } = options;
  const name = ['rankers', ...args.map((arg) => arg.replace(/\W+/g, '-'))].join('-').slice(0, 60);
  const folder = work.path(name);
  await work.aside(`training of ${name}`, { args }, async () => {
    rmSync(folder, { recursive: true, force: true });
    for (const untilMs of [cutMs - RANKER_EVERY, cutMs]) {
      const until = [
        '--export',
        training,
        '--until',
        String(untilMs),
        '--retrieval',
        bundleIn(retrieval, untilMs),
        '--out',
        bundleIn(folder, untilMs),
      ];
      await runTrainer(['ranker', ...until, ...args], (line) => onProgress({ what: line, done: 0, total: null, unit: 'steps' }));
    }
  });
  return folder;
}
