/** The option that shares a run out among threads, and what it comes to. */
import { Option } from 'commander';
import { SkillForgeError } from '../../schemas/index.js';
import type { EmbeddedStorage } from '../../runtime/embedded/index.js';
import { holdsRing } from '../../runtime/keys/folderRing.js';
import { findTopologyFile } from '../topologyFiles.js';
import { followedPlace, type FollowingOptions } from './modelOptions.js';
import { wholeNumber } from './options.js';
import type { ThreadsWanted } from './runThreadMessages.js';

/** `--threads`. Each has a heap of its own, so nobody gets more than one unasked. */
export function threadsOption(): Option {
  return new Option('--threads <n>', 'threads of this process among which the tasks of a run that ends are shared out')
    .default(1)
    .argParser(wholeNumber(1));
}

/** What a run on a folder is told that bears on its threads. */
export interface ThreadsOptions extends Omit<FollowingOptions, 'data'> {
  readonly data: string;
  readonly threads: number;
}

/**
 * To be called before anything is done. @param reason - what else it is that has one thread only
 * @throws SFS_RUN_MODE where threads are asked for that this run cannot have
 */
export function assertThreads(options: ThreadsOptions, reason: string | null = null): void {
  const { threads } = options;
  const against = threads === 1 ? null : (reason ?? oneThreadOnly(options));
  if (against !== null) throw new SkillForgeError('SFS_RUN_MODE', `${against} has one thread: leave --threads out`, { context: { threads } });
}

/** The threads of a run that ends; `undefined` for one thread. @param names - of the topologies, as they were given */
export function threadsOf(
  { threads: count, data: folder, models }: ThreadsOptions,
  names: readonly string[],
  storage: EmbeddedStorage,
): ThreadsWanted | undefined {
  if (count === 1) return undefined;
  return { count, storage, folder, files: names.map((name) => findTopologyFile(name, process.cwd()).path), models };
}

/** The same options for what this thread opens: where others decide, it needs no models. */
export function withoutOthersModels<T extends ThreadsOptions>(options: T): Omit<T, 'models'> & Pick<ThreadsOptions, 'models'> {
  const { models: _, ...rest } = options;
  return options.threads === 1 ? options : rest;
}

/** What changes while the run goes on is followed in one place. */
function oneThreadOnly(options: ThreadsOptions): string | null {
  if (holdsRing(options.data)) return 'a folder with keys';
  return followedPlace(options) === null ? null : 'a run that follows a registry of models';
}
