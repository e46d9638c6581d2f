/** Readers and gateways whose Redis is away when they start, on a real one. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeRegionRing } from '../../../runtime/keys/regionKeys.js';
import type { KeyGate } from '../../../runtime/keys/keyGate.js';
import type { OutputRecord } from '../../../runtime/ports.js';
import { openRedis } from '../../../runtime/redis/index.js';
import { openRegionKeys } from '../../../scripts/serving/regionKeys.js';
import { LocalSchemaIds, topicCodec, topics } from '../../../schemas/index.js';
import { SERVER_START_MS, ownServices } from '../../integration/servers.js';
import { at, click } from '../../topologies/clicks.js';
import { newFolder } from '../../fixtures/folders.js';

const event = (region: string) => {
  const value = topicCodec(topics.clicks, LocalSchemaIds.withAccepted()).encode('ada', { ...click('ada', at(0)), region });
  return { topic: `${region}.clicks`, partition: 0, key: Buffer.from('ada'), value, header: null };
};

/** What a broker is given. */
const written = (keys: KeyGate, region: string): Promise<readonly OutputRecord[]> =>
  keys.write([event(region)], (records) => Promise.resolve(records));

it('write nothing until it answers, then what their region wants', { timeout: SERVER_START_MS }, async (context) => {
  const { redis } = await ownServices({ redis: 'single' }, context);
  const server = redis!.servers[0]!;
  await server.kill();
  const [sealed, clear] = await Promise.all(['eu-west', 'eu-central'].map((region) => openRegionKeys({ region, redis: redis!.url })));
  context.onTestFinished(async () => {
    await Promise.all([sealed!.close(), clear!.close()]);
  });
  for (const { keys } of [sealed!, clear!]) await expect(written(keys!, 'eu-west')).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE' });
  await server.restart();
  const state = await openRedis({ url: redis!.url, region: 'eu-west' });
  context.onTestFinished(() => state.close());
  await makeRegionRing({ keys: state.dataKeys, documents: state.documents }, { file: join(newFolder(), 'kek.json') }, Date.now());

  const [record] = await written(sealed!.keys!, 'eu-west');
  expect(record!.value!.equals(event('eu-west').value)).toBe(false);
  expect((await sealed!.keys!.opened('eu-west.clicks', [{ ...record!, offset: 0, appendTimeMs: 0 }]))[0]!.value).toEqual(event('eu-west').value);
  expect(await written(clear!.keys!, 'eu-central')).toEqual([event('eu-central')]);
  // What was sealed elsewhere is told, and not waited for.
  const [foreign] = await clear!.keys!.opened('eu-central.clicks', [{ ...record!, offset: 0, appendTimeMs: 0 }]);
  expect(() => foreign!.value).toThrow(expect.objectContaining({ code: 'SFS_KEY_UNKNOWN' }) as Error);
});
