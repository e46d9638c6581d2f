/** A storage whose rows lie elsewhere, as in a database on the network: every answer comes in a later turn of the event loop. */
import type { Storage, TaskStore } from '../../../runtime/ports.js';
import type { MemoryStorage } from '../../../runtime/testing/memoryStorage.js';

/** What was asked for so far. */
export interface RemoteRows {
  readonly storage: Storage;
  /** Turns in which rows were asked for: round trips, where what is asked for in one turn is sent together. */
  turns: number;
  rows: number;
}

/** @param trouble - what the answer to a row is instead, where it is not null */
export function remoteRows(inner: MemoryStorage, trouble: (key: string) => Error | null = () => null): RemoteRows {
  let turn: Promise<void> | null = null;
  const nextTurn = (): Promise<void> => {
    if (turn !== null) return turn;
    remote.turns++;
    return (turn = new Promise((resolve) => {
      setImmediate(() => {
        turn = null;
        resolve();
      });
    }));
  };
  const tasks: TaskStore = {
    progress: async (task) => {
      await Promise.resolve();
      return inner.tasks.progress(task);
    },
    get: async (task, store, key) => {
      remote.rows++;
      await nextTurn();
      const error = trouble(key);
      if (error !== null) throw error;
      return inner.tasks.get(task, store, key);
    },
    queueHead: async (task, limit, after) => {
      await Promise.resolve();
      return inner.tasks.queueHead(task, limit, after);
    },
  };
  const storage = { log: inner.log, documents: inner.documents, tasks, commit: inner.commit.bind(inner), close: () => inner.close() };
  const remote: RemoteRows = { storage, turns: 0, rows: 0 };
  return remote;
}
