import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FolderRing, KEYS_FOLDER, makeRing, ringOf, type FolderRingOptions } from '../../../runtime/keys/folderRing.js';
import { isUnderWay, rotateRing } from '../../../runtime/keys/rotation.js';
import { SLOT_BYTES } from '../../../runtime/keys/slots.js';
import { dailyOwner, errorCodeOf } from '../../../schemas/index.js';
import { thrownBy } from '../../schemas/samples.js';
import { TOKEN, transitServer } from './transitServer.js';
import { newFolder } from '../../fixtures/folders.js';

const open: FolderRing[] = [];
afterEach(() => open.splice(0).forEach((ring) => ring.close()));

async function newRing(): Promise<string> {
  const folder = newFolder();
  await makeRing(folder, { file: join(newFolder(), 'kek.json') }, 1);
  return folder;
}

async function ringIn(folder: string, options: FolderRingOptions = {}): Promise<FolderRing> {
  const ring = await FolderRing.open(folder, options);
  open.push(ring);
  return ring;
}

const slotsIn = (folder: string): string => join(folder, KEYS_FOLDER, 'data-keys');
const rotate = (folder: string, options: Parameters<typeof rotateRing>[1] = {}) => rotateRing(folder, { settleMs: 0, ...options });
const secretOf = (ring: FolderRing, owner: string): string => ring.sealing(owner).secret.export().toString('hex');

describe('FolderRing', () => {
  it('makes a key for an owner once, of 256 bits, and finds it again after it was closed', async () => {
    const folder = await newRing();
    const first = await ringIn(folder);
    const key = first.sealing('ada');
    expect(key.secret.symmetricKeySize).toBe(32);
    expect(key.id).toMatch(/^[\w-]{22}$/);
    expect([key.isOf('ada'), key.isOf('bob')]).toEqual([true, false]);
    first.flush();
    expect(first.sealing('ada').id).toBe(key.id);
    expect(first.sealing('bob').id).not.toBe(key.id);
    const again = await ringIn(folder);
    expect(again.opening(key.id).secret.equals(key.secret)).toBe(true);
    expect(again.known('ada')?.id).toBe(key.id);
    expect(again.known('eve')).toBeNull();
  });

  it('keeps neither names nor secrets in clear', async () => {
    const folder = await newRing();
    const ring = await ringIn(folder);
    const secret = ring.sealing('ada-lovelace').secret.export();
    const bytes = Buffer.concat([readFileSync(slotsIn(folder)), readFileSync(join(folder, KEYS_FOLDER, 'ring.json'))]);
    expect([bytes.includes('ada-lovelace'), bytes.includes(secret)]).toEqual([false, false]);
  });

  it('writes over a key that is deleted, so that no copy of it is left, and tells it from one that never was', async () => {
    const folder = await newRing();
    const ring = await ringIn(folder);
    const { id } = ring.sealing('ada');
    const wrapped = readFileSync(slotsIn(folder)).subarray(64, 124);
    expect(ring.delete('ada')).toBe(true);
    expect(readFileSync(slotsIn(folder)).includes(wrapped)).toBe(false);
    expect(readFileSync(slotsIn(folder)).includes(Buffer.from(id, 'base64url'))).toBe(true);
    expect(thrownBy(() => ring.opening(id))).toMatchObject({ code: 'SFS_KEY_DELETED' });
    expect(thrownBy(() => ring.opening('AAAAAAAAAAAAAAAAAAAAAA'))).toMatchObject({ code: 'SFS_KEY_UNKNOWN' });
    expect([ring.isDeleted(id), ring.delete('ada'), ring.known('ada')]).toEqual([true, false, null]);
    expect(thrownBy(() => open[0]!.opening(id))).toMatchObject({ code: 'SFS_KEY_DELETED' });
    // Somebody who comes back gets another one.
    expect(ring.sealing('ada').id).not.toBe(id);
    expect(thrownBy(() => ring.opening(id))).toMatchObject({ code: 'SFS_KEY_DELETED' });
  });

  it('stops opening with a key that another process deleted when its time is over, at the latest', async () => {
    const folder = await newRing();
    let nowMs = 0;
    const writer = await ringIn(folder);
    const reader = await ringIn(folder, { readOnly: true, clock: () => nowMs, bounds: { mostKeys: 10, timeToLiveMs: 1_000 } });
    const { id } = writer.sealing('ada');
    expect(reader.opening(id).id).toBe(id);
    writer.delete('ada');
    nowMs = 999;
    expect(reader.opening(id).id).toBe(id);
    nowMs = 1_000;
    expect(thrownBy(() => reader.opening(id))).toMatchObject({ code: 'SFS_KEY_DELETED' });
    expect(thrownBy(() => reader.sealing('new'))).toMatchObject({ code: 'SFS_KEYS_READ_ONLY' });
  });

  it('sees at its next look what another process deleted', async () => {
    const folder = await newRing();
    const [writer, reader] = [await ringIn(folder), await ringIn(folder, { readOnly: true })];
    const { id } = writer.sealing('ada');
    reader.opening(id);
    writer.delete('ada');
    await reader.look();
    expect(thrownBy(() => reader.opening(id))).toMatchObject({ code: 'SFS_KEY_DELETED' });
  });

  it('holds no more unwrapped keys than it may', async () => {
    const folder = await newRing();
    const ring = await ringIn(folder, { bounds: { mostKeys: 8, timeToLiveMs: 60_000 } });
    const ids = Array.from({ length: 50 }, (_, n) => ring.sealing(`learner-${n}`).id);
    expect(ring.cached).toBe(8);
    expect(ids.map((id) => ring.opening(id).id)).toEqual(ids);
    expect(ring.cached).toBe(8);
  });

  it('opens after its writer was killed within a slot, and refuses a damaged one', async () => {
    const folder = await newRing();
    const { id } = (await ringIn(folder)).sealing('ada');
    appendFileSync(slotsIn(folder), Buffer.alloc(50, 1));
    const ring = await ringIn(folder);
    expect(ring.opening(id).id).toBe(id);
    const next = ring.sealing('bob').id;
    expect((await ringIn(folder)).opening(next).id).toBe(next);
    const bytes = readFileSync(slotsIn(folder));
    expect(bytes).toHaveLength(2 * SLOT_BYTES);
    bytes[70]! ^= 1;
    writeFileSync(slotsIn(folder), bytes);
    await expect(FolderRing.open(folder)).rejects.toMatchObject({ code: 'SFS_KEYS_CORRUPT' });
  });

  it('takes a lock over whose process is not there any more', async () => {
    const folder = await newRing();
    writeFileSync(join(folder, KEYS_FOLDER, 'ring.lock'), '999999999');
    expect((await ringIn(folder)).sealing('ada').isOf('ada')).toBe(true);
  });

  it('takes over its own lock: in a container that was started again every process has the same number', async () => {
    const folder = await newRing();
    writeFileSync(join(folder, KEYS_FOLDER, 'ring.lock'), String(process.pid));
    expect((await ringIn(folder)).sealing('ada').isOf('ada')).toBe(true);
  });

  it('is rotated by one at a time: whoever comes in between is told, and no key is lost', async () => {
    const folder = await newRing();
    const ring = await ringIn(folder);
    const secrets = new Map(['ada', 'bob', 'cyd'].map((owner) => [owner, secretOf(ring, owner)]));
    const settled = await Promise.allSettled([0, 1, 2].map(() => rotate(folder, { settleMs: 50 })));
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    for (const one of settled) if (one.status === 'rejected') expect(errorCodeOf(one.reason)).toBe('SFS_KEYS_BUSY');
    expect(settled.some(({ status }) => status === 'rejected')).toBe(true);
    const now = await ringIn(folder, { readOnly: true });
    for (const [owner, secret] of secrets) expect(secretOf(now, owner)).toBe(secret);
    await rotate(folder);
    expect(isUnderWay(ringOf(folder))).toBe(false);
  });

  it('is made once', async () => {
    const folder = await newRing();
    await expect(makeRing(folder, { file: join(folder, 'other') }, 1)).rejects.toMatchObject({ code: 'SFS_KEYS_EXIST' });
  });

  it('does not open with another key-encryption key', async () => {
    const folder = await newRing();
    const ring = ringOf(folder) as unknown as { service: { file: string } };
    await makeRing(newFolder(), { file: `${ring.service.file}.other` }, 1);
    writeFileSync(ring.service.file, readFileSync(`${ring.service.file}.other`));
    await expect(FolderRing.open(folder)).rejects.toMatchObject({ code: 'SFS_KEY_SERVICE_REFUSED' });
  });

  it('opens through a key service on the network, which is asked once for all data keys', async () => {
    const server = await transitServer();
    process.env['SKILLFORGE_KEYS_TOKEN'] = TOKEN;
    try {
      const folder = newFolder();
      await makeRing(folder, { url: server.url }, 1);
      const first = await ringIn(folder);
      const ids = Array.from({ length: 20 }, (_, n) => first.sealing(`learner-${n}`).id);
      server.asked.length = 0;
      const again = await ringIn(folder);
      for (const id of ids) again.opening(id);
      expect(server.asked).toEqual(['POST /v1/transit/decrypt/skillforge']);
      server.mode = 'sealed';
      await expect(FolderRing.open(folder)).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE', retriable: true });
      // Who has it open goes on.
      expect(again.sealing('another').isOf('another')).toBe(true);
    } finally {
      delete process.env['SKILLFORGE_KEYS_TOKEN'];
      await server.close();
    }
  });
});

describe('rotateRing', () => {
  it('wraps all keys anew, keeps them as they are, and leaves nothing under the old one', async () => {
    const folder = await newRing();
    const before = await ringIn(folder);
    const owners = Array.from({ length: 30 }, (_, n) => `learner-${n}`);
    const secrets = owners.map((owner) => secretOf(before, owner));
    const { id } = before.sealing('gone');
    before.delete('gone');
    const old = readFileSync(slotsIn(folder)).subarray(64, 124);
    expect(await rotate(folder)).toMatchObject({ branch: 2, rewrapped: 30, dropped: [1] });
    expect(readFileSync(slotsIn(folder)).includes(old)).toBe(false);
    expect(ringOf(folder)).toMatchObject({ current: 2, branches: [{ version: 2 }] });
    const after = await ringIn(folder);
    expect(owners.map((owner) => secretOf(after, owner))).toEqual(secrets);
    expect(after.counts()).toMatchObject({ keys: 30, deleted: 1, byBranch: new Map([[2, 30]]) });
    expect(after.isDeleted(id)).toBe(true);
  });

  it('goes on while keys are made, used and deleted', async () => {
    const folder = await newRing();
    const writer = await ringIn(folder, { bounds: { mostKeys: 4, timeToLiveMs: 60_000 } });
    for (let n = 0; n < 200; n++) writer.sealing(`before-${n}`);
    let made = 0;
    let isOver = false;
    const busy = (async () => {
      while (!isOver) {
        const key = writer.sealing(`during-${made}`);
        expect(writer.opening(key.id).secret.equals(key.secret)).toBe(true);
        expect(writer.sealing(`before-${100 + (made % 100)}`).isOf(`before-${100 + (made % 100)}`)).toBe(true);
        made++;
        if (made === 1) writer.delete('before-7');
        await writer.look();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const rotation = await rotate(folder, { settleMs: 200 });
    isOver = true;
    await busy;
    expect(made).toBeGreaterThan(1);
    expect(rotation.dropped).toEqual([1]);
    const after = await ringIn(folder);
    expect(after.counts().byBranch).toEqual(new Map([[2, after.counts().keys]]));
    for (let n = 0; n < made; n++) expect(after.known(`during-${n}`)).not.toBeNull();
    for (let n = 0; n < 200; n++) if (n !== 7) expect(after.known(`before-${n}`), `before-${n}`).not.toBeNull();
  });

  it.each(['rotated', 'published', 'current', 'rewrapped', 'dropped'] as const)(
    'is done by the next call where the first was cut off when it had %s',
    async (step) => {
      const folder = await newRing();
      const ring = await ringIn(folder);
      const secrets = ['ada', 'bob'].map((owner) => secretOf(ring, owner));
      const cutOff = rotate(folder, {
        reached: (reached) => {
          if (reached === step) throw new Error('cut off');
        },
      });
      await expect(cutOff).rejects.toThrow('cut off');
      const between = await ringIn(folder);
      expect(['ada', 'bob'].map((owner) => secretOf(between, owner))).toEqual(secrets);
      await rotate(folder);
      const after = await ringIn(folder);
      expect(['ada', 'bob'].map((owner) => secretOf(after, owner))).toEqual(secrets);
      expect(isUnderWay(ringOf(folder))).toBe(false);
      expect(after.counts().keys).toBe(2);
    },
  );

  it('writes over the first copy of a key where it was killed between the two', async () => {
    const folder = await newRing();
    (await ringIn(folder)).sealing('ada');
    const first = readFileSync(slotsIn(folder));
    await rotate(folder);
    const second = readFileSync(slotsIn(folder)).subarray(SLOT_BYTES, 2 * SLOT_BYTES);
    // As it was before the first was written over: under a branch that is not there any more.
    writeFileSync(slotsIn(folder), Buffer.concat([first, second]));
    await rotate(folder);
    expect(readFileSync(slotsIn(folder)).includes(first.subarray(64, 124))).toBe(false);
    const ring = await ringIn(folder);
    expect(ring.counts().keys).toBe(1);
    // And a deletion finds every copy.
    ring.delete('ada');
    truncateSync(slotsIn(folder), readFileSync(slotsIn(folder)).length);
    expect((await ringIn(folder)).counts()).toMatchObject({ keys: 0, deleted: 1 });
  });

  it('deletes keys of days that are over for 32 days', async () => {
    const folder = await newRing();
    const ring = await ringIn(folder);
    const nowMs = Date.UTC(2026, 10, 29);
    const [old, young] = [33, 31].map((age) => ring.sealing(dailyOwner(nowMs - age * 86_400_000)).id) as [string, string];
    expect(await rotate(folder, { nowMs })).toMatchObject({ dailyKeysDeleted: 1 });
    const after = await ringIn(folder);
    expect(errorCodeOf(thrownBy(() => after.opening(old)))).toBe('SFS_KEY_DELETED');
    expect(after.opening(young).id).toBe(young);
  });
});
