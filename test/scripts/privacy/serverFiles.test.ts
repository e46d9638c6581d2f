/** Folders of the files of servers that `privacy erase --verify` is given: what it finds there, and folders that it does not take for clean. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Found } from '../../../scripts/privacy/erasure/found.js';
import { Mention } from '../../../scripts/privacy/erasure/mention.js';
import { assertPlaces } from '../../../scripts/privacy/erasure/places.js';
import { foundInLogDirs, foundInRedisDirs } from '../../../scripts/privacy/erasure/serverBytes.js';
import type { RegionServers } from '../../../scripts/privacy/erasure/servers.js';
import { newFolder } from '../../fixtures/folders.js';

const ADA = '5f0c1c9e-6a57-4b13-9a55-1d9d6f9f2a10';
const mention = new Mention(ADA);
const serversWith = (folders: Partial<Pick<RegionServers, 'logDirs' | 'redisDirs'>>): RegionServers =>
  ({ logDirs: [], redisDirs: [], tools: { documents: { get: () => null } }, ...folders }) as unknown as RegionServers;

async function allOf(found: AsyncIterable<Found>): Promise<string[]> {
  const places: string[] = [];
  for await (const { where } of found) places.push(where);
  return places;
}

describe('files of servers', () => {
  it('are looked into in each of their folders, also behind a link', async () => {
    const [first, second, link] = [newFolder(), newFolder(), join(newFolder(), 'redis')];
    writeFileSync(join(second, 'dump.rdb'), `REDIS ${ADA} and ${ADA}`);
    symlinkSync(second, link);
    const path = join(second, 'dump.rdb');
    expect(await allOf(foundInRedisDirs(serversWith({ redisDirs: [first, link] }), mention))).toEqual([path, path]);
  });

  it('are not taken for clean where a folder is not there, or is that of other brokers', async () => {
    const none = join(newFolder(), 'none');
    for (const folders of [{ logDirs: [none] }, { redisDirs: [newFolder(), none] }])
      expect(() => assertPlaces({ also: [], servers: serversWith(folders) })).toThrow(expect.objectContaining({ code: 'SFS_FILE_UNREADABLE' }));
    const foreign = newFolder();
    mkdirSync(join(foreign, 'us-east.clicks-0'));
    writeFileSync(join(foreign, 'us-east.clicks-0', '00000000000000000000.log'), '');
    const looked = allOf(foundInLogDirs(serversWith({ logDirs: [foreign] }), 'eu-west', mention));
    await expect(looked).rejects.toMatchObject({
      code: 'SFS_FILE_UNREADABLE',
      message: expect.stringContaining('no topic of the region eu-west') as string,
    });
    mkdirSync(join(foreign, 'eu-west.clicks-0'));
    writeFileSync(join(foreign, 'eu-west.clicks-0', '00000000000000000000.log'), '');
    writeFileSync(join(foreign, 'meta.properties'), ADA);
    expect(await allOf(foundInLogDirs(serversWith({ logDirs: [foreign] }), 'eu-west', mention))).toEqual([join(foreign, 'meta.properties')]);
  });
});
