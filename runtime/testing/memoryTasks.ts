import { SkillForgeError } from '../../schemas/index.js';
import type { LocalTaskStore, QueueEntry, StateWrite, TaskCommit } from '../ports.js';

/** As long as the embedded storage takes them, so that a test refuses what production would. */
const MOST_KEY_BYTES = 1970;

interface MemoryTask {
  progress: Buffer;
  readonly stores: Map<string, Map<string, Buffer>>;
  readonly queue: Map<string, QueueEntry>;
  /** The queue in order; `null` after a change. */
  ordered: readonly QueueEntry[] | null;
}

/** State and time queues of tasks in memory. Buffers go in and out as copies. */
export class MemoryTasks implements LocalTaskStore {
  private readonly byName = new Map<string, MemoryTask>();

  /** Tasks that have committed, by name. */
  names(): string[] {
    return [...this.byName.keys()].sort();
  }

  /** Stores of a task that were ever written. */
  stores(task: string): string[] {
    return [...(this.byName.get(task)?.stores.keys() ?? [])].sort();
  }

  progress(task: string): Buffer | null {
    const found = this.byName.get(task);
    return found === undefined ? null : Buffer.from(found.progress);
  }

  get(task: string, store: string, key: string): Buffer | null {
    const found = this.byName.get(task)?.stores.get(store)?.get(key);
    return found === undefined ? null : Buffer.from(found);
  }

  *scan(task: string, store: string, after?: string, limit = Infinity): Iterable<{ readonly key: string; readonly value: Buffer }> {
    const rows = this.byName.get(task)?.stores.get(store) ?? new Map<string, Buffer>();
    const keys = [...rows.keys()].sort(compareBytes).filter((key) => after === undefined || compareBytes(key, after) > 0);
    for (const key of keys.slice(0, limit)) yield { key, value: Buffer.from(rows.get(key)!) };
  }

  queueHead(task: string, limit: number, afterEntry?: QueueEntry): QueueEntry[] {
    const found = this.byName.get(task);
    if (found === undefined) return [];
    found.ordered ??= [...found.queue.values()].sort(compareEntries);
    const after = afterEntry === undefined ? found.ordered : found.ordered.filter((entry) => compareEntries(entry, afterEntry) > 0);
    return after.slice(0, limit).map((entry) => ({ ...entry, payload: Buffer.from(entry.payload) }));
  }

  /** Forgets a task. */
  remove(task: string): void {
    this.byName.delete(task);
  }

  /** @throws SFS_KEY_TOO_LONG */
  check({ state, queue }: TaskCommit): void {
    for (const key of [...state.map((write) => write.key), ...queue.map((write) => write.tiebreak)]) {
      if (Buffer.byteLength(key) > MOST_KEY_BYTES) throw new SkillForgeError('SFS_KEY_TOO_LONG', `a key of ${key.length} characters is too long`);
    }
  }

  /** Applies a checked commit. */
  apply(commit: TaskCommit): void {
    const task = this.task(commit.task);
    task.progress = Buffer.from(commit.progress);
    for (const write of commit.state) writeState(task, write);
    for (const { payload, ...place } of commit.queue) {
      const id = `${place.timeMs}\0${place.queue}\0${place.tiebreak}`;
      if (payload === null) task.queue.delete(id);
      else task.queue.set(id, { ...place, payload: Buffer.from(payload) });
      task.ordered = null;
    }
  }

  private task(name: string): MemoryTask {
    let task = this.byName.get(name);
    if (task === undefined) this.byName.set(name, (task = emptyTask()));
    return task;
  }
}

const emptyTask = (): MemoryTask => ({ progress: Buffer.alloc(0), stores: new Map(), queue: new Map(), ordered: null });

function writeState(task: MemoryTask, { store, key, value }: StateWrite): void {
  let rows = task.stores.get(store);
  if (rows === undefined) task.stores.set(store, (rows = new Map<string, Buffer>()));
  if (value === null) rows.delete(key);
  else rows.set(key, Buffer.from(value));
}

const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const compareEntries = (a: Omit<QueueEntry, 'payload'>, b: Omit<QueueEntry, 'payload'>): number =>
  a.timeMs - b.timeMs || compareBytes(a.queue, b.queue) || compareBytes(a.tiebreak, b.tiebreak);
