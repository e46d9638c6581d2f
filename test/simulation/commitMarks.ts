/**
 * Evidence of whether a process died inside a commit. The child counts the transactions that it began and that it saw end in a small
 * file, which outlives it; the counts are equal while none is under way.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { EmbeddedStorage } from '../../runtime/embedded/index.js';
import type { LocalStorage } from '../../runtime/ports.js';

const BYTES = 16;

export interface CommitCounts {
  readonly begun: number;
  readonly ended: number;
}

/** Marks every transaction of `storage`'s database that carries a commit of a task. Call it before the first one. */
export function markCommits(storage: EmbeddedStorage, path: string): LocalStorage {
  const file = openSync(path, 'w');
  const counts = Buffer.alloc(BYTES);
  const count = (at: number): void => {
    counts.writeDoubleLE(counts.readDoubleLE(at) + 1, at);
    writeSync(file, counts, 0, BYTES, 0);
  };
  writeSync(file, counts, 0, BYTES, 0);
  let pending = 0;
  const { root } = storage['environment'];
  const batch = root.batch.bind(root);
  root.batch = async (action) => {
    if (pending === 0) return batch(action);
    count(0);
    const done = await batch(action);
    count(8);
    return done;
  };
  const commit: LocalStorage['commit'] = async (task) => {
    pending++;
    await storage.commit(task).finally(() => pending--);
  };
  return { log: storage.log, tasks: storage.tasks, documents: storage.documents, commit, close: () => storage.close() };
}

/** `null` before the child has begun to mark. */
export function readCounts(path: string): CommitCounts | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  const counts = Buffer.alloc(BYTES);
  const read = readSync(file, counts, 0, BYTES, 0);
  closeSync(file);
  return read < BYTES ? null : { begun: counts.readDoubleLE(0), ended: counts.readDoubleLE(8) };
}
