/** The identity map: random pseudonyms, kept; forgotten when they are to be. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { IDENTITY_FILE, IDENTITY_KEY_FILE, openIdentityMap, type IdentityMap } from '../../gateway/index.js';
import { Door, click } from './gateways.js';
import { newFolder } from '../fixtures/folders.js';

const ADA = 'mailto:ada@example.org';
const BOB = 'https://lms.example/ 42';

/** Uses a map, and closes it whatever happens. */
async function using<T>(folder: string, work: (map: IdentityMap) => Promise<T>): Promise<T> {
  const map = openIdentityMap(folder);
  try {
    return await work(map);
  } finally {
    await map.close();
  }
}

describe('the identity map', () => {
  it('gives each identity a pseudonym of its own, and the same one again after a restart', async () => {
    const folder = newFolder();
    const first = await using(folder, (map) => map.pseudonymsOf([ADA, BOB, ADA]));
    expect([first[0] === first[2], first[0] === first[1]]).toEqual([true, false]);
    expect(await using(folder, (map) => map.pseudonymsOf([BOB, ADA]))).toEqual([first[1], first[0]]);
    expect(await using(folder, (map) => Promise.resolve([map.find(ADA), map.find('mailto:eve@example.org')]))).toEqual([first[0], null]);
  });

  it('makes pseudonyms that say nothing: another map gives others', async () => {
    const [one] = await using(newFolder(), (map) => map.pseudonymsOf([ADA]));
    const [other] = await using(newFolder(), (map) => map.pseudonymsOf([ADA]));
    expect(one).not.toBe(other);
  });

  it('forgets a mapping for good: what comes later gets another pseudonym', async () => {
    await using(newFolder(), async (map) => {
      const [old] = await map.pseudonymsOf([ADA]);
      expect(await map.erase(ADA)).toBe(old);
      expect([map.find(ADA), await map.erase(ADA)]).toEqual([null, null]);
      const [fresh] = await map.pseudonymsOf([ADA]);
      expect(fresh).not.toBe(old);
    });
  });

  it('gives a new pseudonym after a new consent', async () => {
    await using(newFolder(), async (map) => {
      const [old, bob] = await map.pseudonymsOf([ADA, BOB]);
      const fresh = await map.renew(ADA);
      expect(fresh).not.toBe(old);
      expect([map.find(ADA), map.find(BOB)]).toEqual([fresh, bob]);
    });
  });

  it('holds no identity in its files, erased ones neither', async () => {
    const folder = newFolder();
    await using(folder, async (map) => {
      await map.pseudonymsOf([ADA, BOB]);
      await map.erase(BOB);
    });
    const bytes = [IDENTITY_FILE, IDENTITY_KEY_FILE].map((file) => readFileSync(join(folder, file)));
    for (const text of ['ada@', 'example', 'lms']) expect(bytes.some((one) => one.includes(text))).toBe(false);
  });

  it('is refused without its key: another key would give everybody a second pseudonym', async () => {
    const folder = newFolder();
    await using(folder, (map) => map.pseudonymsOf([ADA]));
    rmSync(join(folder, IDENTITY_KEY_FILE));
    expect(() => openIdentityMap(folder)).toThrow(expect.objectContaining({ code: 'SFS_GATEWAY_STORE' }) as Error);
  });

  it('shows that it is open from the beginning, before anybody is asked about', async () => {
    const folder = newFolder();
    const listed = async (): Promise<boolean> => {
      const root = open({ path: join(folder, IDENTITY_FILE), noSubdir: true });
      const readers = root.readerList();
      await root.close();
      return readers.includes(`${process.pid} `);
    };
    await using(folder, (map) => map.pseudonymsOf([ADA]));
    expect([await listed(), await using(folder, listed), await listed()]).toEqual([false, true, false]);
  });

  it('is one map for two at a time', async () => {
    const folder = newFolder();
    await using(folder, (first) =>
      using(folder, async (second) => {
        const [one, other] = await Promise.all([first.pseudonymsOf([ADA]), second.pseudonymsOf([ADA])]);
        expect(one).toEqual(other);
        await second.erase(ADA);
        expect(first.find(ADA)).toBeNull();
      }),
    );
  });

  it('lets a gateway that runs give the next event of an erased learner a new pseudonym', async () => {
    const door = await Door.open();
    await door.post(click('before'));
    await using(door.folder, (map) => map.erase(ADA));
    await door.post(click('after'));
    const learners = door.records('clicks').map(({ value }) => value.learner);
    expect(new Set(learners).size).toBe(2);
    await door.close();
  });
});
