/** The task state and time queue parts of the storage conformance suite. */
import { expect, it } from 'vitest';
import type { QueueWrite } from '../../runtime/ports.js';
import { put, taskCommit, timer, TASK, type StorageUnderTest } from './storageFixtures.js';

export function stateTests(subject: () => StorageUnderTest): void {
  it('tells an empty value from none', async () => {
    const { storage } = subject();
    await storage.commit(taskCommit({ state: [put('empty', '')], progress: Buffer.alloc(0) }));
    expect(storage.tasks.get(TASK, 'counts', 'empty')).toEqual(Buffer.alloc(0));
    expect(storage.tasks.get(TASK, 'counts', 'none')).toBeNull();
    expect(storage.tasks.progress(TASK)).toEqual(Buffer.alloc(0));
  });

  it('deletes with null, also what is not there', async () => {
    const { storage } = subject();
    await storage.commit(taskCommit({ state: [put('a', '1')] }));
    await storage.commit(
      taskCommit({
        state: [
          { store: 'counts', key: 'a', value: null },
          { store: 'counts', key: 'b', value: null },
        ],
      }),
    );
    expect(storage.tasks.get(TASK, 'counts', 'a')).toBeNull();
    expect([...storage.tasks.scan(TASK, 'counts')]).toEqual([]);
  });

  it('keeps tasks and stores apart', async () => {
    const { storage } = subject();
    const tasks = [TASK, 'trending@1/counts/1', 'trending@2/counts/0'];
    for (const task of tasks) await storage.commit(taskCommit({ task, state: [put('k', `${task} a`, 'a'), put('k', `${task} b`, 'b')] }));
    for (const task of tasks) {
      expect(String(storage.tasks.get(task, 'a', 'k'))).toBe(`${task} a`);
      expect([...storage.tasks.scan(task, 'b')].map(({ value }) => String(value))).toEqual([`${task} b`]);
    }
    expect(storage.tasks.get('other', 'a', 'k')).toBeNull();
    expect(storage.tasks.get(TASK, 'other', 'k')).toBeNull();
  });

  it('scans in the order of the UTF-8 bytes of the keys, not of UTF-16 units', async () => {
    const { storage } = subject();
    const keys = ['', 'a', 'a\u0000', 'a\u0000b', 'ab', 'z', 'ß', 'é', '\uffee', '\u{1f600}', '10', '9', 'Ünïcode/日本'];
    await storage.commit(taskCommit({ state: keys.map((key) => put(key, key)) }));
    const expected = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...storage.tasks.scan(TASK, 'counts')].map(({ key }) => key)).toEqual(expected);
    for (const key of keys) expect(String(storage.tasks.get(TASK, 'counts', key))).toBe(key);
    expected.forEach((after, i) => {
      expect([...storage.tasks.scan(TASK, 'counts', after, 3)].map(({ key }) => key)).toEqual(expected.slice(i + 1, i + 4));
    });
  });

  it('scans more entries than fit in memory pages, up to a limit', async () => {
    const { storage } = subject();
    const keys = Array.from({ length: 1500 }, (_, n) => String(n).padStart(5, '0'));
    await storage.commit(taskCommit({ state: keys.map((key) => put(key, key)) }));
    expect([...storage.tasks.scan(TASK, 'counts')].map(({ key }) => key)).toEqual(keys);
    expect([...storage.tasks.scan(TASK, 'counts', '00009', 700)].map(({ value }) => String(value))).toEqual(keys.slice(10, 710));
  });

  it('keeps values above 4 KB and above 1 MB', async () => {
    const { storage } = subject();
    const sizes = [2000, 4096, 5000, 1_500_000];
    await storage.commit(taskCommit({ state: sizes.map((size) => ({ store: 'counts', key: String(size), value: Buffer.alloc(size, 9) })) }));
    const { tasks } = await subject().reopen();
    for (const size of sizes) expect(tasks.get(TASK, 'counts', String(size))?.equals(Buffer.alloc(size, 9))).toBe(true);
  });
}

export function queueTests(subject: () => StorageUnderTest): void {
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
      expect(storage.tasks.queueHead(task, 100).map(({ queue, timeMs, tiebreak }) => [timeMs, queue, tiebreak])).toEqual(expected);
    }
  });

  it('goes on after an entry, with a limit', async () => {
    const { storage } = subject();
    const entries = Array.from({ length: 20 }, (_, n) => timer(Math.floor(n / 3) - 3, `t${String(n).padStart(2, '0')}`));
    await storage.commit(taskCommit({ queue: entries }));
    const all = storage.tasks.queueHead(TASK, 100);
    expect(all.map(({ payload }) => String(payload))).toEqual(entries.map(({ payload }) => String(payload)));
    all.forEach((entry, i) => expect(storage.tasks.queueHead(TASK, 4, entry)).toEqual(all.slice(i + 1, i + 5)));
    expect(storage.tasks.queueHead(TASK, 0)).toEqual([]);
  });

  it('goes on after an entry that was deleted meanwhile, and replaces an entry of the same place', async () => {
    const { storage } = subject();
    await storage.commit(taskCommit({ queue: [timer(1, 'a'), timer(2, 'b'), timer(3, 'c')] }));
    const [first] = storage.tasks.queueHead(TASK, 1);
    await storage.commit(
      taskCommit({
        queue: [
          { ...timer(1, 'a'), payload: null },
          { ...timer(2, 'b'), payload: Buffer.alloc(0) },
        ],
      }),
    );
    expect(storage.tasks.queueHead(TASK, 1, first).map(({ tiebreak, payload }) => [tiebreak, payload.length])).toEqual([['b', 0]]);
    expect(storage.tasks.queueHead(TASK, 10).map(({ tiebreak }) => tiebreak)).toEqual(['b', 'c']);
  });
}

function byPlace(a: QueueWrite, b: QueueWrite): number {
  const bytes = (x: string, y: string): number => Buffer.compare(Buffer.from(x), Buffer.from(y));
  return a.timeMs - b.timeMs || bytes(a.queue, b.queue) || bytes(a.tiebreak, b.tiebreak);
}
