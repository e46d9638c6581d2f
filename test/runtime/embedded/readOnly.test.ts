import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { open } from 'lmdb';
import { openEmbedded } from '../../../runtime/embedded/index.js';
import { taskCommit, topicSpec } from '../../conformance/storage.js';
import { startChild } from './childProcess.js';
import { newFolder } from '../../fixtures/folders.js';

describe('a folder opened for reading', () => {
  it('shows each commit of a live writer in another process', { timeout: 20_000 }, async () => {
    const folder = newFolder();
    const child = startChild('idleWriter.ts', [folder]);
    await child.line('open');
    child.process.stdin!.write('0\n');
    await child.line('appended 0');
    const storage = await openEmbedded(folder, { readOnly: true });
    for (let n = 1; n < 20; n++) {
      child.process.stdin!.write(`${n}\n`);
      await child.line(`appended ${n}`);
      expect(storage.log.range('lines', 0).end).toBe(n + 1);
      expect(storage.log.read('lines', 0, 0, 100).map(({ value }) => Number(value))).toEqual(Array.from({ length: n + 1 }, (_, i) => i));
      expect(String(storage.tasks.get('reader@1/0/0', 's', 'last'))).toBe(String(n));
      expect(String(storage.tasks.progress('reader@1/0/0'))).toBe(String(n));
    }
    await storage.close();
    child.process.stdin!.end();
    await child.ended;
  });

  it('refuses every write', async () => {
    const folder = newFolder();
    await (await openEmbedded(folder)).close();
    const storage = await openEmbedded(folder, { readOnly: true });
    const refused = { code: 'SFS_STORAGE_READ_ONLY' };
    expect(() => storage.log.ensureTopic(topicSpec())).toThrow(expect.objectContaining(refused));
    await expect(storage.commit(taskCommit())).rejects.toMatchObject(refused);
    await expect(storage.log.append([])).rejects.toMatchObject(refused);
    await expect(storage.documents.put('a', Buffer.alloc(1))).rejects.toMatchObject(refused);
    await storage.close();
  });

  it('must exist: nothing is created', async () => {
    const folder = join(newFolder(), 'none');
    await expect(openEmbedded(folder, { readOnly: true })).rejects.toMatchObject({ code: 'SFS_FOLDER_MISSING' });
    expect(existsSync(folder)).toBe(false);
    const empty = newFolder();
    await expect(openEmbedded(empty, { readOnly: true })).rejects.toMatchObject({ code: 'SFS_FOLDER_MISSING' });
    rmSync(empty, { recursive: true });
  });
});

describe('a folder of a newer format', () => {
  it('is refused for reading and writing', async () => {
    const folder = newFolder();
    await (await openEmbedded(folder)).close();
    const root = open({ path: folder, noSubdir: false, encoding: 'binary', keyEncoding: 'binary' });
    await root.openDB<Buffer, Buffer>('meta', { encoding: 'binary', keyEncoding: 'binary' }).put(Buffer.from('format'), Buffer.from('2'));
    await root.close();
    for (const readOnly of [true, false]) {
      await expect(openEmbedded(folder, { readOnly })).rejects.toMatchObject({ code: 'SFS_FOLDER_VERSION', context: { found: 2, supported: 1 } });
    }
  });
});

describe('a closed storage', () => {
  it('refuses calls and can be closed again', async () => {
    const storage = await openEmbedded(newFolder());
    const commit = storage.commit(taskCommit());
    await Promise.all([storage.close(), storage.close()]);
    await commit;
    const closed = { code: 'SFS_STORAGE_CLOSED' };
    expect(() => storage.tasks.progress('t')).toThrow(expect.objectContaining(closed));
    await expect(storage.commit(taskCommit())).rejects.toMatchObject(closed);
    await storage.close();
  });
});
