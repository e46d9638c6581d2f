import type { StateSize } from '../ports.js';
import { ClaimedTask } from './claimedTask.js';
import { RedisConnection } from './connection.js';
import { keyStoreOf, type RedisKeyStore } from './keyStore.js';
import { placeOf, type RedisOptions } from './options.js';
import { refusalsOf, type RedisRefusals } from './refusals.js';
import { dropTask, restoreTask, snapshotOf, type SnapshotChunk } from './snapshots.js';
import { stateSize } from './stateSize.js';
import { RegionKeys } from './taskKeys.js';
import { taskRows, type TaskRows } from './taskRows.js';
import { sweepTask, type SweepCounts, type SweepRules } from './taskSweep.js';
import { regionBytes, rewriteFiles, type RegionBytes } from './regionBytes.js';

/** Small durable documents of a region, by name. */
export interface RedisDocuments {
  get(name: string): Promise<Buffer | null>;
  put(name: string, value: Buffer): Promise<void>;
  /** Puts a value in the place of another one, `null` for none. @returns false where something else is there by now */
  replace(name: string, before: Buffer | null, after: Buffer): Promise<boolean>;
  /** The names that begin with `prefix`, sorted. */
  names(prefix: string): Promise<string[]>;
}

/** What all keys begin with unless another prefix is given. */
export const DEFAULT_PREFIX = 'skillforge';

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
  /** Wrapped data keys of the region. */
  readonly dataKeys: RedisKeyStore;
  /** Owners whose records the region takes no more. */
  readonly refusals: RedisRefusals;

  /** Made by {@link openRedis}. */
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RegionKeys,
  ) {
    this.documents = documentsOf(connection, keys.documents);
    this.dataKeys = keyStoreOf(connection, keys.dataKeys);
    this.refusals = refusalsOf(connection, keys.refused, keys.refusedWriters);
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

  /** Takes rows and timers out of a task, beside the worker that runs it. @throws SFS_FENCED where others took the task in each of its tries */
  sweep(task: string, rules: SweepRules): Promise<SweepCounts> {
    return sweepTask(this.connection, this.keys.task(task), rules);
  }

  /** Everything that Redis has under the keys of the region, as it lies there; what is written meanwhile may come or not. */
  bytes(): AsyncGenerator<RegionBytes> {
    return regionBytes(this.connection, this.keys.everything);
  }

  /** Has each server write its append-only file anew, where it keeps one, and waits for it. @returns how many did. @throws SFS_STATE_REFUSED where it fails */
  rewriteFiles(): Promise<number> {
    return rewriteFiles(this.connection);
  }

  /** Waits for what was sent, unless Redis is away. */
  close(): Promise<void> {
    return this.connection.close();
  }
}

/** KEYS: 1 the documents. ARGV: 1 the name, 2 what it was, empty for nothing, 3 what it becomes. Answers 1 or 0. */
const REPLACE = `
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
`;

function documentsOf(connection: RedisConnection, key: string): RedisDocuments {
  return {
    get: async (name) => (await connection.command('HGET', [key, name])) as Buffer | null,
    put: async (name, value) => {
      await connection.command('HSET', [key, name, value]);
    },
    replace: async (name, before, after) => (await connection.command('EVAL', [REPLACE, 1, key, name, before ?? '', after])) === 1,
    names: async (prefix) => {
      const names = (await connection.command('HKEYS', [key])) as Buffer[];
      return names
        .map(String)
        .filter((name) => name.startsWith(prefix))
        .sort();
    },
  };
}
