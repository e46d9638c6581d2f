/** The control: a storage whose commits are not atomic. A test that cannot tell it from a sound one proves nothing. */
import { setImmediate } from 'node:timers/promises';
import type { LocalStorage, TaskCommit } from '../../runtime/ports.js';

/** `outputs-first` doubles what it repeats after a crash, `progress-first` loses what it had not sent. */
export type Tearing = 'outputs-first' | 'progress-first';

/** Writes the outputs of each commit and the rest of it in two transactions, one after the other. */
export function tornCommits(storage: LocalStorage, tearing: Tearing): LocalStorage {
  const outputs = ({ outputs: records }: TaskCommit): Promise<void> => storage.log.append(records);
  const rest = (commit: TaskCommit): Promise<void> => storage.commit({ ...commit, outputs: [] });
  const halves = tearing === 'outputs-first' ? [outputs, rest] : [rest, outputs];
  const commit = async (whole: TaskCommit): Promise<void> => {
    await halves[0]!(whole);
    await setImmediate();
    await halves[1]!(whole);
  };
  return { log: storage.log, tasks: storage.tasks, documents: storage.documents, commit, close: () => storage.close() };
}
