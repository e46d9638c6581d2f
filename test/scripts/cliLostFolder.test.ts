import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, startCli } from './commands/cliProcess.js';
import { newFolder } from '../fixtures/folders.js';

describe('a run whose folder is deleted', () => {
  it('ends by itself, says so, and reports no success', { timeout: 60_000 }, async () => {
    const data = join(newFolder(), 'data');
    await runCli(['generate', '--data', data, '--days', '1', '--events-per-day', '500']);
    const { process: running, result } = startCli(['run', 'learner-engagement', '--data', data, '--json']);
    // The first report of its progress: it has opened the folder.
    await once(running.stdout!, 'data');
    rmSync(data, { recursive: true });
    const ended = await result;
    expect(ended.json()).toMatchObject({
      error: {
        code: 'SFS_STORAGE_FAILED',
        message: `${data} was moved or deleted while this process had it open: what it wrote is not there`,
      },
    });
    expect(ended.code).toBe(3);
  });
});
