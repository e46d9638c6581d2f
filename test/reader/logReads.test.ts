/** Reads of a log that wait, and what goes on meanwhile. */
import { expect, it } from 'vitest';
import { LogReads } from '../../reader/logReads.js';
import type { LogEntry } from '../../reader/log.js';

const entry = (offset: number): LogEntry => ({ offset, appendTimeMs: 1, key: Buffer.from('k'), value: null });

/** A log of which every read waits to be told how it ends. */
class Waiting {
  readonly asked: { readonly from: number; readonly answer: (entries: readonly LogEntry[]) => void; readonly fail: (error: Error) => void }[] = [];

  read(_topic: string, _partition: number, from: number): Promise<readonly LogEntry[]> {
    return new Promise((answer, fail) => this.asked.push({ from, answer, fail }));
  }
}

it('are looked away from again and again, and end when there is nothing more to wait for', async () => {
  const log = new Waiting();
  let looks = 0;
  const reads = new LogReads(log).looking(() => Promise.resolve(++looks < 2));
  expect(await reads.read('t', 0, 5, 1)).toBeNull();
  expect([looks, reads.isOver, await reads.read('t', 1, 0, 1)]).toEqual([2, true, null]);
});

it('that nobody waits for any more may fail, and the next read of the partition begins after them', async () => {
  const log = new Waiting();
  const reads = new LogReads(log);
  const looking = reads.looking(() => Promise.reject(new Error('the look failed')));
  await expect(looking.read('t', 0, 5, 1)).rejects.toThrow('the look failed');
  const [again, other] = [reads.read('t', 0, 5, 1), reads.read('t', 1, 0, 1)];
  expect(log.asked.map(({ from }) => from)).toEqual([5, 0]);
  log.asked[0]!.fail(new Error('abandoned'));
  await expect.poll(() => log.asked.length).toBe(3);
  log.asked[2]!.answer([entry(5)]);
  log.asked[1]!.answer([]);
  expect([await again, await other]).toEqual([[entry(5)], []]);
});

it('that need not wait do not, and all end when they are given up', async () => {
  const reads = new LogReads({ read: () => [entry(1)] }).looking(() => Promise.resolve(true));
  expect(reads.read('t', 0, 1, 1)).toEqual([entry(1)]);
  const log = new Waiting();
  const waiting = new LogReads(log);
  const found = waiting.looking(() => Promise.resolve(true)).read('t', 0, 1, 1);
  waiting.giveUp();
  expect([await found, waiting.read('t', 0, 1, 1)]).toEqual([null, null]);
});
