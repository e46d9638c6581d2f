/** The time queue of the task state conformance suite. */
import { expect, it } from 'vitest';
import type { QueueWrite } from '../../runtime/ports.js';
import { taskCommit, timer, TASK, type TaskStateUnderTest } from './storageFixtures.js';

export function queueTests(subject: () => TaskStateUnderTest): void {
  it('orders by time, then queue, then the bytes of the tiebreak; times before 1970 first', async () => {
    const { storage } = subject();
    const times = [0, 1, -1, 1_700_000_000_000, -8_640_000_000_000_000, 8_640_000_000_000_000, 2 ** 31, -(2 ** 32), 0.5];
    const entries = [
      ...times.map((timeMs) => timer(timeMs, 'x')),
      timer(1, 'x', 'a'),
      timer(1, 'x', 'closing'),
      timer(1, 'a'),
      timer(1, ''),
      timer(1, '\u{1f600}'),
      timer(1, '\uffee'),
    ];
    // Two tasks, given in opposite order: the order of first use must not show.
    await storage.commit(taskCommit({ queue: entries }));
    await storage.commit(taskCommit({ task: 'other', queue: [...entries].reverse() }));
    const expected = [...entries].sort(byPlace).map(({ queue, timeMs, tiebreak }) => [timeMs, queue, tiebreak]);
    for (const task of [TASK, 'other']) {
      const head = await storage.tasks.queueHead(task, 100);
      expect(head.map(({ queue, timeMs, tiebreak }) => [timeMs, queue, tiebreak])).toEqual(expected);
    }
  });

  it('goes on after an entry, with a limit', async () => {
    const { storage } = subject();
    const entries = Array.from({ length: 20 }, (_, n) => timer(Math.floor(n / 3) - 3, `t${String(n).padStart(2, '0')}`));
    await storage.commit(taskCommit({ queue: entries }));
    const all = await storage.tasks.queueHead(TASK, 100);
    expect(all.map(({ payload }) => String(payload))).toEqual(entries.map(({ payload }) => String(payload)));
    for (const [i, entry] of all.entries()) expect(await storage.tasks.queueHead(TASK, 4, entry)).toEqual(all.slice(i + 1, i + 5));
    expect(await storage.tasks.queueHead(TASK, 0)).toEqual([]);
  });

  it('goes on after an entry that was deleted meanwhile, and replaces an entry of the same place', async () => {
    const { storage } = subject();
    await storage.commit(taskCommit({ queue: [timer(1, 'a'), timer(2, 'b'), timer(3, 'c')] }));
    const [first] = await storage.tasks.queueHead(TASK, 1);
    await storage.commit(taskCommit({ queue: [without(timer(1, 'a')), of(timer(2, 'b'), '')] }));
    const [next, ...more] = await storage.tasks.queueHead(TASK, 1, first);
    expect([next?.tiebreak, next?.payload.length, more]).toEqual(['b', 0, []]);
    expect((await storage.tasks.queueHead(TASK, 10)).map(({ tiebreak }) => tiebreak)).toEqual(['b', 'c']);
  });

  it('keeps payloads, replaces them, and forgets them with their entry', async () => {
    const { storage } = subject();
    const after = async (...queue: QueueWrite[]): Promise<string[][]> => {
      await storage.commit(taskCommit({ queue }));
      return (await storage.tasks.queueHead(TASK, 10)).map(({ tiebreak, payload }) => [tiebreak, String(payload)]);
    };
    const [a, b, c] = [timer(1, 'a'), timer(2, 'b'), timer(3, 'c')];
    expect(await after(of(a, 'A'), of(b, ''), of(c, 'C'))).toEqual([
      ['a', 'A'],
      ['b', ''],
      ['c', 'C'],
    ]);
    expect(await after(of(a, ''), of(b, 'B'), without(c))).toEqual([
      ['a', ''],
      ['b', 'B'],
    ]);
    expect(await after(of(c, ''), without(b))).toEqual([
      ['a', ''],
      ['c', ''],
    ]);
  });

  it('gives as many entries as are asked for', async () => {
    const { storage } = subject();
    const entries = Array.from({ length: 1_700 }, (_, n) => timer(n, 'x'));
    await storage.commit(taskCommit({ queue: entries }));
    const head = await storage.tasks.queueHead(TASK, 1_600);
    expect(head.map(({ timeMs }) => timeMs)).toEqual(entries.slice(0, 1_600).map(({ timeMs }) => timeMs));
    expect(await storage.tasks.queueHead(TASK, 5_000)).toHaveLength(1_700);
  });
}

const without = (write: QueueWrite): QueueWrite => ({ ...write, payload: null });
const of = (write: QueueWrite, payload: string): QueueWrite => ({ ...write, payload: Buffer.from(payload) });

function byPlace(a: QueueWrite, b: QueueWrite): number {
  const bytes = (x: string, y: string): number => Buffer.compare(Buffer.from(x), Buffer.from(y));
  return a.timeMs - b.timeMs || bytes(a.queue, b.queue) || bytes(a.tiebreak, b.tiebreak);
}
