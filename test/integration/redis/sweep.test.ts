/** Sweeps on a real Redis: what is of one goes, beside a worker, within the protocol of ADR 0011. */
import { describe, expect, it } from 'vitest';
import { randomId, type SweepRules, type SweptRow } from '../../../runtime/redis/index.js';
import { RedisUnderTest } from './server.js';

const TASK = 'visits@1/0/0';
const row = (key: string, value: string, store = 'visits') => ({ store, key, value: Buffer.from(value) });
const timer = (tiebreak: string, payload: string) => ({ queue: 'gaps', timeMs: 5, tiebreak, payload: Buffer.from(payload) });

/** Ada's rows and timers go, and her name from the rows of others. */
const withoutAda = (looked: (rows: readonly SweptRow[]) => Promise<void> = () => Promise.resolve()): SweepRules => ({
  rows: async (rows) => {
    await looked(rows);
    return rows.map(({ key, value }) => {
      if (key === 'ada') return null;
      return value.includes('ada') ? Buffer.from(value.toString().replace('ada', 'nobody')) : value;
    });
  },
  keepsTimer: ({ tiebreak }) => tiebreak !== 'ada',
});

const BOTH = {
  state: [row('ada', '1'), row('bob', '2'), row('course', 'ada and bob', 'lists')],
  queue: [timer('ada', 'x'), timer('bob', 'y'), timer('ada', '')],
  progress: Buffer.from('here'),
};

async function stateOf(state: Awaited<ReturnType<RedisUnderTest['open']>>): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const store of await state.rows(TASK).stores())
    for await (const { key, value } of state.rows(TASK).scan(store)) found[`${store} ${key}`] = value.toString();
  for await (const { tiebreak, payload } of state.rows(TASK).timers()) found[`timer ${tiebreak}`] = payload.toString();
  return found;
}

const SWEPT = { 'visits bob': '2', 'lists course': 'nobody and bob', 'timer bob': 'y' };

describe.each(['single', 'cluster'] as const)('a sweep (%s)', (layout) => {
  const redis = new RedisUnderTest(layout);

  it('takes rows and timers out of a task, shuts its worker out once, and leaves what was applied last', async () => {
    const state = await redis.open();
    const worker = await state.claim(TASK);
    await worker.recover(null);
    const id = randomId();
    await worker.commit({ id, ...BOTH });
    expect(await state.sweep(TASK, withoutAda())).toEqual({ rows: 2, timers: 1, staged: 0 });
    expect(await stateOf(state)).toEqual(SWEPT);
    // What it had read is void.
    await expect(worker.fetch([{ store: 'lists', key: 'course' }])).rejects.toMatchObject({ code: 'SFS_STATE_BEHIND' });
    const again = await state.claim(TASK);
    expect(await again.recover(id)).toEqual({ standing: 'current', progress: BOTH.progress });
    expect(await state.isClaimed(TASK)).toBe(true);
    expect(await state.sweep(TASK, withoutAda())).toEqual({ rows: 0, timers: 0, staged: 0 });
  });

  it('takes them out of a batch that is staged, which is decided afterwards as ever', async () => {
    for (const isDecided of [true, false]) {
      const state = await redis.open();
      const worker = await state.claim(TASK);
      await worker.recover(null);
      const id = randomId();
      await worker.stage({ id, ...BOTH });
      const swept = await state.sweep(TASK, withoutAda());
      expect(swept.staged).toBeGreaterThan(2);
      const next = await state.claim(TASK);
      expect(await next.recover(isDecided ? id : null)).toMatchObject({ standing: isDecided ? 'current' : 'new' });
      expect(await stateOf(state)).toEqual(isDecided ? SWEPT : {});
    }
  });

  it('does a step again where a worker took the task in the middle of it', async () => {
    const state = await redis.open();
    const worker = await state.claim(TASK);
    await worker.recover(null);
    const id = randomId();
    await worker.commit({ id, ...BOTH });
    let looks = 0;
    const rules = withoutAda(async () => {
      // The second look is the one of a step that holds the task.
      if (++looks !== 2) return;
      const other = await state.claim(TASK);
      await other.recover(id);
      await other.commit({ id: randomId(), state: [row('bob', '3')], queue: [], progress: BOTH.progress });
    });
    await state.sweep(TASK, rules);
    expect(await stateOf(state)).toEqual({ ...SWEPT, 'visits bob': '3' });
  });
});
