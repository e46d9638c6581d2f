import { describe, expect, it } from 'vitest';
import type { ClaimedTask, RedisState, SnapshotChunk } from '../../../runtime/redis/index.js';
import { batchOf, codeOf, manyPuts, put, remove, TASK, timer, valuesOf, write } from './batches.js';
import { RedisUnderTest } from './server.js';

const redis = new RedisUnderTest('single');

async function begun(): Promise<{ state: RedisState; task: ClaimedTask }> {
  const state = await redis.open();
  const task = await state.claim(TASK);
  await task.recover(null);
  return { state, task };
}

const large = (value: string): ReturnType<typeof batchOf> =>
  batchOf([...manyPuts(2_500, value), put('x', value, 'other')], {
    queue: Array.from({ length: 700 }, (_, n) => timer(n, 'x', n % 100 === 0 ? value : '')),
    progress: Buffer.from(value),
  });

async function chunksOf(snapshot: AsyncIterable<SnapshotChunk>): Promise<SnapshotChunk[]> {
  const chunks: SnapshotChunk[] = [];
  for await (const chunk of snapshot) chunks.push(chunk);
  return chunks;
}

const wholeOf = async (task: ClaimedTask): Promise<unknown[]> => [
  await valuesOf(task, ['key-0', 'key-2499', 'key-2500']),
  await valuesOf(task, ['x'], 'other'),
  (await task.queueHead(1_000)).map(({ timeMs, payload }) => [timeMs, String(payload)]),
];

describe('a copy of a task', () => {
  it('brings back rows, timers, progress and the batch that was applied, elsewhere too', async () => {
    const { state, task } = await begun();
    const batch = large('1');
    await write(task, batch);
    const before = await wholeOf(task);
    const chunks = await chunksOf(state.snapshot(TASK));
    await write(task, batchOf([remove('key-0'), put('new', '2'), put('y', '2', 'third')], { queue: [timer(-5, 'new')] }));
    const other = await redis.open({ keyPrefix: 'elsewhere' });
    for (const to of [state, other]) {
      await to.restore(TASK, chunks);
      const next = await to.claim(TASK);
      expect(await next.recover(batch.id)).toEqual({ standing: 'current', progress: Buffer.from('1') });
      expect(await wholeOf(next)).toEqual(before);
      expect(await valuesOf(next, ['new'])).toEqual([null]);
      expect(await valuesOf(next, ['y'], 'third')).toEqual([null]);
    }
    expect(await codeOf(task.queueHead(1))).toBe('SFS_FENCED');
  });

  it('leaves out what is staged', async () => {
    const { state, task } = await begun();
    await write(task, large('1'));
    await task.stage(large('2'));
    const [first] = await chunksOf(state.snapshot(TASK));
    expect(first).toMatchObject({ kind: 'begin', progress: Buffer.from('1') });
  });

  it('begins again when a batch is applied meanwhile, and counts from there', async () => {
    const { state, task } = await begun();
    await write(task, large('1'));
    let disturbed = false;
    const chunks: SnapshotChunk[] = [];
    for await (const chunk of state.snapshot(TASK)) {
      chunks.push(chunk);
      if (disturbed || chunk.kind !== 'rows') continue;
      disturbed = true;
      await write(task, large('2'));
    }
    expect(chunks.flatMap((chunk) => (chunk.kind === 'begin' ? [String(chunk.progress)] : []))).toEqual(['1', '2']);
    const after = await wholeOf(task);
    await state.restore(TASK, chunks);
    const next = await state.claim(TASK);
    expect(await next.recover(null)).toMatchObject({ progress: Buffer.from('2') });
    expect(await wholeOf(next)).toEqual(after);
  });

  it('is given up when the task never stands still', async () => {
    const { state, task } = await begun();
    await write(task, large('1'));
    const copying = (async () => {
      for await (const chunk of state.snapshot(TASK)) if (chunk.kind === 'begin') await write(task, batchOf([put('key-0', 'x')]));
    })();
    expect(await codeOf(copying)).toBe('SFS_SNAPSHOT_UNSETTLED');
  });

  it('is empty for a task without state', async () => {
    const { state } = await begun();
    expect(await chunksOf(state.snapshot(TASK))).toEqual([]);
  });
});

describe('a copy that is not whole', () => {
  it.each<[string, (chunks: SnapshotChunk[]) => SnapshotChunk[]]>([
    ['cut off', (chunks) => chunks.slice(0, -1)],
    ['without its beginning', (chunks) => chunks.slice(1)],
    ['empty', () => []],
    ['with something behind its end', (chunks) => [...chunks, chunks[1]!]],
  ])('leaves the task without state: %s', async (_how, damage) => {
    const { state, task } = await begun();
    await write(task, large('1'));
    const chunks = damage(await chunksOf(state.snapshot(TASK)));
    expect(await codeOf(state.restore(TASK, chunks))).toBe('SFS_SNAPSHOT_INVALID');
    const next = await state.claim(TASK);
    expect(await next.recover(null)).toEqual({ standing: 'new', progress: null });
    expect(await valuesOf(next, ['key-0'])).toEqual([null]);
    await write(next, large('2'));
  });

  it('is one that somebody claimed meanwhile', async () => {
    const { state, task } = await begun();
    await write(task, large('1'));
    const chunks = await chunksOf(state.snapshot(TASK));
    async function* claimedMeanwhile(): AsyncGenerator<SnapshotChunk> {
      for (const [index, chunk] of chunks.entries()) {
        if (index === 2) await state.claim(TASK);
        yield await Promise.resolve(chunk);
      }
    }
    expect(await codeOf(state.restore(TASK, claimedMeanwhile()))).toBe('SFS_FENCED');
    const next = await state.claim(TASK);
    expect(await next.recover(null)).toMatchObject({ standing: 'new' });
  });
});
