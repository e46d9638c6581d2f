/** Small things that the tests of task state are made of. */
import { randomId, type ClaimedTask, type TaskBatch } from '../../../runtime/redis/index.js';
import type { QueueWrite, StateWrite } from '../../../runtime/ports.js';
import { errorCodeOf } from '../../../schemas/index.js';

export const TASK = 'learner-engagement@1/0/3';

export const put = (key: string, value: string, store = 'counts'): StateWrite => ({ store, key, value: Buffer.from(value) });

export const remove = (key: string, store = 'counts'): StateWrite => ({ store, key, value: null });

export const timer = (timeMs: number, tiebreak: string, payload = '', queue = 'close'): QueueWrite => ({
  queue,
  timeMs,
  tiebreak,
  payload: Buffer.from(payload),
});

export function batchOf(state: readonly StateWrite[], overrides: Partial<TaskBatch> = {}): TaskBatch {
  return { id: randomId(), state, queue: [], progress: Buffer.from('p'), ...overrides };
}

/** More writes than one script call takes. */
export const manyPuts = (count: number, value: string): StateWrite[] => Array.from({ length: count }, (_, n) => put(`key-${n}`, value));

/** The values of `counts`, as text. */
export async function valuesOf(claimed: ClaimedTask, keys: readonly string[], store = 'counts'): Promise<(string | null)[]> {
  const values = await claimed.fetch(keys.map((key) => ({ store, key })));
  return values.map((value) => (value === null ? null : String(value)));
}

/** Stages and applies, as a worker does whose transaction is committed at once. */
export async function write(claimed: ClaimedTask, batch: TaskBatch): Promise<void> {
  await claimed.stage(batch);
  await claimed.apply(batch.id);
}

/** The code of what a promise is rejected with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return errorCodeOf(error, 'SFS_UNEXPECTED');
  }
  return 'none';
}
