/** An archive of topics in a real Kafka: offsets have gaps there, where transactions end. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, type CliResult } from '../../scripts/commands/cliProcess.js';
import { newRegion } from '../cluster/replica.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';
import { newFolder } from '../../fixtures/folders.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2025, 8, 1);
const [FIRST, ALL] = [120, 200];

interface Archived {
  readonly summary: { readonly topics: readonly { readonly records: number; readonly files: number }[] };
}

interface Verified {
  readonly summary: { readonly archived: number; readonly matched: number; readonly older: number; readonly problems: readonly string[] };
}

describe('an archive on servers', { timeout: SERVER_START_MS }, () => {
  it('has each record of the log once, over several calls', async (context) => {
    const servers = ['--kafka', await sharedKafka(context), '--redis', await sharedRedis(context), '--region', newRegion(), '--json'];
    const region = servers.at(-2)!;
    const [folder, out] = [newFolder(), newFolder()];
    const file = join(folder, 'clicks.jsonl');
    const line = (n: number): string => {
      const personal = { action: 'OPEN', item: 'p1', dwellMs: 0, clicks: 1 };
      const event = { eventId: `e${n}`, learner: `learner-${n % 17}`, course: 'AAA', cohort: 'AAA', occurredAtMs: START_MS + n * HOUR_MS };
      return `${JSON.stringify({ ...event, region, personal })}\n`;
    };
    const ok = async (...args: string[]): Promise<CliResult> => {
      const result = await runCli([...args, ...servers]);
      expect(result.code, `${result.stdout}\n${result.stderr}`).toBe(0);
      return result;
    };
    const archive = async (): Promise<number> => {
      const { summary } = (await ok('archive', '--topics', 'clicks', '--out', out, '--until-end')).json<Archived>();
      return summary.topics[0]!.records;
    };
    writeFileSync(file, Array.from({ length: FIRST }, (_, n) => line(n)).join(''));
    await ok('topics', 'write', 'clicks', file);
    expect(await archive()).toBe(FIRST);
    // Other bytes: what is in it is new.
    writeFileSync(file, Array.from({ length: ALL - FIRST }, (_, n) => line(FIRST + n)).join(''));
    await ok('topics', 'write', 'clicks', file);
    expect(await archive()).toBe(ALL - FIRST);
    expect(await archive()).toBe(0);
    const { summary } = (await ok('archive', 'verify', '--topics', 'clicks', '--archive', out)).json<Verified>();
    expect(summary).toEqual({ archived: ALL, matched: ALL, older: 0, problems: [] });
  });
});
