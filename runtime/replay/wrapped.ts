/** A placement whose tasks read, begin or commit in another way than those of the placement below; all else is passed on. */
import type { Placement, TaskAccess, TaskPlace } from '../ports.js';

/** What can be put in the place of a task's own. */
export type TaskWays = Partial<Pick<TaskAccess, 'log' | 'tasks' | 'ends' | 'begin' | 'commit' | 'close'>>;

/** The same placement; `waysOf` is asked for each task that is opened. */
export function wrapped(placement: Placement, waysOf: (access: TaskAccess, place: TaskPlace) => TaskWays): Placement {
  const { log, documents, schemas, mostCommits, isShared, runsUnowned } = placement;
  return {
    log,
    documents,
    schemas,
    mostCommits,
    isShared,
    ...(runsUnowned === undefined ? {} : { runsUnowned }),
    join: (groups, host) => placement.join(groups, host),
    openTask: async (place) => {
      const access = await placement.openTask(place);
      return wrappedTask(access, waysOf(access, place));
    },
    ...(placement.rest === undefined ? {} : { rest: (stopped) => placement.rest!(stopped) }),
    records: (topic, partition) => placement.records(topic, partition),
    refused: (topic, code) => placement.refused?.(topic, code),
    leave: () => placement.leave(),
  };
}

function wrappedTask(access: TaskAccess, ways: TaskWays): TaskAccess {
  const { log, tasks, isBehind = false, reached, ends } = access;
  return {
    log,
    tasks,
    isBehind,
    ...(reached === undefined ? {} : { reached }),
    ...(ends === undefined ? {} : { ends }),
    begin: (positions) => access.begin(positions),
    commit: (commit, positions) => access.commit(commit, positions),
    idle: () => access.idle?.(),
    ...(access.size === undefined ? {} : { size: () => access.size!() }),
    close: () => access.close(),
    ...ways,
  };
}
