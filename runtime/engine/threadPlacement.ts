import type { LocalStorage, PartitionName, Placement, TaskGroup } from '../ports.js';
import { localPlacement, partitionsOf } from './localPlacement.js';

/** Which of the threads of a run one is. */
export interface ThreadShare {
  /** From 0 on. */
  readonly index: number;
  readonly count: number;
}

/** A storage that other threads commit to, too. */
export interface SharedByThreads extends LocalStorage {
  /** See {@link Placement.rest}. */
  rest(stopped: AbortSignal): Promise<boolean>;
}

/** Of each of them, at most: together they have as many on their way as a run without threads. */
const MOST_COMMITS = 2;

/** A part of the tasks of a run over one storage: it is the same one each time, and for good. */
export function threadPlacement(storage: SharedByThreads, share: ThreadShare): Placement {
  return {
    ...localPlacement(storage),
    mostCommits: MOST_COMMITS,
    runsUnowned: share.index === 0,
    join: async (groups, host) => {
      for (const group of groups) await host.assigned(group.id, sharedOut(group, share), () => false);
    },
    rest: (stopped) => storage.rest(stopped),
  };
}

/** Partitions of one number are one thread's in all topologies: tasks that read each other's results keep step, and hold little that waits. */
const sharedOut = (group: TaskGroup, { index, count }: ThreadShare): PartitionName[] =>
  partitionsOf(group).filter(({ partition }) => partition % count === index);
