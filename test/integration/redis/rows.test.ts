import { describe, expect, it } from 'vitest';
import type { ClaimedTask } from '../../../runtime/redis/index.js';
import type { QueueWrite } from '../../../runtime/ports.js';
import { batchOf, put, remove, TASK, timer, valuesOf, write } from './batches.js';
import { RedisUnderTest } from './server.js';

const redis = new RedisUnderTest('single');

async function newTask(task = TASK): Promise<ClaimedTask> {
  const claimed = await (await redis.open()).claim(task);
  await claimed.recover(null);
  return claimed;
}

async function scanned(claimed: ClaimedTask, store: string): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for await (const { key, value } of claimed.scan(store)) rows.set(key, String(value));
  return rows;
}

describe('rows', () => {
  it('may have any key and any value', async () => {
    const claimed = await newTask();
    const keys = ['', 'a', 'a\u0000', 'a\u0000b', '\uffee', '\u{1f600}', '10', 'Ünïcode/日本', 'x'.repeat(5_000)];
    await write(claimed, batchOf(keys.map((key) => put(key, key))));
    expect(await valuesOf(claimed, keys)).toEqual(keys);
    expect(await scanned(claimed, 'counts')).toEqual(new Map(keys.map((key) => [key, key])));
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await write(
      claimed,
      batchOf([
        { store: 'b', key: 'k', value: every },
        { store: 'b', key: 'large', value: Buffer.alloc(1_500_000, 9) },
      ]),
    );
    const [small, large] = await claimed.fetch(['k', 'large'].map((key) => ({ store: 'b', key })));
    expect(small).toEqual(every);
    expect(large!.equals(Buffer.alloc(1_500_000, 9))).toBe(true);
  });

  it('tell an empty value from none', async () => {
    const claimed = await newTask();
    await write(claimed, batchOf([put('empty', '')]));
    expect(await claimed.fetch(['empty', 'none'].map((key) => ({ store: 'counts', key })))).toEqual([Buffer.alloc(0), null]);
  });

  it('are deleted, also those that are not there; of several writes the last one counts', async () => {
    const claimed = await newTask();
    await write(claimed, batchOf([put('a', '1'), remove('a'), remove('b'), put('b', '2'), put('c', '1'), put('c', '3'), remove('d')]));
    expect(await valuesOf(claimed, ['a', 'b', 'c', 'd'])).toEqual([null, '2', '3', null]);
  });

  it('are those of their own task and store', async () => {
    const state = await redis.open();
    const tasks = [TASK, 'trending@1/counts/1', 'trending@2/counts/0'];
    const claims = await Promise.all(tasks.map((task) => state.claim(task)));
    for (const claimed of claims) {
      await claimed.recover(null);
      await write(claimed, batchOf([put('k', `${claimed.task} a`, 'a'), put('k', `${claimed.task} b`, 'b')]));
    }
    for (const claimed of claims) {
      expect(
        await claimed.fetch([
          { store: 'b', key: 'k' },
          { store: 'a', key: 'k' },
          { store: 'c', key: 'k' },
        ]),
      ).toEqual([Buffer.from(`${claimed.task} b`), Buffer.from(`${claimed.task} a`), null]);
    }
  });

  it('come back in the order asked for, however many and of however many stores', async () => {
    const claimed = await newTask();
    const writes = Array.from({ length: 3_000 }, (_, n) => put(`k${n}`, `v${n}`, `store-${n % 7}`));
    await write(claimed, batchOf(writes));
    const wanted = writes.map(({ store, key }) => ({ store, key })).reverse();
    expect((await claimed.fetch(wanted)).map(String)).toEqual(wanted.map(({ key }) => key.replace('k', 'v')));
    const all = await scanned(claimed, 'store-3');
    expect(all.size).toBe(writes.filter(({ store }) => store === 'store-3').length);
  });
});

const place = ({ timeMs, queue, tiebreak }: Omit<QueueWrite, 'payload'>): unknown[] => [timeMs, queue, tiebreak];
const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const byPlace = (a: QueueWrite, b: QueueWrite): number => a.timeMs - b.timeMs || bytes(a.queue, b.queue) || bytes(a.tiebreak, b.tiebreak);

describe('the time queue', () => {
  it('orders by time, then queue, then the bytes of the tiebreak; times before 1970 first', async () => {
    const claimed = await newTask();
    const times = [0, 1, -1, 1_700_000_000_000, -8_640_000_000_000_000, 8_640_000_000_000_000, 2 ** 31, -(2 ** 32), 0.5];
    const entries = [
      ...times.map((timeMs) => timer(timeMs, 'x')),
      ...[timer(1, 'x', '', 'a'), timer(1, 'x', '', 'closing'), timer(1, 'a'), timer(1, ''), timer(1, '\u{1f600}'), timer(1, '\uffee')],
    ];
    await write(claimed, batchOf([], { queue: entries }));
    expect((await claimed.queueHead(100)).map(place)).toEqual([...entries].sort(byPlace).map(place));
  });

  it('goes on after an entry, with a limit, also one that was deleted', async () => {
    const claimed = await newTask();
    const entries = Array.from({ length: 20 }, (_, n) => timer(Math.floor(n / 3) - 3, `t${String(n).padStart(2, '0')}`, `p${n}`));
    await write(claimed, batchOf([], { queue: entries }));
    const all = await claimed.queueHead(100);
    expect(all.map(({ payload }) => String(payload))).toEqual(entries.map(({ payload }) => String(payload)));
    for (const [i, entry] of all.entries()) expect(await claimed.queueHead(4, entry)).toEqual(all.slice(i + 1, i + 5));
    expect(await claimed.queueHead(0)).toEqual([]);
    await write(claimed, batchOf([], { queue: [{ ...entries[0]!, payload: null }] }));
    expect(await claimed.queueHead(1, all[0])).toEqual([all[1]]);
  });

  it('keeps payloads, replaces them, and forgets them with their entry', async () => {
    const claimed = await newTask();
    const of = async (): Promise<string[][]> => (await claimed.queueHead(10)).map(({ tiebreak, payload }) => [tiebreak, String(payload)]);
    await write(claimed, batchOf([], { queue: [timer(1, 'a', 'A'), timer(2, 'b'), timer(3, 'c', 'C')] }));
    expect(await of()).toEqual([
      ['a', 'A'],
      ['b', ''],
      ['c', 'C'],
    ]);
    await write(claimed, batchOf([], { queue: [timer(1, 'a'), timer(2, 'b', 'B'), { ...timer(3, 'c'), payload: null }] }));
    expect(await of()).toEqual([
      ['a', ''],
      ['b', 'B'],
    ]);
    await write(claimed, batchOf([], { queue: [timer(3, 'c'), { ...timer(2, 'b'), payload: null }] }));
    expect(await of()).toEqual([
      ['a', ''],
      ['c', ''],
    ]);
  });

  it('gives as many entries as are asked for, in several script calls', async () => {
    const claimed = await newTask();
    const entries = Array.from({ length: 1_700 }, (_, n) => timer(n, 'x'));
    await write(claimed, batchOf([], { queue: entries }));
    expect((await claimed.queueHead(1_600)).map(({ timeMs }) => timeMs)).toEqual(entries.slice(0, 1_600).map(({ timeMs }) => timeMs));
    expect(await claimed.queueHead(5_000)).toHaveLength(1_700);
  });
});
