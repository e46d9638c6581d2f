/** What happens to the key of an outbox, and to its file, must not keep a reader from serving. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { OUTBOX_FILE, Outbox } from '../../reader/outbox.js';
import { storedBytes, storedEvent } from '../../reader/outboxSeal.js';
import { OutboxWriter, type OutboxParts } from '../../reader/outboxWriter.js';
import { DiskSeal, SkillForgeError, newDiskSecret, type DiskKeys } from '../../schemas/index.js';
import { newFolder } from '../fixtures/folders.js';
import { switchedKeys } from './keyed.js';
import { NumberedLogs, away, feedbackOf } from './numberedLogs.js';
import { REGION } from './shelves.js';

const soon = { timeout: 20_000, interval: 20 };
const refused = (): Promise<never> => Promise.reject(new SkillForgeError('SFS_KEY_SERVICE_REFUSED', 'the token may not encrypt'));

function absent(): NumberedLogs {
  const log = new NumberedLogs();
  log.before = () => Promise.reject(away());
  return log;
}

const opened = (log: NumberedLogs, folder: string, more: Partial<OutboxParts>): Promise<OutboxWriter> =>
  OutboxWriter.open({ folder, log, patienceMs: 5_000 }, { region: REGION, isDenied: () => false, ...more });

/** An outbox in which events lie in clear, of before the region had keys. */
async function inClear(...ids: string[]): Promise<string> {
  const folder = newFolder();
  const outbox = await Outbox.open(folder, REGION);
  await outbox.append(
    ids.map((id) => feedbackOf(id)),
    1,
  );
  await outbox.close();
  return folder;
}

const bytesOf = (folder: string): Buffer => readFileSync(join(folder, OUTBOX_FILE));

describe('a start', () => {
  it('does not fail where the key service refuses: that is told, and tried again', async () => {
    const keys = await switchedKeys();
    const inner = { ...keys };
    keys.wrap = refused;
    const [folder, log, troubles] = [await inClear('event-one'), new NumberedLogs(), [] as unknown[]];
    const writer = await opened(log, folder, { keys, onTrouble: (error) => troubles.push(error) });
    await expect.poll(() => writer.status(), soon).toMatchObject({ events: 1, trouble: 'SFS_KEY_SERVICE_REFUSED' });
    await expect(writer.write([feedbackOf('event-two')])).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE', retriable: true });
    expect([log.ids, troubles]).toEqual([[], [expect.objectContaining({ code: 'SFS_KEY_SERVICE_REFUSED' })]]);
    keys.wrap = (secret) => inner.wrap(secret);
    await expect.poll(() => log.ids, soon).toEqual(['event-one']);
    await writer.close();
  });

  it('writes nothing in clear after it was told of keys, where the last word of before was that there are none', async () => {
    const keys = await switchedKeys();
    const folder = newFolder();
    keys.areThereKeys = false;
    await (await opened(absent(), folder, { keys })).close();
    keys.areThereKeys = true;
    keys.wrap = refused;
    const told = await opened(absent(), folder, { keys });
    await expect(told.write([feedbackOf('event-one')])).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE' });
    await told.close();
    keys.isRingAway = true;
    const after = await opened(absent(), folder, { keys });
    await expect(after.write([feedbackOf('event-two')])).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE' });
    await after.close();
  });

  it.each(['areThere', 'wrap', 'unwrap'] as const)('does not wait for who hangs: %s', async (call) => {
    const keys = await switchedKeys();
    const folder = newFolder();
    if (call === 'unwrap') await (await opened(absent(), folder, { keys })).close();
    let end: () => void = () => undefined;
    const held = new Promise<never>((_resolve, reject) => (end = () => reject(away())));
    const hanging: DiskKeys = { ...keys, [call]: () => held };
    const writer = await opened(absent(), folder, { keys: hanging });
    await expect(writer.write([feedbackOf('event-one')])).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE' });
    end();
    await writer.close();
  });

  it('goes on in the file as it is where the disk has no room for a new one, says so, and leaves nothing half done', async () => {
    const keys = await switchedKeys();
    const [folder, log, warnings] = [await inClear('event-one'), absent(), [] as unknown[]];
    const copy = vi.spyOn(Outbox.prototype, 'copyTo').mockImplementation((path) => {
      writeFileSync(path, 'half of it');
      return Promise.reject(new Error('ENOSPC: no space left on device'));
    });
    const full = await opened(log, folder, { keys, onWarning: (what) => warnings.push(what) });
    expect([full.status().events, await full.write([feedbackOf('event-two')])]).toEqual([1, 'outbox']);
    expect(warnings).toEqual([expect.stringContaining('until a later start')]);
    expect([existsSync(join(folder, `${OUTBOX_FILE}.unfinished`)), bytesOf(folder).includes('event-one')]).toEqual([false, true]);
    await full.close();
    copy.mockRestore();
    const later = await opened(log, folder, { keys });
    expect([bytesOf(folder).includes('event-one'), later.status().events]).toEqual([false, 2]);
    log.before = () => Promise.resolve();
    await expect.poll(() => log.ids, soon).toEqual(['event-one', 'event-two']);
    await later.close();
  });
});

describe('the key', () => {
  it('is wrapped with the newest version while the reader runs, until that is done; that it fails is told once', async () => {
    const keys = await switchedKeys();
    const folder = newFolder();
    await (await opened(absent(), folder, { keys })).close();
    const inner = { ...keys };
    let [tries, newest] = [0, ''];
    keys.wrap = async (secret) => {
      if (++tries < 3) return refused();
      newest = await inner.wrap(secret);
      return newest;
    };
    const warnings: unknown[] = [];
    const writer = await opened(new NumberedLogs(), folder, { keys, onWarning: (what, error) => warnings.push([what, error]) });
    await expect.poll(() => newest !== '' && bytesOf(folder).includes(newest), soon).toBe(true);
    expect([tries, warnings]).toEqual([3, [[expect.stringContaining('wrapped anew'), expect.objectContaining({ code: 'SFS_KEY_SERVICE_REFUSED' })]]]);
    expect(await writer.write([feedbackOf('event-one')])).toBe('log');
    await writer.close();
  });

  it('is made anew when it has sealed as many events as it may and none waits; another process takes the new one', async () => {
    const keys = await switchedKeys();
    const [folder, inner, secrets, texts] = [newFolder(), { ...keys }, new Set<string>(), ['']];
    keys.wrap = async (secret) => {
      secrets.add(secret.toString('hex'));
      texts.push(await inner.wrap(secret));
      return texts.at(-1)!;
    };
    const [one, other] = [await Outbox.open(folder, REGION, { keys, mostSeals: 2 }), await Outbox.open(folder, REGION, { keys, mostSeals: 2 })];
    await one.unlock();
    await other.unlock();
    const first = await one.append(['a', 'b', 'c'].map((id) => feedbackOf(id)), 1); // prettier-ignore
    await one.unlock();
    expect([[...other.waiting()].length, secrets.size]).toEqual([3, 1]);
    await one.dropUpTo(first);
    await one.unlock();
    // A key that is made is in the file a moment later.
    await expect.poll(() => secrets.size === 2 && bytesOf(folder).includes(texts.at(-1)!), soon).toBe(true);
    await expect.poll(() => one.append([feedbackOf('d')], 2).catch(() => null), soon).toBe(4);
    await expect(other.append([feedbackOf('e')], 3)).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE', retriable: true });
    await other.unlock();
    await other.append([feedbackOf('e')], 3);
    for (const outbox of [one, other]) expect([...outbox.waiting()].at(-1)!.event).toEqual(feedbackOf('e'));
    await Promise.all([one.close(), other.close()]);
    const later = await Outbox.open(folder, REGION, { keys });
    await later.unlock();
    expect([...later.waiting()].at(-1)!.event).toEqual(feedbackOf('e'));
    await later.close();
  });
});

it('opens no event in the place of another one', () => {
  const seal = new DiskSeal(newDiskSecret());
  const value = storedBytes({ atMs: 7, event: feedbackOf('event-one') }, 1, seal);
  expect(storedEvent(value, 1, seal)).toEqual({ atMs: 7, event: feedbackOf('event-one') });
  expect(() => storedEvent(value, 2, seal)).toThrow(expect.objectContaining({ code: 'SFS_SEAL_BROKEN' }) as Error);
});
