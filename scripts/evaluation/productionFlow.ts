/** The way of production, from events to lists: topologies, training on what lies before the cut, decisions. */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { days } from '../../operators/index.js';
import type { RunModels } from '../../runtime/engine/followedModels.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { itemFeatures } from '../../operators/recommend/index.js';
import { localTools } from '../../runtime/localTools.js';
import { readingFolder, withFolder } from '../commands/folder.js';
import { withModels } from '../commands/modelOptions.js';
import type { WorkDone } from '../commands/progressLine.js';
import { runWork } from '../commands/run.js';
import type { RunProgress } from '../commands/topologyRun.js';
import { pythonOf, runTrainer } from '../ml/python.js';
import { loadOwnTopology } from '../topologyFiles.js';
import { exportTraining } from '../training/trainingExport.js';
import { decideInCopy, runToEnd, type DecidingOptions } from './decidedLists.js';
import type { WorkFolder } from './workFolder.js';

/** What happened up to a cut. */
export interface FlowEvents {
  /** All that decides what is written; plain JSON. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Writes the events before the cut that are not there yet. */
  readonly write: (storage: LocalStorage, options: Pick<FlowOptions, 'region' | 'cutMs' | 'onProgress'>) => Promise<void>;
}

/** What to evaluate. */
export interface FlowOptions {
  readonly events: FlowEvents;
  readonly region: string;
  /** The midnight (UTC) after the day of the cut, ms: everything before it is known. */
  readonly cutMs: number;
  /** Lists of the cut are as old as that at most: a whole number of days, as ms. By default {@link DECIDED_WITHIN}. */
  readonly decidedWithinMs?: number;
  /** About so many decisions are logged to learn from. By default {@link LOGGED_DECISIONS}. */
  readonly loggedDecisions?: number;
  /** Trees of each ranker; by default as many as are best on the latest decisions. */
  readonly trees?: number;
  readonly onProgress: (work: WorkDone) => void;
}

/** Between two trainings of retrieval: what decisions log must be about as fresh as what they will see, so lately more often. */
const RETRIEVAL_EVERY = days(28);
const LATELY_EVERY = days(7);
const LATELY = days(84);
/** Before so much has happened there is nothing to learn from. */
const LEAST_HISTORY = days(14);
/** Every learner is decided once in so many days at least, so lists of the cut are as old as that at most. */
export const DECIDED_WITHIN = days(7);
/** In production models are trained each day, and those of a day decide on the next one. Of the days before a cut two are enough: the last one decides for all but those who have been silent for long. */
const trainedDays = ({ cutMs, decidedWithinMs = DECIDED_WITHIN }: FlowOptions): number[] => [...new Set([cutMs - decidedWithinMs, cutMs - days(1)])];
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
  /** The midnight (UTC) after the day of the cut, ms. */
  readonly cutMs: number;
  /** Stands for all that was done, and on what. */
  readonly mark: string;
  /** Folder of the storage in which those topologies ran that need no model. */
  readonly plain: string;
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
 * @param from - an earlier cut on which it goes on: its import and its topologies go further, as in production, and its models are kept
 * @throws what importing, running, exporting and training throw
 */
export async function prepare(work: WorkFolder, from: Prepared | null, options: FlowOptions): Promise<Prepared> {
  const { events, region, cutMs, loggedDecisions = LOGGED_DECISIONS, onProgress } = options;
  const [plain, log, activity, retrieval] = [work.path('plain'), work.path('log'), work.path('activity'), work.path('retrieval')];
  const [logged, training] = [work.path('logged'), work.path('training')];
  await work.step('import', { ...events.inputs, region, cutMs, from: from?.mark ?? null }, async () => {
    // Minutes before it is needed: who lacks it hears of it now.
    pythonOf('trainer');
    await writeUpTo(plain, from?.plain ?? null, options);
  });
  const activities = await work.step('topologies', PLAIN, () => runPlain(plain, options));
  const firstMs = await work.step('export of the activity', null, () => exportActivity(plain, work.path('unsegmented'), activity, options));
  await work.step('training of retrieval', { lately: [LATELY, LATELY_EVERY], every: RETRIEVAL_EVERY, trained: trainedDays(options) }, () =>
    trainRetrieval(activity, retrieval, firstMs, from, options),
  );
  await work.step('segments of learners', SEGMENTED, () =>
    withModels({ region, models: retrieval }, async (models) => {
      beginWith(log, plain);
      await runUpstream(log, SEGMENTED, models, options);
    }),
  );
  const loggedShare = Math.min(1, loggedDecisions / (DECISIONS_PER_ACTIVITY * activities));
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
  return { cutMs, mark: work.mark, plain, log, retrieval, training };
}

/** Writes what lies before a cut into a folder that holds what another one does, or nothing. @throws what writing throws */
export async function writeUpTo(plain: string, from: string | null, options: FlowOptions): Promise<void> {
  beginWith(plain, from);
  await withFolder(plain, (storage) => options.events.write(storage, options));
}

/** Runs the topologies that need no model over what they have not read yet. @returns records of `learner-activity`, those of earlier runs included. @throws what running throws */
export const runPlain = (plain: string, options: FlowOptions): Promise<number> => runUpstream(plain, PLAIN, null, options);

/** A folder that holds what another one does, or nothing. */
function beginWith(folder: string, from: string | null): void {
  rmSync(folder, { recursive: true, force: true });
  if (from !== null) cpSync(from, folder, { recursive: true });
}

/** Bundles of a folder by the instant up to which they were trained. */
export const bundleIn = (folder: string, untilMs: number): string => join(folder, `until-${untilMs}`);

/** Ascending: those with which the past is decided, those of the rankers, and the cut, of which baselines are. */
function retrievalInstants(firstMs: number, options: FlowOptions): number[] {
  const { cutMs } = options;
  const instants = [cutMs, ...trainedDays(options)];
  for (let at = cutMs - LATELY_EVERY; at >= firstMs + LEAST_HISTORY; at -= cutMs - at < LATELY ? LATELY_EVERY : RETRIEVAL_EVERY) instants.push(at);
  return [...new Set(instants)].sort((a, b) => a - b);
}

/** Runs topologies of this package. @returns how many records of `learner-activity` there are now, markers included, where it is among them; else 0 */
async function runUpstream(folder: string, names: readonly string[], models: RunModels | null, { region, onProgress }: FlowOptions): Promise<number> {
  const topologies = await Promise.all(names.map(loadOwnTopology));
  const request = { region, models, mode: 'until-end', onProgress: runProgress(`running ${names.join(', ')}`, onProgress) } as const;
  const summary = await withFolder(folder, (storage) => runToEnd(storage, topologies, request));
  return summary.topologies.find(({ topology }) => topology.startsWith('learner-activity@'))?.counters.outputs ?? 0;
}

async function trainRetrieval(activity: string, retrieval: string, firstMs: number, from: Prepared | null, options: FlowOptions): Promise<void> {
  const { onProgress } = options;
  beginWith(retrieval, from?.retrieval ?? null);
  mkdirSync(retrieval, { recursive: true });
  // Before the cut on which this goes on there are models already; the rankers of this one want theirs in any case.
  const isMissing = (untilMs: number): boolean =>
    (untilMs > (from?.cutMs ?? -Infinity) || trainedDays(options).includes(untilMs)) && !existsSync(bundleIn(retrieval, untilMs));
  const instants = retrievalInstants(firstMs, options).filter(isMissing);
  let done = 0;
  await twoAtOnce(instants, async (untilMs) => {
    onProgress({ what: 'training of retrieval', done, total: instants.length, unit: 'models' });
    await runTrainer(['retrieval', '--export', activity, '--until', String(untilMs), '--out', bundleIn(retrieval, untilMs)]);
    done++;
  });
}

/** Works on each, two at a time: a training keeps one core busy. After a failure no other one begins. @throws what `work` throws, when nothing runs any more */
async function twoAtOnce<T>(ones: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...ones];
  const takeOneByOne = async (): Promise<void> => {
    try {
      while (waiting.length > 0) await work(waiting.shift()!);
    } finally {
      waiting.length = 0;
    }
  };
  const both = [takeOneByOne(), takeOneByOne()];
  await Promise.allSettled(both);
  await Promise.all(both);
}

const runProgress =
  (what: string, onProgress: FlowOptions['onProgress']) =>
  (progress: RunProgress): void =>
    onProgress(runWork(progress, what, 'until-end'));

/** Exports what learners did and who they are, before there is a model. @returns when the first of the interactions was, ms */
async function exportActivity(plain: string, unsegmented: string, out: string, options: FlowOptions): Promise<number> {
  beginWith(unsegmented, plain);
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

/** What is wanted of a folder in which was decided. */
export interface Reading<R> {
  /** All that decides what is read, besides the folder; plain JSON. */
  readonly of: unknown;
  /** Plain JSON, too. */
  readonly from: (folder: string) => Promise<R>;
}

/** What a variant decides at the cut. @throws what training and running throw */
export async function decidedBy<R>(work: WorkFolder, prepared: Prepared, variant: Variant, reading: Reading<R>, options: FlowOptions): Promise<R> {
  const { region, cutMs, decidedWithinMs = DECIDED_WITHIN, trees, onProgress } = options;
  const models = await rankersOf(work, prepared, variant.rankerArguments, options);
  const folder = work.path(`decided-${variant.name}`);
  return work.aside(`decisions ${variant.name}`, { models, trees, variant, of: reading.of }, () =>
    withModels({ region, models }, async (opened) => {
      const deciding: DecidingOptions = {
        region,
        models: opened,
        fromMs: cutMs - decidedWithinMs,
        loggedShare: 0,
        onProgress: runProgress(`decisions ${variant.name}`, onProgress),
        ...(variant.without === undefined ? {} : { without: variant.without }),
      };
      await decideInCopy(prepared.log, folder, deciding);
      const read = await reading.from(folder);
      rmSync(folder, { recursive: true, force: true });
      return read;
    }),
  );
}

/** Trains the rankers that decide before the cut. @returns the folder of their bundles; that of retrieval alone for the formula */
async function rankersOf(
  work: WorkFolder,
  { training, retrieval }: Prepared,
  args: Variant['rankerArguments'],
  options: FlowOptions,
): Promise<string> {
  if (args === null) return retrieval;
  const { trees, onProgress } = options;
  const name = ['rankers', ...args.map((arg) => arg.replace(/\W+/g, '-'))].join('-').slice(0, 60);
  const folder = work.path(name);
  const further = trees === undefined ? args : [...args, '--trees', String(trees)];
  await work.aside(`training of ${name}`, { args: further }, async () => {
    rmSync(folder, { recursive: true, force: true });
    await twoAtOnce(trainedDays(options), async (untilMs) => {
      const until = ['--export', training, '--until', String(untilMs), '--retrieval', bundleIn(retrieval, untilMs)];
      const tell = (line: string): void => onProgress({ what: line, done: 0, total: null, unit: 'steps' });
      await runTrainer(['ranker', ...until, '--out', bundleIn(folder, untilMs), ...further], tell);
    });
  });
  return folder;
}
