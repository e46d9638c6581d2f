/** The commands of replays as users type them: the built program on a real Kafka and a real Redis. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import type { ReplayDiff } from '../../../scripts/commands/replayDiff.js';
import type { ReplayPlan } from '../../../scripts/commands/replayPlan.js';
import { newProject, runCli, startCli, type CliChild, type CliResult } from '../../scripts/commands/cliProcess.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { newRegion } from '../cluster/replica.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';

const DEADLINE_MS = 300_000;
const SESSION_MS = 6_000;
const DAY = ['--from', '2025-09-01', '--to', '2025-09-02'];
const SLOW = 20;

/** What nobody counted any more when it came: a click of the first day, behind all of the second. */
const LATE_CLICK = {
  eventId: 'late-1',
  learner: 'learner-7',
  course: 'course-1',
  cohort: 'course-1',
  occurredAtMs: Date.parse('2025-09-01T12:00:00Z'),
  personal: { action: 'VIEW', item: 'item-1', clicks: 100, dwellMs: 0 },
};

interface Setting {
  readonly project: string;
  readonly region: string;
  /** Runs the program on the servers; it must end with 0. */
  readonly cli: (...args: string[]) => Promise<CliResult>;
  /** Runs it to whatever end. */
  readonly tried: (...args: string[]) => Promise<CliResult>;
  readonly start: (...args: string[]) => CliChild;
}

async function setting(context: TestContext): Promise<Setting> {
  const [kafka, redis] = [await sharedKafka(context), await sharedRedis(context)];
  const [project, region] = [newProject(), newRegion()];
  writeFileSync(join(project, 'kafka.json'), JSON.stringify({ sessionTimeoutMs: SESSION_MS }));
  const on = (args: readonly string[]): string[] => {
    const isLocal = args[0] === 'topology';
    return isLocal ? [...args] : [...args, '--kafka', kafka, '--redis', redis, '--region', region, '--kafka-options', 'kafka.json'];
  };
  const tried = (...args: string[]): Promise<CliResult> => runCli(on(args), project);
  const cli = async (...args: string[]): Promise<CliResult> => {
    const result = await tried(...args);
    expect(result.code, `${args.join(' ')}\n${result.stdout}\n${result.stderr}`).toBe(0);
    return result;
  };
  return { project, region, cli, tried, start: (...args) => startCli(on(args), project) };
}

/** A made-up school of two days, and the topology's results of it. */
async function lived({ cli }: Setting): Promise<void> {
  await cli('topology', 'new', 'my-first');
  await cli('generate', '--learners', '20', '--days', '2', '--events-per-day', '200');
  expect((await cli('run', 'my-first', '--until-end')).stdout).toMatch(/done: 499 records in /);
}

interface Progress {
  readonly done: number;
  readonly total: number;
}

/** How far a run says that it is at its first look, and when it has advanced from there so often. */
function progressOf({ process }: CliChild, advances: number): Promise<{ first: Progress; last: Progress }> {
  let text = '';
  return new Promise((resolve, reject) => {
    process.once('exit', () => reject(new Error(`the replay ended by itself: ${text}`)));
    process.stdout!.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      const all = [...text.matchAll(/"progress":(\{"done":\d+,"total":\d+\})/g)].map(([, one]) => JSON.parse(one!) as Progress);
      const advancing = all.filter(({ done }, at) => at > 0 && done > all[at - 1]!.done);
      if (advancing.length >= advances) resolve({ first: all[0]!, last: advancing.at(-1)! });
    });
  });
}

/** Begins to make everything anew, and is killed. Gives the records that were taken by then. */
async function killedRun({ start }: Setting): Promise<number> {
  const startMs = performance.now();
  const killed = start('replay', 'run', 'my-first', '--rate', String(SLOW), '--json');
  const { first, last } = await progressOf(killed, 2);
  const seconds = (performance.now() - startMs) / 1_000;
  killed.process.kill('SIGKILL');
  expect((await killed.result).signal).toBe('SIGKILL');
  const taken = last.done - first.done;
  expect(taken).toBeLessThan(SLOW * (seconds + 1));
  expect(last.done).toBeLessThan(last.total);
  return taken;
}

describe('the commands of replays on servers', { timeout: SERVER_START_MS + DEADLINE_MS }, () => {
  it('make everything anew, also after a kill, and switch, and switch back', async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    const on = await setting(context);
    const { cli, tried, region } = on;
    await lived(on);
    const plan = (await cli('replay', 'plan', 'my-first', '--json')).json<ReplayPlan>();
    expect(plan).toMatchObject({ replay: 'my-first@2', begun: false, verdict: 'same-operators', reasons: [] });
    const taken = await killedRun(on);
    expect((await tried('replay', 'promote', 'my-first')).stderr).toContain('SFS_REPLAY_BEHIND');
    const { summary } = (await cli('replay', 'run', 'my-first', '--rate', '5000', '--json')).json<{ summary: { processed: number } }>();
    expect(summary).toMatchObject({ replay: 'my-first@2', caughtUp: true });
    expect(summary.processed).toBeGreaterThan(0);
    // What control records there are in the log is in the plan alone.
    expect(summary.processed).toBeLessThanOrEqual(plan.records - taken);
    const diff = (await cli('replay', 'diff', 'my-first', '--json')).json<ReplayDiff>();
    expect(diff).toMatchObject({ behind: 0, share: 0, topics: [{ same: 22, added: 0, removed: 0, changed: 0 }] });
    expect((await cli('replay', 'promote', 'my-first')).stdout).toContain('readers of my-first are served from my-first.v2');
    expect((await cli('replay', 'promote', 'my-first', '--undo')).stdout).toContain('my-first@1 is live instead of my-first@2');
    const dropped = (await cli('replay', 'drop', 'my-first', '--yes', '--json')).json<{ topics: string[] }>();
    expect(dropped).toMatchObject({ dropped: 'my-first@2', tasks: 12 });
    expect(dropped.topics).toContain(`${region}.my-first.v2`);
  });

  it('put a day right whose data came late', async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    const on = await setting(context);
    const { cli, tried, project, region } = on;
    await lived(on);
    writeFileSync(join(project, 'late.jsonl'), JSON.stringify({ ...LATE_CLICK, region }));
    await cli('topics', 'write', 'clicks', 'late.jsonl');
    expect((await cli('run', 'my-first', '--until-end', '--json')).json()).toMatchObject({ summary: { processed: 1, isDone: true } });
    expect((await cli('replay', 'plan', 'my-first', ...DAY)).stdout).toContain('only results from 2025-09-01T00:00:00.000Z');
    expect((await cli('replay', 'run', 'my-first', ...DAY, '--rate', '5000')).stdout).toMatch(/my-first@2 has caught up: /);
    const diff = await tried('replay', 'diff', 'my-first', '--json');
    const [only] = diff.json<ReplayDiff>().topics;
    expect([diff.code, only]).toMatchObject([
      1,
      { added: 0, removed: 0, changed: 1, examples: [{ key: 'learner-7', fields: ['events', 'clicks'] }] },
    ]);
    const [live, shadow] = [only!.examples[0]!.live, only!.examples[0]!.shadow] as { clicks: number; events: number }[];
    expect([shadow!.events - live!.events, shadow!.clicks - live!.clicks]).toEqual([1, 100]);
    expect((await cli('replay', 'promote', 'my-first')).stdout).toMatch(/\.my-first: 1 record appended/);
    expect((await cli('replay', 'diff', 'my-first', '--json')).json<ReplayDiff>()).toMatchObject({ share: 0 });
    await cli('replay', 'drop', 'my-first', '--yes');
  });
});
