/** Redis loses what it had acknowledged: at each step of a commit, under a live claim and between two. */
import { describe, expect, it } from 'vitest';
import { CLAIM } from '../../../runtime/redis/lua/claims.js';
import { RegionKeys } from '../../../runtime/redis/taskKeys.js';
import type { ClaimedTask, RedisState, TaskBatch } from '../../../runtime/redis/index.js';
import { batchOf, codeOf, manyPuts, put, TASK, valuesOf, write } from './batches.js';
import { Proxy } from './proxy.js';
import { RawCalls } from './rawCalls.js';
import { RedisUnderTest, rollBack, save, SLOW_MS } from './server.js';

const many = (value: string): TaskBatch => batchOf(manyPuts(600, value), { progress: Buffer.from(value) });
const ends = ['key-0', 'key-599'];

async function claimed(state: RedisState, committed: string | null): Promise<{ task: ClaimedTask; standing: string; progress: string }> {
  const task = await state.claim(TASK);
  const { standing, progress } = await task.recover(committed);
  return { task, standing, progress: String(progress) };
}

describe('a restart on an older file', () => {
  const redis = new RedisUnderTest('single');

  /** Batch 1 is applied, 2 is staged, committed and applied, 3 is staged and committed. The server is saved before the step of this name, and goes back to it after step `until`. */
  async function throughSteps(savedBefore: string, until: string): Promise<{ state: RedisState; task: ClaimedTask; batches: TaskBatch[] }> {
    const state = await redis.open();
    const client = redis.client();
    const batches = [many('1'), many('2'), many('3')];
    const { task } = await claimed(state, null);
    const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['write 1', () => write(task, batches[0]!)],
      ['stage 2', () => task.stage(batches[1]!)],
      ['apply 2', () => task.apply(batches[1]!.id)],
      ['stage 3', () => task.stage(batches[2]!)],
      ['nothing', () => Promise.resolve()],
    ];
    for (const [name, step] of steps) {
      if (name === savedBefore) await save(client);
      await step();
      if (name === until) break;
    }
    await rollBack(redis.server);
    return { state, task, batches };
  }

  it.each([
    // saved before, lost after, committed batch, standing, progress
    ['write 1', 'write 1', 0, 'behind', 'null'],
    ['stage 2', 'stage 2', 1, 'behind', '1'],
    ['stage 2', 'apply 2', 1, 'behind', '1'],
    ['apply 2', 'apply 2', 1, 'current', '2'],
    ['apply 2', 'stage 3', 1, 'current', '2'],
    ['apply 2', 'stage 3', 2, 'behind', '1'],
    ['stage 3', 'stage 3', 2, 'behind', '2'],
    ['stage 3', 'stage 3', 1, 'current', '2'],
    ['nothing', 'nothing', 2, 'current', '3'],
  ])('saved before %s, lost after %s, with batch %i committed: %s at progress %s', async (savedBefore, until, committed, standing, progress) => {
    const { state, batches } = await throughSteps(savedBefore, until);
    const next = await claimed(state, batches[committed]!.id);
    expect(next).toMatchObject({ standing, progress });
    expect(await valuesOf(next.task, ends)).toEqual(progress === 'null' ? [null, null] : [progress, progress]);
    await write(next.task, many('again'));
    expect(await valuesOf(next.task, ends)).toEqual(['again', 'again']);
  });

  const calls: readonly (readonly [string, (task: ClaimedTask, last: TaskBatch) => Promise<unknown>])[] = [
    ['fetch', (task) => valuesOf(task, ends)],
    ['queueHead', (task) => task.queueHead(1)],
    ['scan', (task) => task.scan('counts').next()],
    ['stage', (task) => task.stage(many('4'))],
    ['commit', (task) => task.commit(batchOf([put('key-0', '4')]))],
  ];

  it.each(calls)('is noticed under a live claim by %s', async (_name, call) => {
    const { state, task, batches } = await throughSteps('stage 2', 'apply 2');
    expect(await codeOf(call(task, batches[2]!))).toBe('SFS_STATE_BEHIND');
    const next = await claimed(state, batches[1]!.id);
    expect(await valuesOf(next.task, ends)).toEqual(['1', '1']);
  });

  it('is noticed by apply, when what was staged is gone', async () => {
    const { task, batches } = await throughSteps('stage 2', 'stage 2');
    expect(await codeOf(task.apply(batches[1]!.id))).toBe('SFS_STATE_BEHIND');
  });

  it('does no harm to a claim that saw nothing of what was lost', async () => {
    const { task, batches } = await throughSteps('nothing', 'nothing');
    await task.apply(batches[2]!.id);
    expect(await valuesOf(task, ends)).toEqual(['3', '3']);
  });

  it('to before the claim fences it', async () => {
    const state = await redis.open();
    const first = await claimed(state, null);
    await write(first.task, many('1'));
    await save(redis.client());
    const second = await state.claim(TASK);
    await second.recover(null);
    await rollBack(redis.server);
    expect(await codeOf(valuesOf(second, ends))).toBe('SFS_FENCED');
    expect(await valuesOf(first.task, ends)).toEqual(['1', '1']); // the claim of then, and the state of then
  });

  it('to nothing at all is told from a claim by somebody else', async () => {
    const state = await redis.open();
    const { task } = await claimed(state, null);
    const batch = many('1');
    await write(task, batch);
    await redis.client().flushall();
    expect(await codeOf(task.stage(many('2')))).toBe('SFS_STATE_BEHIND');
    expect(await claimed(state, batch.id)).toMatchObject({ standing: 'behind', progress: 'null' });
  });
});

describe('between two script calls of one step', () => {
  const redis = new RedisUnderTest('single');

  async function begun(): Promise<{ state: RedisState; task: ClaimedTask; first: TaskBatch; second: TaskBatch; raw: RawCalls; early: RawCalls }> {
    const region = redis.freshRegion();
    const state = await redis.open({ region });
    const { task } = await claimed(state, null);
    const [first, second] = [many('1'), many('2')];
    const early = await RawCalls.ofHolder(redis.client(), region);
    await write(task, first);
    return { state, task, first, second, early, raw: await RawCalls.ofHolder(redis.client(), region) };
  }

  it.each(['first', 'second', null] as const)('an apply that had begun is finished, whatever Kafka says: %s', async (committed) => {
    const { state, task, first, second, raw } = await begun();
    await task.stage(second);
    expect(await raw.apply(second, 0)).toBe('OK');
    expect(await codeOf(valuesOf(task, ends))).toBe('SFS_STATE_BEHIND'); // nobody reads half a batch
    const id = committed === null ? null : { first, second }[committed].id;
    const next = await claimed(state, id);
    expect(next).toMatchObject({ standing: committed === 'second' ? 'current' : 'behind', progress: '2' });
    expect(await valuesOf(next.task, ends)).toEqual(['2', '2']);
  });

  it('a recovery that was interrupted is finished by the next one', async () => {
    const { state, task, second, raw } = await begun();
    await task.stage(second);
    await raw.apply(second, 0);
    await raw.apply(second, 1);
    await state.claim(TASK); // and dies
    const next = await claimed(state, second.id);
    expect(next).toMatchObject({ standing: 'current', progress: '2' });
    expect(await valuesOf(next.task, ends)).toEqual(['2', '2']);
  });

  it('a batch that is staged in part counts for nothing, and leaves nothing', async () => {
    const { state, first, second, raw } = await begun();
    expect([await raw.stage(second, 0), await raw.stage(second, 1)]).toEqual(['OK', 'OK']);
    expect(await raw.apply(second, 0)).toBe('BEHIND');
    const next = await claimed(state, first.id);
    expect(next).toMatchObject({ standing: 'current', progress: '1' });
    await write(next.task, many('3'));
    expect(await valuesOf(next.task, ends)).toEqual(['3', '3']);
  });

  it('a chunk that was lost on the way is missed at the end of staging', async () => {
    const { second, raw } = await begun();
    expect([await raw.stage(second, 0), await raw.stage(second, 2)]).toEqual(['OK', 'BEHIND']);
    expect(await raw.stage(second, 1)).toBe('OK');
    expect(await raw.stage(second, 2)).toBe('OK');
  });

  it('chunks are applied in order, and each of them once', async () => {
    const { task, second, raw } = await begun();
    await task.stage(second);
    expect(await raw.apply(second, 1)).toBe('BEHIND');
    for (const chunk of [0, 1, 0, 2]) expect(await raw.apply(second, chunk)).toBe('OK');
    await task.apply(second.id);
    expect(await raw.apply(second, 2)).toBe('OK'); // it is applied
    expect(await valuesOf(task, ends)).toEqual(['2', '2']);
  });

  it('a late double of a claim gives a former owner nothing back', async () => {
    const region = redis.freshRegion();
    const state = await redis.open({ region });
    const client = redis.client();
    const { meta, staged } = new RegionKeys(region, 'skillforge').task(TASK);
    const double = (token: string, seen: string): Promise<string> =>
      client.eval(CLAIM.source, 2, meta, staged, token, seen).then(
        () => 'OK',
        (error: unknown) => (error as Error).message.split(' ')[0]!,
      );
    const former = (await claimed(state, null)).task;
    const formerToken = (await client.hget(meta, 'token'))!;
    const { task } = await claimed(state, null);
    const token = (await client.hget(meta, 'token'))!;
    expect(await double(formerToken, '')).toBe('FENCED');
    expect(await double(token, formerToken)).toBe('OK'); // sent again while it holds
    await write(task, many('1'));
    expect(await codeOf(former.check())).toBe('SFS_FENCED');
    await task.release();
    expect([await double(formerToken, ''), await double(token, formerToken)]).toEqual(['FENCED', 'OK']);
    expect(await client.hexists(meta, 'token')).toBe(0);
  });

  it('who claims while another one does takes it over from that one', async () => {
    const region = redis.freshRegion();
    const states = await Promise.all(Array.from({ length: 6 }, () => redis.open({ region })));
    const tasks = await Promise.all(states.map((state) => state.claim(TASK)));
    const codes = await Promise.all(tasks.map((task) => codeOf(task.recover(null).then(() => task.check()))));
    expect(codes.filter((code) => code === 'none')).toHaveLength(1);
    expect(new Set(codes)).toEqual(new Set(['none', 'SFS_FENCED']));
  });

  it('a task that asks for nothing is told when it looks', async () => {
    const state = await redis.open();
    const client = redis.client();
    const { task } = await claimed(state, null);
    await write(task, many('1'));
    await save(client);
    await write(task, many('2'));
    await task.check();
    await rollBack(redis.server);
    expect(await codeOf(task.check())).toBe('SFS_STATE_BEHIND');
  });

  it('a late double of an old call takes nobody in', async () => {
    const { state, task, second, raw, early } = await begun();
    const aborted = many('aborted');
    await task.stage(second);
    expect(await raw.stage(aborted, 0)).toBe('BEHIND'); // the one that is staged may be decided
    expect(await early.apply(second, 0)).toBe('BEHIND'); // sent before the first batch was applied
    expect(await raw.discard(aborted)).toBe('OK'); // not the one that is staged
    await task.apply(second.id);
    expect([await raw.stage(second, 0), await raw.apply(aborted, 0)]).toEqual(['BEHIND', 'BEHIND']);
    await claimed(state, second.id);
    expect([await raw.stage(second, 0), await raw.apply(second, 0)]).toEqual(['FENCED', 'FENCED']);
  });
});

describe('a replica that lagged', () => {
  const redis = new RedisUnderTest('replicated');

  it('is promoted under a live claim: the claim is told, and the next one recovers', async () => {
    const [primary, replica] = redis.servers;
    const proxy = await Proxy.start(primary!.port);
    redis.closeAfter(proxy);
    const state = await redis.open({ url: `redis://127.0.0.1:${proxy.port}` });
    const { task } = await claimed(state, null);
    const [first, second] = [many('1'), many('2')];
    await write(task, first);
    await task.stage(second);
    await redis.client().wait(1, SLOW_MS); // the replica has what is written up to here
    await redis.client(replica).replicaof('NO', 'ONE');
    await task.apply(second.id);
    const third = many('3');
    await task.stage(third);
    await primary!.kill();
    proxy.lead(replica!.port);
    expect(await codeOf(task.apply(third.id))).toBe('SFS_STATE_BEHIND');
    const next = await claimed(state, third.id);
    expect(next).toMatchObject({ standing: 'behind', progress: '1' });
    await write(next.task, second);
    expect(await valuesOf(next.task, ends)).toEqual(['2', '2']);
  });
});
