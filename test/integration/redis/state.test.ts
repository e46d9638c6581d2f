import { describe, expect, it } from 'vitest';
import { RegionKeys } from '../../../runtime/redis/taskKeys.js';
import { batchOf, codeOf, put, remove, timer, valuesOf, write } from './batches.js';
import { RedisUnderTest } from './server.js';

describe.each(['single', 'cluster'] as const)('the state of a region in Redis (%s)', (layout) => {
  const redis = new RedisUnderTest(layout);
  const names = Array.from({ length: 12 }, (_, partition) => `trending@1/counts/${partition}`);

  it('lists its tasks, and no other region’s', async () => {
    const region = redis.freshRegion();
    const state = await redis.open({ region });
    const other = await redis.open({ region: `${region}-2` });
    await (await other.claim('other')).recover(null);
    expect(await state.tasks()).toEqual([]);
    for (const name of names) {
      const claimed = await state.claim(name);
      await claimed.recover(null);
      await write(claimed, batchOf([put('k', name)], { queue: [timer(1, name)] }));
      expect(await valuesOf(claimed, ['k'])).toEqual([name]);
    }
    expect(await state.tasks()).toEqual([...names].sort());
  });

  it('drops a task, all of its keys, and tells its holder', async () => {
    const region = redis.freshRegion();
    const state = await redis.open({ region });
    const claimed = await state.claim(names[0]!);
    await claimed.recover(null);
    await write(claimed, batchOf([put('a', '1', 'one'), put('a', '1', 'two')], { queue: [timer(1, 'x', 'payload')] }));
    await claimed.stage(batchOf([put('a', '1', 'three')]));
    await state.drop(names[0]!);
    expect(await state.tasks()).toEqual([]);
    const all = await Promise.all(redis.servers.map((server) => redis.client(server).keys(`*${region}*`)));
    expect(all.flat()).toEqual([]);
    expect(await codeOf(valuesOf(claimed, ['a'], 'one'))).toBe('SFS_STATE_BEHIND');
    await state.drop('never-was');
  });

  it('tells how much a task has: rows and timers exactly, bytes nearly', async () => {
    const state = await redis.open();
    const claimed = await state.claim(names[0]!);
    expect(await state.size('never-was')).toEqual({ rows: 0, timers: 0, bytes: 0 });
    await claimed.recover(null);
    const rows = Array.from({ length: 2_000 }, (_, at) => put(`key-${at}`, 'x'.repeat(500 + (at % 200)), at % 2 === 0 ? 'a' : 'b'));
    const queue = Array.from({ length: 300 }, (_, at) => timer(at, `t-${at}`, 'payload'));
    await write(claimed, batchOf(rows, { queue }));
    const size = await state.size(names[0]!);
    expect([size.rows, size.timers]).toEqual([2_000, 300]);
    // The values alone, and what Redis puts around each of them.
    const values = 2_000 * 599.5;
    expect(size.bytes).toBeGreaterThan(values);
    expect(size.bytes).toBeLessThan(1.6 * values);
    await write(claimed, batchOf([remove('key-0', 'a')]));
    expect((await state.size(names[0]!)).rows).toBe(1_999);
  });

  it('leaves nothing of a task that was claimed and never wrote', async () => {
    const state = await redis.open();
    const claimed = await state.claim(names[0]!);
    await claimed.recover(null);
    await claimed.release();
    expect(await state.tasks()).toEqual([]);
  });

  it('refuses names that keys cannot have', async () => {
    const state = await redis.open();
    expect(() => new RegionKeys('eu{west', 'skillforge')).toThrow(/region "eu\{west"/);
    const calls: (() => Promise<unknown>)[] = [() => state.claim('a{b'), () => state.drop(''), () => state.restore('}', [])];
    for (const call of calls) {
      expect(await codeOf(Promise.resolve().then(call))).toBe('SFS_NAME_INVALID');
    }
  });
});
