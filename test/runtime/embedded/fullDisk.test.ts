import { describe, expect, it } from 'vitest';
import { openEmbedded, verifyEmbedded } from '../../../runtime/embedded/index.js';
import { startChild } from './childProcess.js';
import { expectWholeCommits } from './counting.js';
import { newFolder } from '../../fixtures/folders.js';

/** Largest file, in units of 1 KiB; several, so that different writes of a transaction are the first to fail. */
const LIMITS_KIB = [400, 1001, 2002, 2150];

describe('a storage without room', () => {
  it.each(LIMITS_KIB)(
    'fails with SFS_STORAGE_FULL, writes nothing more, and opens again whole (%i KiB)',
    { timeout: 20_000, concurrent: true },
    async (limit) => {
      const folder = newFolder();
      const child = startChild('fillingWriter.ts', [folder], `ulimit -f ${limit}`);
      const [, code, acked] = (await child.line('full')).split(' ');
      expect(code).toBe('SFS_STORAGE_FULL');
      expect(await child.line('commit')).toBe('commit SFS_STORAGE_FAILED SFS_STORAGE_FULL');
      expect(await child.line('read')).toBe('read SFS_STORAGE_FAILED');
      await child.line('closed');
      expect(await child.ended).toEqual({ code: 0, signal: null });
      for (const line of child.lines.filter((text) => text.startsWith('in line'))) expect(line).toMatch(/SFS_STORAGE_(FULL|FAILED)$/);
      expect(verifyEmbedded(folder).problems).toEqual([]);
      const storage = await openEmbedded(folder);
      expect(expectWholeCommits(storage)).toBe(Number(acked));
      await storage.documents.put('after', Buffer.from('room again'));
      await storage.close();
    },
  );
});
