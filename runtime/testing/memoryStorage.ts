import type { Removal, RemovingStorage, Storage, TaskCommit } from '../ports.js';
import { MemoryLog } from './memoryLog.js';
import { MemoryTasks } from './memoryTasks.js';

/** How a storage in memory behaves. */
export interface MemoryStorageOptions {
  /** Clock of the log, ms. Default: the wall clock. */
  readonly now?: () => number;
}

/** A storage that lives as long as its variable: the semantics of the embedded one, for tests and for trying out. */
export class MemoryStorage implements RemovingStorage {
  readonly log: MemoryLog;
  readonly tasks = new MemoryTasks();
  readonly documents: Storage['documents'];

  constructor(options: MemoryStorageOptions = {}) {
    this.log = new MemoryLog(options.now ?? Date.now);
    this.documents = memoryDocuments();
  }

  /** All or nothing; commits take effect in call order. @throws SFS_TOPIC_UNKNOWN, SFS_PARTITION_UNKNOWN, SFS_KEY_TOO_LONG */
  async commit(commit: TaskCommit): Promise<void> {
    // One turn later, as with a disk: nobody may count on seeing a commit before its promise resolves.
    await Promise.resolve();
    this.log.check(commit.outputs);
    this.tasks.check(commit);
    this.tasks.apply(commit);
    this.log.add(commit.outputs);
  }

  /** All of it at once. */
  async remove({ topics, tasks }: Removal): Promise<void> {
    await Promise.resolve();
    for (const topic of topics) this.log.remove(topic);
    for (const task of tasks) this.tasks.remove(task);
  }

  /** Nothing to release: the same data can be opened again by using it. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A new, empty storage in memory. */
export function memoryStorage(options: MemoryStorageOptions = {}): MemoryStorage {
  return new MemoryStorage(options);
}

function memoryDocuments(): Storage['documents'] {
  const documents = new Map<string, Buffer>();
  const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
  return {
    get: (name) => documents.get(name) ?? null,
    put: async (name, value) => {
      await Promise.resolve();
      documents.set(name, Buffer.from(value));
    },
    names: (prefix) => [...documents.keys()].filter((name) => name.startsWith(prefix)).sort(byBytes),
  };
}
