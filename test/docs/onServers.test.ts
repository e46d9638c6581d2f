/** The commands of how-tos that need servers run as they stand there; where the servers are is in the environment. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi, type TestContext } from 'vitest';
import { newRegion } from '../integration/cluster/replica.js';
import { SERVER_START_MS, sharedKafka, sharedRedis, sharedRegistry } from '../integration/servers.js';
import { runCli, startCli, type CliChild } from '../scripts/commands/cliProcess.js';
import { allBlocks } from './documents.js';

const DEADLINE_MS = 240_000;

afterEach(() => vi.unstubAllEnvs());

/** The command lines of a page, without `skillforge`. */
const commandsOf = (path: string): string[][] =>
  allBlocks(path).flatMap(({ info, text }) =>
    info === 'sh'
      ? [
          text
            .trim()
            .replace(/^skillforge /, '')
            .split(' '),
        ]
      : [],
  );

async function region(context: TestContext): Promise<string> {
  vi.stubEnv('SKILLFORGE_KAFKA', await sharedKafka(context));
  vi.stubEnv('SKILLFORGE_REDIS_URL', await sharedRedis(context));
  return newRegion();
}

describe('docs/how-to/rescale.md', () => {
  it('has commands that run', { timeout: SERVER_START_MS + DEADLINE_MS }, async (context) => {
    const own = ['--region', await region(context)];
    const runs: CliChild[] = [];
    context.onTestFinished(() => runs.forEach(({ process }) => void process.kill('SIGKILL')));
    for (const [name, ...args] of commandsOf('docs/how-to/rescale.md')) {
      if (name === 'run') {
        runs.push(startCli([name, ...args, ...own]));
        // What ran before is known by then.
        for (const until = Date.now() + DEADLINE_MS; (await runCli(['lag', 'item-trends', ...own])).code !== 0 && Date.now() < until;)
          await sleep(500);
      } else {
        const { code, stdout, stderr } = await runCli([name!, ...args, ...own]);
        expect(code, stdout + stderr).toBe(0);
      }
    }
    expect(runs).toHaveLength(2);
    for (const { process, result } of runs) {
      process.kill('SIGTERM');
      const { code, stderr } = await result;
      expect(code, stderr).toBe(0);
    }
  });
});

describe('docs/how-to/change-a-schema.md', () => {
  it('has commands that run', { timeout: SERVER_START_MS + DEADLINE_MS }, async (context) => {
    const own = ['--region', await region(context)];
    vi.stubEnv('SKILLFORGE_REGISTRY', await sharedRegistry(context));
    const commands = commandsOf('docs/how-to/change-a-schema.md');
    expect(commands).not.toHaveLength(0);
    for (const args of commands) {
      const { code, stdout, stderr } = await runCli([...args, ...own]);
      expect(code, stdout + stderr).toBe(0);
    }
  });
});
