/** The task port on one folder: state, time queue and progress of each task. */
import { SkillForgeError } from '../../schemas/errors.js';
import type { QueueEntry, LocalTaskStore, TaskCommit } from '../ports.js';
import type { Databases } from './environment.js';
import { asBuffer, idKey, parseQueueKey, queueKey, stateEnd, stateKey } from './keys.js';
import type { FolderSeal } from './folderSeal.js';
import type { Names } from './names.js';
import { Sealer, unseal } from './sealed.js';
import type { StorageGate } from './storageGate.js';
import type { WriteSet } from './writeSet.js';

/** Entries that a scan takes at a time: no cursor stays open while the caller works on them. */
const SCAN_PAGE = 256;

/** State, timers and progress of all tasks of one folder. */
export class TaskStates implements LocalTaskStore {
  constructor(
    private readonly gate: StorageGate,
    private readonly db: Databases,
    private readonly names: Names,
    private readonly seal: () => FolderSeal | null,
  ) {}

  /** @throws SFS_STATE_CORRUPT */
  progress(task: string): Buffer | null {
    return this.gate.reading(() => {
      const id = this.names.find('task', task);
      if (id === null) return null;
      const key = idKey(id);
      const found = this.db.progress.get(key);
      return found === undefined ? null : checked(key, found, { task, part: 'progress' });
    });
  }

  /** Committed state only: a commit shows once its promise has resolved. @throws SFS_STATE_CORRUPT, SFS_KEY_TOO_LONG */
  get(task: string, store: string, key: string): Buffer | null {
    return this.gate.reading(() => {
      const taskId = this.names.find('task', task);
      const storeId = this.names.find('store', store);
      if (taskId === null || storeId === null) return null;
      const place = stateKey(taskId, storeId, key);
      const found = this.db.state.get(place);
      return found === undefined ? null : this.opened(store, key, checked(place, found, { task, store, key }));
    });
  }

  /**
   * Lazily, {@link SCAN_PAGE} entries at a time. Within one turn of the event loop it is one snapshot; over several turns it goes on
   * after the last key with what is committed by then.
   * @throws SFS_STATE_CORRUPT while iterating
   */
  *scan(task: string, store: string, after?: string, limit = Infinity): Iterable<{ readonly key: string; readonly value: Buffer }> {
    let from = after;
    let left = limit;
    while (left > 0) {
      const page = this.page(task, store, from, Math.min(left, SCAN_PAGE));
      for (const { key, value } of page) {
        const opened = this.opened(store, key, value);
        if (opened !== null) yield { key, value: opened };
      }
      if (page.length < SCAN_PAGE) return;
      left -= page.length;
      from = page[page.length - 1]!.key;
    }
  }

  /** The first `limit` entries of the task's queue after `afterEntry`. @throws SFS_STATE_CORRUPT */
  queueHead(task: string, limit: number, afterEntry?: QueueEntry): QueueEntry[] {
    return this.gate.reading(() => {
      const id = this.names.find('task', task);
      if (id === null || limit <= 0) return [];
      const start = afterEntry === undefined ? idKey(id) : queueKey(id, afterEntry.timeMs, afterEntry.queue, afterEntry.tiebreak);
      const range = this.db.queue.getRange({ start, end: idKey(id + 1), exclusiveStart: afterEntry !== undefined, limit });
      return Array.from(range, ({ key, value }) => {
        const place = parseQueueKey(key);
        return { ...place, payload: checked(key, value, { task, ...place }) };
      });
    });
  }

  /** Rough size of a commit, bytes, after a check of everything in it that could fail later. @throws SFS_KEY_TOO_LONG, SFS_QUEUE_NAME_INVALID */
  prepare(commit: TaskCommit): PreparedCommit {
    const task = this.names.intern('task', commit.task);
    const state = commit.state.map((write) => stateKey(task, this.names.intern('store', write.store), write.key));
    const queue = commit.queue.map((write) => queueKey(task, write.timeMs, write.queue, write.tiebreak));
    return new PreparedCommit(this.db, commit, idKey(task), state, queue);
  }

  /** `null` where its key was deleted. */
  private opened(store: string, key: string, value: Buffer): Buffer | null {
    const seal = this.seal();
    return seal === null ? value : seal.openedRow(store, key, value);
  }

  private page(task: string, store: string, after: string | undefined, limit: number): { key: string; value: Buffer }[] {
    return this.gate.reading(() => {
      const taskId = this.names.find('task', task);
      const storeId = this.names.find('store', store);
      if (taskId === null || storeId === null) return [];
      const range = this.db.state.getRange({
        start: stateKey(taskId, storeId, after ?? ''),
        end: stateEnd(taskId, storeId),
        exclusiveStart: after !== undefined,
        limit,
      });
      return Array.from(range, (entry) => {
        const key = asBuffer(entry.key).toString('utf8', 8);
        return { key, value: checked(entry.key, entry.value, { task, store, key }) };
      });
    });
  }
}

/** A commit whose keys are made: adding it to a transaction cannot fail any more. */
export class PreparedCommit {
  readonly bytes: number;

  constructor(
    private readonly db: Databases,
    private readonly commit: TaskCommit,
    private readonly taskKey: Buffer,
    private readonly stateKeys: readonly Buffer[],
    private readonly queueKeys: readonly Buffer[],
  ) {
    this.bytes = 64 * (stateKeys.length + queueKeys.length) + sizeOf(valuesOf(commit));
  }

  addTo(writes: WriteSet): void {
    const { state, queue, progress } = this.commit;
    const sealer = new Sealer(valuesOf(this.commit));
    state.forEach(({ value }, i) => write(writes, this.db.state, this.stateKeys[i]!, value, sealer));
    queue.forEach(({ payload }, i) => write(writes, this.db.queue, this.queueKeys[i]!, payload, sealer));
    write(writes, this.db.progress, this.taskKey, progress, sealer);
  }
}

function write(writes: WriteSet, database: Databases['state'], key: Buffer, value: Buffer | null, sealer: Sealer): void {
  if (value === null) writes.remove(database, key);
  else writes.put(database, key, sealer.seal(key, value));
}

function* valuesOf({ state, queue, progress }: TaskCommit): Iterable<Buffer | null> {
  for (const { value } of state) yield value;
  for (const { payload } of queue) yield payload;
  yield progress;
}

function sizeOf(values: Iterable<Buffer | null>): number {
  let bytes = 0;
  for (const value of values) bytes += value?.length ?? 0;
  return bytes;
}

function checked(key: Uint8Array, sealed: Buffer, place: Readonly<Record<string, unknown>>): Buffer {
  const value = unseal(key, sealed);
  if (value !== null) return value;
  const described = Object.entries(place).map(([name, part]) => `${name} ${JSON.stringify(part)}`);
  throw new SkillForgeError('SFS_STATE_CORRUPT', `the stored value of ${described.join(', ')} is damaged: its checksum does not match`, {
    context: place,
  });
}
