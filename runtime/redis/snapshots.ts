import { setTimeout as sleep } from 'node:timers/promises';
import { SkillForgeError, errorCodeOf } from '../../schemas/errors.js';
import type { QueueEntry } from '../ports.js';
import { randomId } from './claimedTask.js';
import type { Argument, RedisConnection } from './connection.js';
import { claimTask, lookAt, type FoundTask } from './found.js';
import { DISCARD, DROP, RELEASE } from './lua/claims.js';
import type { Script } from './lua/script.js';
import { APPLY, STAGE } from './lua/writes.js';
import { chunksOf, type Chunk } from './packing.js';
import { MOST_READ, queueHead, scanRows, type StoredRow, type View } from './rows.js';
import type { TaskKeys } from './taskKeys.js';

/** A piece of the copy of a task. A copy is what lies between the last `begin` and the `end` after it. */
export type SnapshotChunk =
  | { readonly kind: 'begin'; readonly applied: string; readonly progress: Buffer }
  | { readonly kind: 'rows'; readonly store: string; readonly rows: readonly StoredRow[] }
  | { readonly kind: 'queue'; readonly entries: readonly QueueEntry[] }
  | { readonly kind: 'end' };

const MOST_STARTS = 10;
const PAUSE_MS = 100;

/** The state of a task as of one batch; begins again when another one is applied meanwhile. Nothing for a task without state. @throws SFS_SNAPSHOT_UNSETTLED */
export async function* snapshotOf(connection: RedisConnection, keys: TaskKeys): AsyncGenerator<SnapshotChunk> {
  for (let start = 0; start < MOST_STARTS; start++) {
    if (start > 0) await sleep(PAUSE_MS);
    const found = await lookAt(connection, keys);
    if (found.applied === null) return;
    try {
      yield* copyOf({ connection, keys, token: '', applied: found.applied }, found);
      return;
    } catch (error) {
      if (errorCodeOf(error) !== 'SFS_STATE_BEHIND') throw error;
    }
  }
  const message = `task ${keys.task} went on during each of ${MOST_STARTS} tries to copy it`;
  throw new SkillForgeError('SFS_SNAPSHOT_UNSETTLED', message, { retriable: true, context: { task: keys.task } });
}

async function* copyOf(view: View, { applied, progress, stores }: FoundTask): AsyncGenerator<SnapshotChunk> {
  yield { kind: 'begin', applied: applied!, progress: progress! };
  for (const store of stores) {
    for await (const rows of scanRows(() => view, store)) if (rows.length > 0) yield { kind: 'rows', store, rows };
  }
  let last: QueueEntry | undefined;
  do {
    const entries = await queueHead(view, MOST_READ, last);
    if (entries.length > 0) yield { kind: 'queue', entries };
    last = entries.length < MOST_READ ? undefined : entries.at(-1);
  } while (last !== undefined);
  // The last page found the state unchanged, so all of them are of one batch.
  yield { kind: 'end' };
}

/**
 * Replaces the state of a task by a copy. It is staged as one batch under the id that was applied, so that it is there as a whole or not at
 * all. Whoever has the task is fenced, and finds the copy at the next claim.
 * @throws SFS_SNAPSHOT_INVALID for a copy that is not whole: the task then has no state
 */
export async function restoreTask(
  connection: RedisConnection,
  keys: TaskKeys,
  chunks: AsyncIterable<SnapshotChunk> | Iterable<SnapshotChunk>,
): Promise<void> {
  await dropTask(connection, keys);
  const restoring = new Restoring(connection, keys);
  await claimTask(connection, keys, restoring.token);
  for await (const chunk of chunks) await restoring.take(chunk);
  await restoring.finish();
}

/** Deletes all of a task. Whoever has it is told at the next call that its state is gone. */
export async function dropTask(connection: RedisConnection, keys: TaskKeys): Promise<void> {
  const token = randomId();
  const { stores } = await claimTask(connection, keys, token);
  const rows = [keys.staged, keys.queue, keys.payloads, ...stores.map((store) => keys.store(store))];
  await connection.run(DROP, keys.task, [keys.meta, ...rows], [token]);
}

class Restoring {
  readonly token = randomId();
  private begun: { readonly applied: string; readonly progress: Buffer } | null = null;
  private ended = false;
  private storesOfChunks: (readonly string[])[] = [];

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: TaskKeys,
  ) {}

  async take(chunk: SnapshotChunk): Promise<void> {
    if (this.ended || (this.begun === null && chunk.kind !== 'begin')) throw this.invalid();
    switch (chunk.kind) {
      case 'begin':
        return this.begin(chunk);
      case 'rows':
        return this.stage(
          chunksOf(
            this.keys,
            chunk.rows.map((row) => ({ store: chunk.store, ...row })),
            [],
          ),
        );
      case 'queue':
        return this.stage(chunksOf(this.keys, [], chunk.entries));
      case 'end':
        this.ended = true;
    }
  }

  async finish(): Promise<void> {
    if (!this.ended) throw this.invalid();
    const { applied } = this.begun!;
    await this.stage(chunksOf(this.keys, [], []), this.storesOfChunks.length + 1);
    for (const [index, stores] of this.storesOfChunks.entries()) {
      await this.run(APPLY, [this.keys.queue, this.keys.payloads, ...stores.map((store) => this.keys.store(store))], [applied, index]);
    }
    await this.connection.run(RELEASE, this.keys.task, [this.keys.meta], [this.token]);
  }

  private async begin({ applied, progress }: { readonly applied: string; readonly progress: Buffer }): Promise<void> {
    if (this.begun !== null) await this.run(DISCARD, [], [this.begun.applied]);
    this.begun = { applied, progress };
    this.storesOfChunks = [];
  }

  private async stage(chunks: readonly Chunk[], total: number | '' = ''): Promise<void> {
    const { applied, progress } = this.begun!;
    for (const { packed, stores } of chunks) {
      const index = this.storesOfChunks.push(stores) - 1;
      await this.run(STAGE, [], [applied, index, total, index === 0 ? progress : '', packed, ...stores]);
    }
  }

  private run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.connection.run(script, this.keys.task, [this.keys.meta, this.keys.staged, ...keys], [this.token, '', ...args]);
  }

  private invalid(): SkillForgeError {
    return new SkillForgeError('SFS_SNAPSHOT_INVALID', `the copy of task ${this.keys.task} is not whole`, { context: { task: this.keys.task } });
  }
}
