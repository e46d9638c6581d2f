import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openEmbedded, verifyEmbedded } from '../../../runtime/embedded/index.js';
import { topicSpec } from '../../conformance/storage.js';
import { startChild } from './childProcess.js';
import { newFolder } from '../../fixtures/folders.js';

describe('a path that cannot be a storage folder', () => {
  it('is refused by name where it leads to a file, or through one', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, 'not a folder');
    for (const path of [file, join(file, 'below')]) {
      await expect(openEmbedded(path)).rejects.toMatchObject({
        code: 'SFS_FOLDER_UNUSABLE',
        message: expect.stringContaining(`${path}: a file is where a folder should be`) as string,
        context: { folder: path },
      });
      await expect(openEmbedded(path, { readOnly: true })).rejects.toMatchObject({ code: 'SFS_FOLDER_MISSING' });
    }
  });

  it('is refused where the file system takes no folder, and made with all that are above it elsewhere', async (context) => {
    const deep = join(newFolder(), 'a', 'b');
    await (await openEmbedded(deep)).close();
    context.skip(process.platform !== 'linux', 'only Linux has /proc');
    await expect(openEmbedded('/proc/skillforge')).rejects.toMatchObject({ code: 'SFS_FOLDER_UNUSABLE', context: { folder: '/proc/skillforge' } });
  });

  it('is refused where its data file is a folder', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'data.mdb'));
    await expect(openEmbedded(folder)).rejects.toMatchObject({ code: 'SFS_FOLDER_UNUSABLE' });
  });

  it('is refused by name and reason where a permission is missing; what may be read can be read', { timeout: 20_000 }, async (context) => {
    context.skip(process.platform === 'win32', 'permissions of a Unix file system');
    const parent = newFolder();
    chmodSync(parent, 0o755);
    const folder = join(parent, 'kept');
    await (await openEmbedded(folder)).close();
    for (const name of ['data.mdb', 'lock.mdb']) chmodSync(join(folder, name), 0o444);
    chmodSync(folder, 0o555);
    const closed = join(parent, 'closed');
    mkdirSync(closed, { mode: 0 });
    chmodSync(parent, 0o555);
    const child = startChild('strangerOpening.ts', [folder, `${folder}?`, closed, `${closed}?`, join(parent, 'new')]);
    await child.ended;
    const refused = (path: string): RegExp =>
      new RegExp(`^SFS_FOLDER_UNUSABLE ${path}: this process may not read and write the folder and the files in it \\(.*permission denied`, 'i');
    expect(child.lines).toEqual([
      expect.stringMatching(refused(folder)),
      'opened',
      expect.stringMatching(refused(closed)),
      expect.stringMatching(refused(closed)),
      expect.stringMatching(refused(join(parent, 'new'))),
    ]);
    chmodSync(parent, 0o755);
  });
});

describe('a folder that goes away while it is open', () => {
  const lost = (folder: string, how: string) => ({
    code: 'SFS_STORAGE_FAILED',
    message: `${folder} ${how} while this process had it open: what it wrote is not there`,
  });
  const put = (storage: Awaited<ReturnType<typeof openEmbedded>>): Promise<void> => storage.documents.put('name', Buffer.from('value'));

  it('fails the commit, every later call, and the close', async () => {
    const folder = newFolder();
    const storage = await openEmbedded(folder, { upkeepIntervalMs: 0 });
    storage.log.ensureTopic(topicSpec());
    await put(storage);
    rmSync(folder, { recursive: true });
    await expect(put(storage)).rejects.toMatchObject(lost(folder, 'was moved or deleted'));
    expect(() => storage.log.topics()).toThrow(expect.objectContaining({ code: 'SFS_STORAGE_FAILED' }));
    await expect(storage.close()).rejects.toMatchObject(lost(folder, 'was moved or deleted'));
  });

  it('fails the close of a storage that wrote nothing more', async () => {
    const folder = newFolder();
    const storage = await openEmbedded(folder, { upkeepIntervalMs: 0 });
    await put(storage);
    rmSync(folder, { recursive: true });
    await expect(storage.close()).rejects.toMatchObject(lost(folder, 'was moved or deleted'));
  });

  it('is noticed by upkeep, so that a storage at rest fails as well', async () => {
    const folder = newFolder();
    const storage = await openEmbedded(folder, { upkeepIntervalMs: 5 });
    storage.log.ensureTopic(topicSpec());
    await put(storage);
    rmSync(folder, { recursive: true });
    await vi.waitFor(() => expect(() => storage.log.topics()).toThrow(expect.objectContaining({ code: 'SFS_STORAGE_FAILED' })));
    await expect(storage.close()).rejects.toMatchObject(lost(folder, 'was moved or deleted'));
  });

  it('leaves another storage that is made in its place alone', async () => {
    const folder = newFolder();
    const storage = await openEmbedded(folder, { upkeepIntervalMs: 0 });
    await put(storage);
    const aside = `${newFolder()}/moved`;
    renameSync(folder, aside);
    const other = await openEmbedded(folder, { upkeepIntervalMs: 0 });
    await expect(put(storage)).rejects.toMatchObject(lost(folder, 'was replaced by another one'));
    await expect(storage.close()).rejects.toMatchObject(lost(folder, 'was replaced by another one'));
    expect(other.documents.names('')).toEqual([]);
    await put(other);
    await other.close();
    expect([folder, aside].map((one) => verifyEmbedded(one).problems)).toEqual([[], []]);
  });
});
