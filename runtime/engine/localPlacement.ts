import { localRecords } from '../localTools.js';
import type { PartitionName, Placement, Storage, TaskAccess, TaskGroup } from '../ports.js';

/** Few: the garbage collector pays for what waits. */
const MOST_COMMITS = 4;

/** A storage of this process alone: every task is its own, at once and for good. */
export function localPlacement(storage: Storage): Placement {
  const access: TaskAccess = {
    log: storage.log,
    tasks: storage.tasks,
    begin: () => undefined,
    commit: (commit) => storage.commit(commit),
    close: () => Promise.resolve(),
  };
  return {
    log: storage.log,
    documents: storage.documents,
    mostCommits: MOST_COMMITS,
    isShared: false,
    join: async (groups, host) => {
      for (const group of groups) await host.assigned(group.id, partitionsOf(group), () => false);
    },
    openTask: () => Promise.resolve(access),
    records: (topic, partition) => localRecords(storage.log, topic, partition),
    leave: () => Promise.resolve(),
  };
}

/** All partitions of a group. */
export const partitionsOf = ({ topics }: TaskGroup): PartitionName[] =>
  topics.flatMap(({ name, partitions }) => Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })));
