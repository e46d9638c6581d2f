import { randomBytes } from 'node:crypto';
import { SkillForgeError } from '../../schemas/errors.js';
import type { QueueEntry, QueueWrite, StateWrite } from '../ports.js';
import { behind, type Argument, type RedisConnection } from './connection.js';
import { claimTask, type FoundBatch, type FoundTask } from './found.js';
import { DISCARD, RELEASE } from './lua/claims.js';
import type { Script } from './lua/script.js';
import { APPLY, COMMIT, STAGE } from './lua/writes.js';
import { chunksOf } from './packing.js';
import { checkView, fetchRows, queueHead, scanRows, type StoredRow, type View, type WantedRow } from './rows.js';
import type { TaskKeys } from './taskKeys.js';

/** Everything that one step of a task changes in Redis. */
export interface TaskBatch {
  /** A {@link randomId} of its own; Kafka's offsets carry it as their metadata. */
  readonly id: string;
  readonly state: readonly StateWrite[];
  readonly queue: readonly QueueWrite[];
  /** Opaque; what {@link ClaimedTask.recover} gives back. */
  readonly progress: Buffer;
}

/**
 * How Redis stands to what Kafka has committed. `current`: both name the same batch. `new`: neither knows the task. `behind`: Redis lost
 * acknowledged batches, or Kafka its offsets; the caller goes on from Redis's progress and computes again what came after.
 */
export type Standing = 'current' | 'new' | 'behind';

/** Where a task goes on. */
export interface Recovery {
  readonly standing: Standing;
  /** Of the batch that was applied last; `null` where there is none. */
  readonly progress: Buffer | null;
}

/** 16 random bytes in hexadecimal digits: the id of a batch, the token of a claim. Compared for equality, never ordered: Redis may go back in a failover. */
export function randomId(): string {
  return randomBytes(16).toString('hex');
}

/**
 * A task that this process has claimed. Its calls are sent in order, before they return their promises, so the next one need not wait.
 *
 * Every call fails with SFS_FENCED once somebody else has claimed the task, with SFS_STATE_BEHIND when Redis no longer holds what this claim
 * last saw, and with SFS_STATE_UNAVAILABLE or SFS_STATE_REFUSED when Redis does not answer or refuses. A write that failed may still take
 * effect, so after one every further call fails as it did: drop cache and batch, and claim again if the task is still assigned. A batch whose
 * transaction was aborted stays staged and cannot be replaced by another one: claim again, too.
 *
 * @example
 * const claimed = await state.claim('learner-engagement@1/0/3');
 * const { standing, progress } = await claimed.recover(await committedBatch()); // Kafka's offsets are read after the claim
 * let applied = Promise.resolve();
 * for (;;) {
 *   const batch = compute(await claimed.fetch(wanted));
 *   await Promise.all([applied, claimed.stage(batch)]); // the previous apply and this stage travel together
 *   await commitTransaction(batch.id); // this decides
 *   applied = claimed.apply(batch.id); // what is called next comes after it
 * }
 */
export class ClaimedTask {
  private readonly token: string;
  private found: FoundTask | null;
  /** The batch that this claim knows to be applied once all that was sent has run; '' for none. */
  private applied = '';
  private staged: { readonly id: string; readonly storesOfChunks: readonly (readonly string[])[] } | null = null;
  private failure: SkillForgeError | null = null;

  private constructor(
    private readonly connection: RedisConnection,
    private readonly keys: TaskKeys,
    token: string,
    found: FoundTask,
  ) {
    this.token = token;
    this.found = found;
  }

  /** Takes the task from whoever has it. @throws SFS_STATE_UNAVAILABLE, SFS_STATE_REFUSED */
  static async claim(connection: RedisConnection, keys: TaskKeys): Promise<ClaimedTask> {
    const token = randomId();
    return new ClaimedTask(connection, keys, token, await claimTask(connection, keys, token));
  }

  /** The name of the task. */
  get task(): string {
    return this.keys.task;
  }

  /**
   * Finishes or discards what an earlier claim left, given the id that the metadata of Kafka's committed offsets names, `null` for none. They
   * must be read after the claim, and only stable ones: with no transaction pending. With `guarantee: 'idempotent'` nothing but Redis decides:
   * give `null`, and take 'behind' for 'current'. To be called once, before all else. An apply that had begun is always finished.
   */
  async recover(committed: string | null): Promise<Recovery> {
    const found = this.found;
    if (found === null) throw new SkillForgeError('SFS_CLAIM_ORDER', `task ${this.task} was recovered before`);
    this.found = null;
    this.applied = found.applied ?? '';
    let { applied, progress } = found;
    const { staged } = found;
    if (staged !== null && isDecided(staged, committed)) {
      await this.runChunks(staged.id, Array<readonly string[]>(staged.total!).fill(found.stores));
      ({ id: applied, progress } = staged);
    } else if (staged !== null) {
      await this.write(DISCARD, [], [staged.id]);
    }
    return { standing: standingOf(applied, committed), progress };
  }

  /** Looks whether Redis still holds what this claim last saw: for who has nothing else to ask, and would not hear of a failover. */
  check(): Promise<void> {
    return this.read(checkView);
  }

  /** The values of rows, in the order asked for; `null` for a row that is not there. */
  fetch(wanted: readonly WantedRow[]): Promise<(Buffer | null)[]> {
    return this.read((view) => fetchRows(view, wanted));
  }

  /** The first entries of the time queue, by (time, queue, tiebreak), at most `limit`; `after` is exclusive, and need not exist. */
  queueHead(limit: number, after?: Omit<QueueEntry, 'payload'>): Promise<QueueEntry[]> {
    return this.read((view) => queueHead(view, limit, after));
  }

  /**
   * All rows of a store, in no order. A row may come more than once; one that is written meanwhile comes as before or after.
   * @throws SFS_STATE_BEHIND also when another server took over in between: its order is another one
   */
  async *scan(store: string): AsyncGenerator<StoredRow> {
    this.assertUsable();
    for await (const page of scanRows(() => this.view(), store)) yield* page;
  }

  /** Lays a batch aside; it is complete and durable, as far as Redis is, when the promise resolves. Then the transaction may be committed. */
  async stage(batch: TaskBatch): Promise<void> {
    this.assertUsable();
    const chunks = chunksOf(this.keys, batch.state, batch.queue);
    const { length } = chunks;
    this.staged = { id: batch.id, storesOfChunks: chunks.map(({ stores }) => stores) };
    await Promise.all(
      chunks.map(({ packed, stores }, index) =>
        this.write(STAGE, [], [batch.id, index, index === length - 1 ? length : '', index === 0 ? batch.progress : '', packed, ...stores]),
      ),
    );
  }

  /** Makes the staged batch the state. What is called after it sees that state; nothing need be awaited in between. */
  async apply(id: string): Promise<void> {
    this.assertUsable();
    if (this.staged?.id !== id) throw behind(this.task, `the batch ${id} is not staged by this claim`);
    const { storesOfChunks } = this.staged;
    this.staged = null;
    await this.runChunks(id, storesOfChunks);
  }

  /**
   * Writes a batch at once, for `guarantee: 'idempotent'`: after its outputs were acknowledged. All or nothing, also where it takes several
   * script calls.
   */
  async commit(batch: TaskBatch): Promise<void> {
    this.assertUsable();
    const [chunk, ...others] = chunksOf(this.keys, batch.state, batch.queue);
    if (others.length > 0) {
      await Promise.all([this.stage(batch), this.apply(batch.id)]);
      return;
    }
    const { packed, stores } = chunk!;
    const sent = this.write(COMMIT, this.written(stores), [batch.id, batch.progress, packed, ...stores]);
    this.applied = batch.id;
    await sent;
  }

  /** Gives the task up, so that nothing that is late can write under this claim. Does nothing where somebody else has it already. */
  async release(): Promise<void> {
    this.failure ??= new SkillForgeError('SFS_FENCED', `task ${this.task} was released`, { context: { task: this.task } });
    await this.connection.run(RELEASE, this.task, [this.keys.meta], [this.token]);
  }

  /** From the first one on: those that were applied before are passed over. */
  private async runChunks(id: string, storesOfChunks: readonly (readonly string[])[]): Promise<void> {
    const sent = storesOfChunks.map((stores, index) => this.write(APPLY, this.written(stores), [id, index]));
    this.applied = id;
    await Promise.all(sent);
  }

  private written(stores: readonly string[]): string[] {
    return [this.keys.queue, this.keys.payloads, ...stores.map((store) => this.keys.store(store))];
  }

  /** Sends a script before it returns. The first failure is the one that all calls report: those behind it only follow from it. */
  private async write(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<void> {
    try {
      await this.connection.run(script, this.task, [this.keys.meta, this.keys.staged, ...keys], [this.token, this.applied, ...args]);
    } catch (error) {
      this.failure ??= error as SkillForgeError;
      throw this.failure;
    }
  }

  private async read<T>(reading: (view: View) => Promise<T>): Promise<T> {
    this.assertUsable();
    try {
      return await reading(this.view());
    } catch (error) {
      throw this.failure ?? error;
    }
  }

  private view(): View {
    return { connection: this.connection, keys: this.keys, token: this.token, applied: this.applied };
  }

  private assertUsable(): void {
    if (this.failure !== null) throw this.failure;
    if (this.found !== null) throw new SkillForgeError('SFS_CLAIM_ORDER', `task ${this.task} is claimed and not yet recovered`);
  }
}

function isDecided({ id, total, begun }: FoundBatch, committed: string | null): boolean {
  return total !== null && (begun || id === committed);
}

function standingOf(applied: string | null, committed: string | null): Standing {
  if (applied !== committed) return 'behind';
  return applied === null ? 'new' : 'current';
}
