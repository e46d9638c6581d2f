import { errorCodeOf } from '../../schemas/errors.js';
import type { RedisConnection } from './connection.js';
import { LOOK, CLAIM } from './lua/claims.js';
import type { TaskKeys } from './taskKeys.js';

/** A batch that was laid aside. */
export interface FoundBatch {
  readonly id: string;
  readonly progress: Buffer;
  /** Number of chunks; `null` while some are missing. */
  readonly total: number | null;
  /** Some of its chunks may have been applied. */
  readonly begun: boolean;
}

/** What Redis holds of a task, besides its rows and timers. */
export interface FoundTask {
  /** The batch that was applied last. */
  readonly applied: string | null;
  readonly progress: Buffer | null;
  readonly staged: FoundBatch | null;
  /** Every store that was ever written. */
  readonly stores: readonly string[];
}

/**
 * Takes the task under a token, and tells what is there. From then on nobody else changes it. The client may send a call again that was not
 * answered, and the first copy may come late: a claim counts only while the one before it is the one that was seen.
 */
export async function claimTask(connection: RedisConnection, keys: TaskKeys, token: string): Promise<FoundTask> {
  for (;;) {
    const seen = (await connection.command('HGET', [keys.meta, 'claim'], keys.task)) as Buffer | null;
    try {
      return foundOf(await connection.run(CLAIM, keys.task, [keys.meta, keys.staged], [token, seen ?? '']));
    } catch (error) {
      // Somebody else's claim came in between, and is taken over as any other.
      if (errorCodeOf(error) !== 'SFS_FENCED') throw error;
    }
  }
}

/** Tells what is there, and changes nothing. */
export async function lookAt(connection: RedisConnection, keys: TaskKeys): Promise<FoundTask> {
  return foundOf(await connection.run(LOOK, keys.task, [keys.meta, keys.staged], []));
}

type FoundReply = readonly [
  applied: Buffer | null,
  progress: Buffer | null,
  id: Buffer | null,
  stagedProgress: Buffer | null,
  total: Buffer | null,
  next: Buffer | null,
  stores: readonly Buffer[],
];

function foundOf(reply: unknown): FoundTask {
  const [applied, progress, id, stagedProgress, total, next, stores] = reply as FoundReply;
  return {
    applied: applied === null ? null : String(applied),
    progress,
    staged:
      id === null ? null : { id: String(id), progress: stagedProgress!, total: total === null ? null : Number(String(total)), begun: next !== null },
    stores: stores.map(String),
  };
}
