import type { StateSize } from '../ports.js';
import { ClaimedTask } from './claimedTask.js';
import { RedisConnection } from './connection.js';
import { placeOf, type RedisOptions } from './options.js';
import { dropTask, restoreTask, snapshotOf, type SnapshotChunk } from './snapshots.js';
import { stateSize } from './stateSize.js';
import { RegionKeys } from './taskKeys.js';
import { taskRows, type TaskRows } from './taskRows.js';

/** Small durable documents of a region, by name. */
export interface RedisDocuments {
  get(name: string): Promise<Buffer | null>;
  put(name: string, value: Buffer): Promise<void>;
  /** The names that begin with `prefix`, sorted. */
  names(prefix: string): Promise<string[]>;
}

const DEFAULT_PREFIX = 'skillforge';

/**
 * Connects to Redis 7.0 or newer, or to a cluster of them.
 * @throws SFS_REDIS_OPTION, SFS_NAME_INVALID for a region or prefix that cannot be part of a key; SFS_STATE_UNAVAILABLE when there is no
 * Redis; SFS_STATE_REFUSED when it does not let us in
 */
export async function openRedis(options: RedisOptions): Promise<RedisState> {
  const keys = new RegionKeys(options.region, options.keyPrefix ?? DEFAULT_PREFIX);
  return new RedisState(await RedisConnection.open(placeOf(options)), keys);
}

/** The state of one region's tasks in Redis. All calls may fail with SFS_STATE_UNAVAILABLE and SFS_STATE_REFUSED. */
export class RedisState {
  readonly documents: RedisDocuments;

  /** Made by {@link openRedis}. */
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RegionKeys,
  ) {
    this.documents = documentsOf(connection, keys.documents);
  }

  /** Takes a task, from whoever has it; {@link ClaimedTask.recover} comes next. @throws SFS_NAME_INVALID */
  claim(task: string): Promise<ClaimedTask> {
    return ClaimedTask.claim(this.connection, this.keys.task(task));
  }

  /** The tasks that have state, or are claimed, sorted. Goes through all keys of the servers. */
  async tasks(): Promise<string[]> {
    const metas = await this.connection.keys(this.keys.everyMeta);
    return metas.map((meta) => this.keys.taskOf(meta)).sort();
  }

  /** What a task has applied, for who looks without a claim. @throws SFS_NAME_INVALID */
  rows(task: string): TaskRows {
    return taskRows(this.connection, this.keys.task(task));
  }

  /** How much a task has in Redis, for who looks without a claim; the bytes are estimated. @throws SFS_NAME_INVALID */
  size(task: string): Promise<StateSize> {
    return stateSize(this.connection, this.keys.task(task));
  }

  /** Whether a worker has the task, or had it and was killed: a claim that is not given up stays. */
  async isClaimed(task: string): Promise<boolean> {
    return (await this.connection.command('HEXISTS', [this.keys.task(task).meta, 'token'], task)) === 1;
  }

  /** Deletes all of a task. Whoever has it is told at the next call: SFS_STATE_BEHIND. */
  drop(task: string): Promise<void> {
    return dropTask(this.connection, this.keys.task(task));
  }

  /**
   * A consistent copy of a task, nothing for one without state. When a batch is applied meanwhile it begins again, with another `begin`: what
   * came before that is void.
   * @throws SFS_SNAPSHOT_UNSETTLED after 10 tries
   */
  snapshot(task: string): AsyncGenerator<SnapshotChunk> {
    return snapshotOf(this.connection, this.keys.task(task));
  }

  /**
   * Replaces the state of a task by a copy, as a whole or not at all. Whoever has the task is fenced.
   * @throws SFS_SNAPSHOT_INVALID for a copy that is not whole: the task has no state then; SFS_FENCED when the task is claimed meanwhile
   */
  restore(task: string, chunks: AsyncIterable<SnapshotChunk> | Iterable<SnapshotChunk>): Promise<void> {
    return restoreTask(this.connection, this.keys.task(task), chunks);
  }

  /** Waits for what was sent, unless Redis is away. */
  close(): Promise<void> {
    return this.connection.close();
  }
}

function documentsOf(connection: RedisConnection, key: string): RedisDocuments {
  return {
    get: async (name) => (await connection.command('HGET', [key, name])) as Buffer | null,
    put: async (name, value) => {
      await connection.command('HSET', [key, name, value]);
    },
    names: async (prefix) => {
      const names = (await connection.command('HKEYS', [key])) as Buffer[];
      return names
        .map(String)
        .filter((name) => name.startsWith(prefix))
        .sort();
    },
  };
}
