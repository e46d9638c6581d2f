import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SkillForgeError } from '../../../schemas/errors.js';
import { openEmbedded } from '../../../runtime/embedded/index.js';
import { startChild } from './childProcess.js';
import { newFolder } from '../../fixtures/folders.js';

describe('the lock of a folder', () => {
  it('refuses a second writer and names the process that holds it', async () => {
    const folder = newFolder();
    const child = startChild('idleWriter.ts', [folder]);
    const pid = Number((await child.line('open')).slice(5));
    const before = new Date().toISOString();
    const refusal = await openEmbedded(folder).then(
      () => null,
      (error: unknown) => error as SkillForgeError,
    );
    expect(refusal).toMatchObject({ code: 'SFS_FOLDER_LOCKED', context: { folder, pid } });
    expect(refusal?.message).toContain(`process ${pid} `);
    expect(String(refusal?.context['since']) <= before).toBe(true);
    child.process.stdin!.end();
    await child.ended;
    await (await openEmbedded(folder)).close();
  });

  it('refuses a second writer of the same process, which leaves the first one working', async () => {
    const storage = await openEmbedded(newFolder());
    const { folder } = storage['environment'];
    await expect(openEmbedded(folder)).rejects.toMatchObject({ code: 'SFS_FOLDER_LOCKED', context: { pid: process.pid } });
    await storage.documents.put('a', Buffer.from('1'));
    expect(String(storage.documents.get('a'))).toBe('1');
    await storage.close();
  });

  it('ends with its holder, even one that was stopped and then killed', async () => {
    const folder = newFolder();
    const child = startChild('idleWriter.ts', [folder]);
    await child.line('open');
    child.process.kill('SIGSTOP');
    await expect(openEmbedded(folder)).rejects.toMatchObject({ code: 'SFS_FOLDER_LOCKED' });
    child.process.kill('SIGKILL');
    await child.ended;
    const storage = await openEmbedded(folder);
    await storage.close();
    expect(readdirSync(folder).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });

  it('goes to exactly one of many that ask at once, after a crash', async () => {
    const folder = newFolder();
    const crashed = startChild('idleWriter.ts', [folder]);
    await crashed.line('open');
    crashed.process.kill('SIGKILL');
    await crashed.ended;
    const opened = await Promise.allSettled(Array.from({ length: 8 }, () => openEmbedded(folder)));
    const winners = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(winners).toHaveLength(1);
    await winners[0]!.close();
  });

  it('goes to exactly one of several processes that start at once', { timeout: 20_000 }, async () => {
    const folder = newFolder();
    const children = [1, 2, 3, 4].map(() => startChild('idleWriter.ts', [folder]));
    const answers = await Promise.all(
      children.map((child) =>
        Promise.race([child.line('open'), child.line('refused')].map((line) => line.catch(() => new Promise<string>(() => undefined)))),
      ),
    );
    expect(answers.filter((answer) => answer.startsWith('open'))).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'refused SFS_FOLDER_LOCKED')).toHaveLength(3);
    children.forEach((child) => child.process.kill('SIGKILL'));
    await Promise.all(children.map((child) => child.ended));
  });

  it('works in a folder whose path is too long for a socket', async () => {
    const folder = join(newFolder(), 'x'.repeat(120));
    mkdirSync(folder);
    const storage = await openEmbedded(folder);
    await expect(openEmbedded(folder)).rejects.toMatchObject({ code: 'SFS_FOLDER_LOCKED' });
    await storage.close();
    await (await openEmbedded(folder)).close();
  });
});
