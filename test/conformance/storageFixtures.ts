/** Small things that storage tests are made of. */
import type { OutputRecord, QueueWrite, StateWrite, LocalStorage, TaskCommit, TopicSpec } from '../../runtime/ports.js';

export interface StorageUnderTest {
  readonly storage: LocalStorage;
  /** Closes and opens the same data again. */
  reopen(): Promise<LocalStorage>;
  /** Closes and removes everything. */
  dispose(): Promise<void>;
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

export function put(key: string, value: string, store = 'counts'): StateWrite {
  return { store, key, value: Buffer.from(value) };
}

export function timer(timeMs: number, tiebreak: string, queue = 'close'): QueueWrite {
  return { queue, timeMs, tiebreak, payload: Buffer.from(`${queue}/${timeMs}/${tiebreak}`) };
}
