import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SkillForgeError, errorCodeOf } from '../../../schemas/index.js';
import type { ClaimedTask, RedisState, TaskBatch } from '../../../runtime/redis/index.js';
import { RegionKeys } from '../../../runtime/redis/taskKeys.js';
import type { Server } from '../../../scripts/services/index.js';
import { batchOf, codeOf, manyPuts, TASK, timer, valuesOf, write } from './batches.js';
import { RedisUnderTest, rollBack, save } from './server.js';

const redis = new RedisUnderTest('cluster');
const many = (value: string): TaskBatch => batchOf(manyPuts(1_300, value), { queue: [timer(1, 'x', value)], progress: Buffer.from(value) });
const ends = ['key-0', 'key-1299'];

async function begun(): Promise<{ state: RedisState; task: ClaimedTask; slot: number; owner: Server; other: Server }> {
  const region = redis.freshRegion();
  const state = await redis.open({ region });
  const task = await state.claim(TASK);
  await task.recover(null);
  const { meta } = new RegionKeys(region, 'skillforge').task(TASK);
  const slot = await redis.client().cluster('KEYSLOT', meta);
  const owner = await ownerOf(slot);
  return { state, task, slot, owner, other: redis.servers.find((server) => server !== owner)! };
}

async function ownerOf(slot: number): Promise<Server> {
  const slots = await redis.client().cluster('SLOTS');
  const [, , owner] = slots.find(([from, to]) => from <= slot && slot <= to)!;
  const port = owner![1];
  return redis.servers.find((server) => server.port === port)!;
}

/** Moves a slot with all of its keys, as a resharding does. `during` is called while it is under way. */
async function moveSlot(slot: number, from: Server, to: Server, during: () => void): Promise<void> {
  const [source, target] = [redis.client(from), redis.client(to)];
  const [sourceId, targetId] = await Promise.all([source, target].map((node) => node.call('CLUSTER', 'MYID')));
  await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(sourceId));
  await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(targetId));
  during();
  for (;;) {
    const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 2)) as string[];
    if (keys.length === 0) break;
    await source.call('MIGRATE', '127.0.0.1', to.port, '', 0, 60_000, 'KEYS', ...keys);
  }
  for (const node of [target, source]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', String(targetId));
}

/** All nodes agree that the cluster serves. */
async function untilServing(): Promise<void> {
  for (const server of redis.servers) {
    const client = redis.client(server);
    while (!(await client.cluster('INFO')).includes('cluster_state:ok')) await sleep(50);
  }
}

describe('a Redis Cluster', () => {
  it('whose node lost what it had acknowledged is noticed, and recovered from', async () => {
    const { state, task, owner } = await begun();
    const [first, second] = [many('1'), many('2')];
    await write(task, first);
    await save(redis.client(owner));
    await task.stage(second);
    await rollBack(owner);
    await untilServing();
    expect(await codeOf(task.apply(second.id))).toBe('SFS_STATE_BEHIND');
    const next = await state.claim(TASK);
    expect(await next.recover(second.id)).toEqual({ standing: 'behind', progress: Buffer.from('1') });
    await write(next, second);
    expect(await valuesOf(next, ends)).toEqual(['2', '2']);
  });

  it('is waited for while a node restarts', async () => {
    const { task, owner } = await begun();
    await write(task, many('1'));
    await save(redis.client(owner));
    await owner.kill();
    const read = valuesOf(task, ends);
    await owner.restart();
    expect(await read).toEqual(['1', '1']);
  });

  it('may move a task to another node, between calls', async () => {
    const { task, slot, owner, other } = await begun();
    await write(task, many('1'));
    await moveSlot(slot, owner, other, () => undefined);
    const batch = many('2');
    await task.stage(batch);
    await moveSlot(slot, other, owner, () => undefined);
    await task.apply(batch.id);
    expect(await valuesOf(task, ends)).toEqual(['2', '2']);
    expect((await task.queueHead(5)).map(({ payload }) => String(payload))).toEqual(['2']);
  });

  it('may move a task while calls are under way: they go through, or the claim is to be repeated, and nothing is lost', async () => {
    const { state, task: begunTask, slot, owner, other } = await begun();
    let task = begunTask;
    let committed: TaskBatch | null = null;
    for (let round = 0; round < 6; round++) {
      const batch = many(String(round));
      const [from, to] = round % 2 === 0 ? [owner, other] : [other, owner];
      await task.stage(batch);
      committed = batch;
      const next = many(`${round}+`);
      let sent: Promise<unknown> = Promise.resolve();
      await moveSlot(slot, from, to, () => {
        sent = Promise.all([task.apply(batch.id), task.stage(next)]);
        sent.catch(() => undefined); // awaited below
      });
      try {
        await sent;
        committed = next;
        await task.apply(next.id);
      } catch (error) {
        // Calls that are redirected one by one may change places, which is refused.
        if (errorCodeOf(error) !== 'SFS_STATE_BEHIND') throw error;
        task = await state.claim(TASK);
        const { standing, progress } = await task.recover(committed.id);
        if (standing !== 'current') throw new SkillForgeError('SFS_UNEXPECTED', `${standing} at ${String(progress)}`);
      }
      const value = String(committed.progress);
      expect(await valuesOf(task, ends)).toEqual([value, value]);
    }
  });
});
