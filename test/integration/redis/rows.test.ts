/** What only Redis does with rows; what every driver does is in the suite that `conformance.test.ts` runs. */
import { expect, it } from 'vitest';
import type { ClaimedTask } from '../../../runtime/redis/index.js';
import { batchOf, put, TASK, valuesOf, write } from './batches.js';
import { RedisUnderTest } from './server.js';

const redis = new RedisUnderTest('single');

async function newTask(): Promise<ClaimedTask> {
  const claimed = await (await redis.open()).claim(TASK);
  await claimed.recover(null);
  return claimed;
}

it('gives rows in the order asked for, however many and of however many stores', async () => {
  const claimed = await newTask();
  const writes = Array.from({ length: 3_000 }, (_, n) => put(`k${n}`, `v${n}`, `store-${n % 7}`));
  await write(claimed, batchOf(writes));
  const wanted = writes.map(({ store, key }) => ({ store, key })).reverse();
  expect((await claimed.fetch(wanted)).map(String)).toEqual(wanted.map(({ key }) => key.replace('k', 'v')));
});

it('takes keys that are longer than a folder takes', async () => {
  const claimed = await newTask();
  const keys = ['x'.repeat(5_000), 'é'.repeat(50_000)];
  await write(claimed, batchOf(keys.map((key) => put(key, key))));
  expect(await valuesOf(claimed, keys)).toEqual(keys);
});
