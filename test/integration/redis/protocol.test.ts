import { describe, expect, it } from 'vitest';
import type { ClaimedTask, TaskBatch } from '../../../runtime/redis/index.js';
import { batchOf, codeOf, manyPuts, put, remove, TASK, timer, valuesOf, write } from './batches.js';
import { RedisUnderTest } from './server.js';

const redis = new RedisUnderTest('single');

/** A fresh task that is claimed and recovered. */
async function newTask(): Promise<{
  claimed: ClaimedTask;
  again: (committed: string | null) => Promise<{ claimed: ClaimedTask; standing: string; progress: string | null }>;
}> {
  const state = await redis.open();
  const claimed = await state.claim(TASK);
  expect(await claimed.recover(null)).toEqual({ standing: 'new', progress: null });
  const again = async (committed: string | null): ReturnType<Awaited<ReturnType<typeof newTask>>['again']> => {
    const next = await state.claim(TASK);
    const { standing, progress } = await next.recover(committed);
    return { claimed: next, standing, progress: progress === null ? null : String(progress) };
  };
  return { claimed, again };
}

const many = (value: string): TaskBatch => batchOf(manyPuts(1_300, value), { progress: Buffer.from(value) });

describe('a batch that is staged', () => {
  it('is not seen before it is applied, and whole afterwards', async () => {
    const { claimed } = await newTask();
    const batch = many('1');
    await claimed.stage(batch);
    expect(await valuesOf(claimed, ['key-0', 'key-1299'])).toEqual([null, null]);
    await claimed.apply(batch.id);
    expect(await valuesOf(claimed, ['key-0', 'key-1299', 'other'])).toEqual(['1', '1', null]);
  });

  it('is applied by the next claim when the transaction was committed', async () => {
    const { claimed, again } = await newTask();
    const batch = many('1');
    await claimed.stage(batch);
    const next = await again(batch.id);
    expect(next).toMatchObject({ standing: 'current', progress: '1' });
    expect(await valuesOf(next.claimed, ['key-0', 'key-1299'])).toEqual(['1', '1']);
  });

  it('is discarded by the next claim when it was not', async () => {
    const { claimed, again } = await newTask();
    const [first, second] = [many('1'), many('2')];
    await write(claimed, first);
    await claimed.stage(second);
    const next = await again(first.id);
    expect(next).toMatchObject({ standing: 'current', progress: '1' });
    expect(await valuesOf(next.claimed, ['key-0'])).toEqual(['1']);
    await write(next.claimed, many('3'));
    expect(await valuesOf(next.claimed, ['key-0', 'key-1299'])).toEqual(['3', '3']);
  });

  it('may be staged again, and applied in the same breath as the next one is staged', async () => {
    const { claimed, again } = await newTask();
    const [first, second] = [many('1'), many('2')];
    await claimed.stage(first);
    await claimed.stage(first);
    const applied = claimed.apply(first.id);
    const read = valuesOf(claimed, ['key-7']);
    await Promise.all([applied, claimed.stage(second)]);
    expect(await read).toEqual(['1']);
    await claimed.apply(second.id);
    expect(await again(second.id)).toMatchObject({ standing: 'current', progress: '2' });
  });

  it('is not replaced by another one', async () => {
    const { claimed, again } = await newTask();
    const batch = many('1');
    await claimed.stage(batch);
    expect(await codeOf(claimed.stage(many('2')))).toBe('SFS_STATE_BEHIND');
    expect(await again(batch.id)).toMatchObject({ standing: 'current', progress: '1' });
  });

  it('cannot be applied when it is none of this claim', async () => {
    const { claimed } = await newTask();
    expect(await codeOf(claimed.apply('0'.repeat(32)))).toBe('SFS_STATE_BEHIND');
  });
});

describe('standing', () => {
  it('is behind when Kafka knows a batch that Redis does not', async () => {
    const { claimed, again } = await newTask();
    await write(claimed, many('1'));
    await claimed.stage(many('2'));
    const next = await again('f'.repeat(32));
    expect(next).toMatchObject({ standing: 'behind', progress: '1' });
    await write(next.claimed, many('3'));
    expect(await valuesOf(next.claimed, ['key-0'])).toEqual(['3']);
  });

  it('is behind when the offsets of Kafka expired, and when Redis was lost', async () => {
    const { claimed, again } = await newTask();
    expect(await again('f'.repeat(32))).toMatchObject({ standing: 'behind', progress: null });
    const { claimed: next } = await again(null);
    await write(next, many('1'));
    expect(await again(null)).toMatchObject({ standing: 'behind', progress: '1' });
    expect(await codeOf(claimed.fetch([]))).toBe('none'); // nothing is asked, nothing is sent
    expect(await codeOf(claimed.queueHead(1))).toBe('SFS_FENCED');
  });

  it('comes first: other calls are refused before recovery, and a second recovery is', async () => {
    const state = await redis.open();
    const claimed = await state.claim(TASK);
    expect(await codeOf(claimed.stage(many('1')))).toBe('SFS_CLAIM_ORDER');
    expect(await codeOf(valuesOf(claimed, ['key-0']))).toBe('SFS_CLAIM_ORDER');
    await claimed.recover(null);
    expect(await codeOf(claimed.recover(null))).toBe('SFS_CLAIM_ORDER');
  });
});

describe('an older claim', () => {
  const calls: readonly (readonly [string, (claimed: ClaimedTask, staged: TaskBatch) => Promise<unknown>])[] = [
    ['fetch', (claimed) => valuesOf(claimed, ['key-0'])],
    ['queueHead', (claimed) => claimed.queueHead(1)],
    ['scan', (claimed) => claimed.scan('counts').next()],
    ['stage', (claimed, staged) => claimed.stage(staged)],
    ['apply', (claimed, staged) => claimed.apply(staged.id)],
    ['commit', (claimed) => claimed.commit(batchOf([put('key-0', 'zombie')]))],
    ['commit of many writes', (claimed) => claimed.commit(many('zombie'))],
  ];

  it.each(calls)('is fenced at %s, and changes nothing', async (_name, call) => {
    const { claimed, again } = await newTask();
    const [first, staged] = [many('1'), many('2')];
    await write(claimed, first);
    await claimed.stage(staged);
    const next = await again(first.id);
    expect(await codeOf(call(claimed, staged))).toBe('SFS_FENCED');
    expect(await valuesOf(next.claimed, ['key-0'])).toEqual(['1']);
    await write(next.claimed, many('3'));
    expect(await valuesOf(next.claimed, ['key-0', 'key-1299'])).toEqual(['3', '3']);
  });

  it('is fenced at recovery, and discards nothing', async () => {
    const state = await redis.open();
    const [old, middle] = [await state.claim(TASK), await state.claim(TASK)];
    await middle.recover(null);
    const batch = many('1');
    await middle.stage(batch);
    expect(await old.recover(null)).toEqual({ standing: 'new', progress: null }); // nothing to do when it claimed
    expect(await codeOf(old.queueHead(1))).toBe('SFS_FENCED');
    const [third, fourth] = [await state.claim(TASK), await state.claim(TASK)];
    expect(await codeOf(third.recover(null))).toBe('SFS_FENCED');
    expect(await fourth.recover(batch.id)).toMatchObject({ standing: 'current' });
  });

  it('reports its first failure ever after', async () => {
    const { claimed, again } = await newTask();
    const next = await again(null);
    await expect(claimed.stage(many('1'))).rejects.toThrow(/another worker has claimed task learner-engagement@1\/0\/3/);
    await next.claimed.release();
    expect(await codeOf(valuesOf(claimed, ['key-0']))).toBe('SFS_FENCED');
  });

  it('releases nothing of the newer one', async () => {
    const { claimed, again } = await newTask();
    const next = await again(null);
    await claimed.release();
    await write(next.claimed, many('1'));
    expect(await valuesOf(next.claimed, ['key-0'])).toEqual(['1']);
    await next.claimed.release();
    expect(await codeOf(next.claimed.stage(many('2')))).toBe('SFS_FENCED');
  });
});

describe('an idempotent commit', () => {
  it.each([
    ['one script call', [put('a', '1'), put('b', '1')]],
    ['several', [put('a', '1'), put('b', '1'), ...manyPuts(1_300, '1')]],
  ])('writes all of a batch in %s', async (_calls, state) => {
    const { claimed, again } = await newTask();
    await claimed.commit(batchOf(state, { queue: [timer(5, 'x')], progress: Buffer.from('1') }));
    await claimed.commit(batchOf([remove('a'), put('b', '2')], { progress: Buffer.from('2') }));
    expect(await valuesOf(claimed, ['a', 'b'])).toEqual([null, '2']);
    expect(await claimed.queueHead(10)).toHaveLength(1);
    expect(await again(null)).toMatchObject({ standing: 'behind', progress: '2' });
  });
});
