/** Small things that storage tests are made of. */
import type {
  Awaitable,
  KeyedRow,
  LocalStorage,
  OutputRecord,
  QueueWrite,
  StateWrite,
  TaskCommit,
  TaskStore,
  TopicSpec,
} from '../../runtime/ports.js';

/** A driver of the state of tasks: what a folder, the memory and Redis have in common. A log may belong to it, or be elsewhere. */
export interface TaskState {
  readonly tasks: TaskStore & { scan(task: string, store: string): Iterable<KeyedRow> | AsyncIterable<KeyedRow> };
  readonly documents: {
    get(name: string): Awaitable<Buffer | null>;
    put(name: string, value: Buffer): Promise<void>;
    names(prefix: string): Awaitable<string[]>;
  };
  /** Of commits without outputs. */
  commit(commit: TaskCommit): Promise<void>;
}

export interface TaskStateUnderTest {
  readonly storage: TaskState;
  /** Closes and opens the same data again. */
  reopen(): Promise<TaskState>;
  /** Closes and removes everything. */
  dispose(): Promise<void>;
}

export interface StorageUnderTest extends TaskStateUnderTest {
  readonly storage: LocalStorage;
  reopen(): Promise<LocalStorage>;
}

export const TASK = 'trending@1/counts/0';

export function topicSpec(overrides: Partial<TopicSpec> = {}): TopicSpec {
  return { name: 'eu.events', partitions: 3, cleanup: 'delete', retentionMs: null, ...overrides };
}

export function output(key: string | null, value: string | Buffer | null, overrides: Partial<OutputRecord> = {}): OutputRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return { topic: 'eu.events', partition: 0, key: key === null ? null : Buffer.from(key), value: bytes, header: null, ...overrides };
}

export function taskCommit(overrides: Partial<TaskCommit> = {}): TaskCommit {
  return { task: TASK, outputs: [], state: [], queue: [], progress: Buffer.from('p'), ...overrides };
}

export function put(key: string, value: string | Buffer, store = 'counts'): StateWrite {
  return { store, key, value: Buffer.from(value) };
}

export function remove(key: string, store = 'counts'): StateWrite {
  return { store, key, value: null };
}

export function timer(timeMs: number, tiebreak: string, queue = 'close'): QueueWrite {
  return { queue, timeMs, tiebreak, payload: Buffer.from(`${queue}/${timeMs}/${tiebreak}`) };
}
