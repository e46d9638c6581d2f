/** Keys of a region in a real Redis. */
import { join } from 'node:path';
import { expect, it, type TestContext } from 'vitest';
import { RedisRing } from '../../../runtime/keys/redisRing.js';
import { countRegionKeys, makeRegionRing, rotateRegion, type RegionKeysPlace } from '../../../runtime/keys/regionKeys.js';
import { openRedis } from '../../../runtime/redis/index.js';
import { dailyOwner, errorCodeOf } from '../../../schemas/index.js';
import { newFolder } from '../../fixtures/folders.js';
import { SERVER_START_MS, sharedRedis } from '../servers.js';
import { newRegion } from './replica.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 0, 1);

async function region(context: TestContext): Promise<RegionKeysPlace> {
  const state = await openRedis({ url: await sharedRedis(context), region: newRegion() });
  context.onTestFinished(() => state.close());
  const place = { keys: state.dataKeys, documents: state.documents };
  await makeRegionRing(place, { file: join(newFolder(), 'kek.json') }, NOW_MS);
  return place;
}

async function secretsOf(place: RegionKeysPlace, owners: readonly string[]): Promise<string[]> {
  const ring = (await RedisRing.open(place))!;
  await ring.prepare({ sealing: owners });
  return owners.map((owner) => ring.sealing(owner).secret.export().toString('hex'));
}

const OWNERS = Array.from({ length: 40 }, (_, n) => `learner-${n}`);

it('are rotated by one at a time: whoever comes in between is told, and no key is lost', { timeout: SERVER_START_MS }, async (context) => {
  const place = await region(context);
  const before = await secretsOf(place, OWNERS);
  const settled = await Promise.allSettled([0, 1, 2].map(() => rotateRegion(place, NOW_MS)));
  expect(settled.some(({ status }) => status === 'fulfilled')).toBe(true);
  for (const one of settled) if (one.status === 'rejected') expect(errorCodeOf(one.reason)).toBe('SFS_KEYS_BUSY');
  expect(settled.some(({ status }) => status === 'rejected')).toBe(true);
  await rotateRegion(place, NOW_MS);
  expect(await secretsOf(place, OWNERS)).toEqual(before);
  const { keys, byBranch, ring } = await countRegionKeys(place);
  expect([keys, byBranch, ring.branches.length]).toEqual([OWNERS.length, new Map([[ring.current, OWNERS.length]]), 1]);
});

it('are made once, also by two at a time', { timeout: SERVER_START_MS }, async (context) => {
  const state = await openRedis({ url: await sharedRedis(context), region: newRegion() });
  context.onTestFinished(() => state.close());
  const place = { keys: state.dataKeys, documents: state.documents };
  const made = await Promise.allSettled(['one', 'two'].map((name) => makeRegionRing(place, { file: join(newFolder(), name) }, NOW_MS)));
  expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

it('of days that are over go with a rotation', { timeout: SERVER_START_MS }, async (context) => {
  const place = await region(context);
  const [old, young] = [dailyOwner(NOW_MS - 33 * DAY_MS), dailyOwner(NOW_MS - 3 * DAY_MS)];
  await secretsOf(place, [old, young]);
  expect(await rotateRegion(place, NOW_MS)).toMatchObject({ dailyKeysDeleted: 1 });
  expect(await countRegionKeys(place)).toMatchObject({ keys: 1, deleted: 1 });
});
