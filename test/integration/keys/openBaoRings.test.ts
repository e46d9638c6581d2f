/** Rings under a key of a real OpenBao, by the commands: a folder, and a region in Redis. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openEmbedded } from '../../../runtime/embedded/index.js';
import { markerIdOf } from '../../../runtime/engine/header.js';
import { diskKeysOf } from '../../../runtime/keys/diskKeys.js';
import { makeRing, ringOf } from '../../../runtime/keys/folderRing.js';
import { RedisRing } from '../../../runtime/keys/redisRing.js';
import { rotateRing } from '../../../runtime/keys/rotation.js';
import { localRecords } from '../../../runtime/localTools.js';
import { openRedis } from '../../../runtime/redis/index.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { newFolder } from '../../fixtures/folders.js';
import { REGION, SEVEN, SEVENTY, onStorage, write } from '../../scripts/privacy/erasable.js';
import { newRegion } from '../cluster/replica.js';
import { SERVER_START_MS, sharedRedis } from '../servers.js';
import { BaoKey } from './bao.js';
import { SLOW_MS, openBaoOfFile } from './ownOpenBao.js';

const running = openBaoOfFile(1);
let names = 0;
let key: BaoKey;
beforeEach(async () => void (key = await BaoKey.make(running.bao, `ring-${++names}`)), SLOW_MS);

const keys = async (...words: readonly string[]): Promise<unknown> => JSON.parse(await commandOutput(['privacy', 'keys', ...words, '--json']));
const ringFile = (data: string): string => join(data, 'keys', 'ring.json');

/** Every record of a folder with keys, opened. */
async function recordsIn(data: string): Promise<string[]> {
  const storage = await openEmbedded(data, { readOnly: true, markerIdOf });
  try {
    return storage.log
      .topics()
      .flatMap(({ name, partitions }) =>
        Array.from({ length: partitions }, (_, partition) =>
          [...localRecords(storage.log, name, partition)].map(({ value, unopened = null }) => `${name} ${value?.toString('hex')} ${unopened}`),
        ).flat(),
      );
  } finally {
    await storage.close();
  }
}

function copied(data: string): string {
  const copy = newFolder();
  cpSync(data, copy, { recursive: true });
  return copy;
}

describe('a folder under a key of OpenBao', { timeout: SERVER_START_MS }, () => {
  it('gets its keys by a command, is rotated with a token that may, and needs no older version then', async () => {
    const data = newFolder();
    await onStorage(data, (storage) => write(storage, [SEVEN, SEVENTY]));
    const records = await recordsIn(data);
    const tokenFile = await key.tokenFile();
    const where = ['--data', data, '--region', REGION];
    const made = await keys('init', '--kek', key.url, '--token-file', tokenFile, ...where);
    expect(made).toMatchObject({ service: { url: key.url, tokenFile } });
    expect((made as { sealed: { records: number } }).sealed.records).toBeGreaterThan(0);
    expect(await recordsIn(data)).toEqual(records);
    const first = readFileSync(ringFile(data), 'utf8');
    const old = copied(data);

    await expect(keys('rotate', ...where)).rejects.toMatchObject({ code: 'SFS_KEY_SERVICE_REFUSED' });
    expect([readFileSync(ringFile(data), 'utf8'), (await key.info()).latest_version]).toEqual([first, 1]);
    writeFileSync(tokenFile, await key.token({ may: 'rotate' }));
    expect(await keys('rotate', ...where)).toMatchObject({ branch: 2, dropped: [1] });
    expect((await key.info()).latest_version).toBe(2);
    expect(await keys('status', ...where)).toMatchObject({ current: 2, rotating: false });

    // Who only reads and writes needs no more than to decrypt.
    writeFileSync(tokenFile, await key.token({ may: 'decrypt' }));
    await key.forbidBefore(2);
    expect(await recordsIn(data)).toEqual(records);
    await onStorage(data, (storage) => write(storage, ['learner-90']));
    await expect(recordsIn(old)).rejects.toMatchObject({ code: 'SFS_KEY_SERVICE_REFUSED' });
    await key.forbidBefore(1);
    expect(await recordsIn(old)).toEqual(records);
  });

  it('is written to while it is rotated and OpenBao is sealed in the middle; the same command goes on', async () => {
    const data = newFolder();
    await makeRing(data, { url: key.url, tokenFile: await key.tokenFile({ may: 'rotate' }) }, 1);
    await onStorage(data, async (storage) => {
      await write(storage, [SEVEN]);
      let sealing: Promise<unknown> = Promise.resolve();
      const reached = (step: string): void => {
        if (step === 'published') sealing = key.asked('PUT', 'sys/seal');
      };
      const rotation = rotateRing(data, { settleMs: 2_000, reached });
      const end = expect(rotation).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE', retriable: true });
      await write(storage, ['learner-90']);
      await end;
      await sealing;
      await write(storage, [SEVEN, SEVENTY, 'learner-91']);
      expect(ringOf(data).branches.length).toBe(2);
      await running.bao.unseal(running.bao.servers[0]!);
      expect(await keys('rotate', '--data', data, '--region', REGION)).toMatchObject({ branch: 2, dropped: [1] });
      await write(storage, ['learner-92']);
    });
    expect((await key.info()).latest_version).toBe(2);
    await key.forbidBefore(2);
    const records = await recordsIn(data);
    expect(records.length).toBeGreaterThan(5);
    expect(records.filter((text) => !text.endsWith(' null'))).toEqual([]);
  });

  it('opens after a schedule of OpenBao made new versions, and its next rotation takes the newest', async () => {
    const data = newFolder();
    const tokenFile = await key.tokenFile({ may: 'rotate' });
    await makeRing(data, { url: key.url, tokenFile }, 1);
    await onStorage(data, async (storage) => {
      await write(storage, [SEVEN]);
      for (let made = 0; made < 2; made++) await key.rotate();
      await write(storage, [SEVENTY]);
    });
    expect(ringOf(data).branches.map(({ wrapped }) => wrapped.slice(0, 9))).toEqual(['vault:v1:']);
    await rotateRing(data, { settleMs: 50 });
    expect(ringOf(data).branches.map(({ wrapped }) => wrapped.slice(0, 9))).toEqual(['vault:v4:']);
  });

  it('keeps the keys of files of a reader: they are wrapped with the newest version at the next start', async () => {
    const data = newFolder();
    const ring = await makeRing(data, { url: key.url, tokenFile: await key.tokenFile() }, 1);
    const disk = diskKeysOf(() => Promise.resolve(ring));
    const secret = Buffer.alloc(32, 7);
    const before = await disk.wrap(secret);
    await key.rotate();
    const after = await disk.wrap(await disk.unwrap(before));
    await key.forbidBefore(2);
    await expect(disk.unwrap(before)).rejects.toMatchObject({ code: 'SFS_KEY_SERVICE_REFUSED' });
    expect(await disk.unwrap(after)).toEqual(secret);
  });
});

it(
  'a region in Redis gets keys under a key of OpenBao, is rotated, and waits for one that is sealed',
  { timeout: SERVER_START_MS },
  async (context) => {
    const region = newRegion();
    const url = await sharedRedis(context);
    const where = ['--redis', url, '--region', region];
    await keys('init', '--kek', key.url, '--token-file', await key.tokenFile({ may: 'rotate' }), ...where);
    const state = await openRedis({ url, region });
    context.onTestFinished(() => state.close());
    const place = { keys: state.dataKeys, documents: state.documents };
    const ring = (await RedisRing.open(place))!;
    await ring.prepare({ sealing: [SEVEN, SEVENTY] });
    const secret = ring.sealing(SEVEN).secret.export();
    expect(await keys('rotate', ...where)).toMatchObject({ branch: 2, rewrapped: 2, dropped: [1] });
    await key.forbidBefore(2);
    await key.asked('PUT', 'sys/seal');
    await expect(RedisRing.open(place)).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE', retriable: true });
    await running.bao.unseal(running.bao.servers[0]!);
    const again = (await RedisRing.open(place))!;
    await again.prepare({ known: [SEVEN] });
    expect(again.known(SEVEN)!.secret.export()).toEqual(secret);
    expect(await keys('delete', SEVEN, ...where)).toEqual({ deleted: true });
    expect(await keys('status', ...where)).toMatchObject({ service: { url: key.url }, keys: 1, deleted: 1, current: 2 });
  },
);
