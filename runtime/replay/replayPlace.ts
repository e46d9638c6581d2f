/** Where replays happen: a folder, or a region on servers. */
import { localTools } from '../localTools.js';
import type { OutputRecord, Removal, RemovingStorage, Storage, ToolAccess } from '../ports.js';

/** What the commands of replays read and change. */
export interface ReplayPlace {
  readonly region: string;
  readonly tools: ToolAccess;
  readonly documents: Storage['documents'];
  append(records: readonly OutputRecord[]): Promise<void>;
  /** @param version - `name@number` @throws SFS_REPLAY_RUNNING when processes run it */
  assertIdle(version: string): Promise<void>;
  /** Deletes topics and the state of tasks, and forgets who ran them. @param version - `name@number` */
  remove(removal: Removal, version: string): Promise<void>;
}

/** What it takes to look at replays, and to change nothing. */
export interface ReplayView extends Pick<ReplayPlace, 'region' | 'tools'> {
  readonly documents: ToolAccess['documents'];
}

/** A folder, or a storage in memory: nobody else runs anything there. */
export function localReplays(storage: RemovingStorage, region: string): ReplayPlace {
  return {
    region,
    tools: localTools(storage),
    documents: storage.documents,
    append: (records) => storage.log.append(records),
    assertIdle: () => Promise.resolve(),
    remove: (removal) => storage.remove(removal),
  };
}
