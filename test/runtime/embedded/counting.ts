/** Commits that write one counter everywhere, and the check that it is the same everywhere. Children load it, so that nothing of vitest is in it. */
import assert from 'node:assert/strict';
import type { LocalStorage, TaskCommit } from '../../../runtime/ports.js';

const TASK = 'counting@1/0/0';
const KEYS = Array.from({ length: 40 }, (_, i) => `key ${i}`);
const WIDE_KEYS = Array.from({ length: 1500 }, (_, i) => `wide ${i}`);
/** More writes than lmdb waits for before its thread starts on an unfinished batch (1000). */
const WIDE_EVERY = 5;

export function prepareCounting({ log }: LocalStorage): void {
  log.ensureTopic({ name: 'counted', partitions: 2, cleanup: 'delete', retentionMs: null });
  log.ensureTopic({ name: 'latest', partitions: 1, cleanup: 'compact', retentionMs: null });
}

export function countingCommit(n: number): TaskCommit {
  const value = Buffer.from(String(n));
  const wide = n % WIDE_EVERY === 0 ? WIDE_KEYS : [];
  return {
    task: TASK,
    outputs: [0, 1, 0].map((partition, i) => ({
      topic: i === 2 ? 'latest' : 'counted',
      partition,
      key: Buffer.from(`k${n % 7}`),
      value,
      header: null,
    })),
    state: [...KEYS.map((key, i) => ({ store: i % 2 === 0 ? 'even' : 'odd', key, value })), ...wide.map((key) => ({ store: 'wide', key, value }))],
    queue: [-1, 0, 1].map((timeMs) => ({ queue: 'q', timeMs, tiebreak: 't', payload: value })),
    progress: value,
  };
}

/** The last counter committed, -1 when there is none. */
export function readCounter({ tasks }: LocalStorage): number {
  const progress = tasks.progress(TASK);
  return progress === null ? -1 : Number(progress);
}

/** @returns the counter, after the check that every database holds the same */
export function expectWholeCommits({ tasks, log }: LocalStorage): number {
  const n = readCounter({ tasks, log } as LocalStorage);
  if (n < 0) return n;
  const found = new Set<number>();
  for (const store of ['even', 'odd']) for (const { value } of tasks.scan(TASK, store)) found.add(Number(value));
  for (const { payload } of tasks.queueHead(TASK, 10)) found.add(Number(payload));
  for (const partition of [0, 1]) found.add(log.range('counted', partition).end - 1);
  found.add(log.range('latest', 0).end - 1);
  assert.deepEqual([...found], [n]);
  const wide = new Set([...tasks.scan(TASK, 'wide')].map(({ value }) => Number(value)));
  assert.deepEqual([...wide], [n - (n % WIDE_EVERY)]);
  const last = log.read('counted', 1, n, 1)[0];
  assert.equal(Number(last?.value), n);
  return n;
}
