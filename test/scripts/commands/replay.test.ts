/** `skillforge replay` on a folder, from the plan to the drop, as processes of their own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { newProject, runCli, startCli, type CliResult } from './cliProcess.js';
import type { ReplayDiff } from '../../../scripts/commands/replayDiff.js';
import type { ReplayPlan } from '../../../scripts/commands/replayPlan.js';

const SLOW_MS = 600_000;
const project = newProject();
const file = join(project, 'topologies', 'my-first.ts');

const cli = (...args: string[]): Promise<CliResult> => runCli(args, project);
const changeFile = (from: string, to: string): void => writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));

beforeAll(async () => {
  await cli('topology', 'new', 'my-first');
  await cli('generate', '--learners', '20', '--days', '2', '--events-per-day', '200');
  expect(await cli('run', 'my-first', '--until-end')).toMatchObject({ code: 0 });
}, SLOW_MS);

describe('a replay of the same declaration', () => {
  it('is planned as text and as JSON, and nothing is done', { timeout: SLOW_MS }, async () => {
    const text = `my-first@2 beside my-first@1: the operators are those of the live version; only functions may differ
reads
  clicks: 12 partitions, 1,087 records, about 87.7 KB
state
  by-day/panes: starts empty, built again from the log; rows as in the live version
writes
  my-first.v2, compared with my-first
1,087 records, markers included, about 87.7 KB: 10.9 s at 100 records a second
`;
    expect(await cli('replay', 'plan', 'my-first', '--rate', '100')).toMatchObject({ code: 0, stdout: text });
    const json = (await cli('replay', 'plan', 'my-first', '--json')).json<ReplayPlan>();
    expect(json).toMatchObject({ replay: 'my-first@2', begun: false, verdict: 'same-operators', reasons: [], records: 1087, recordsPerSecond: 2000 });
  });

  it('goes on after a kill, is not promoted before it has caught up, and gives what the live version gave', { timeout: SLOW_MS }, async () => {
    const child = startCli(['replay', 'run', 'my-first', '--rate', '100', '--batch-records', '5', '--json'], project);
    await new Promise<void>((resolve) => {
      child.process.stdout!.on('data', (bytes: Buffer) => /"processed":[1-9]/.test(bytes.toString()) && resolve());
    });
    child.process.kill('SIGKILL');
    expect((await child.result).signal).toBe('SIGKILL');
    expect((await cli('replay', 'promote', 'my-first')).stderr).toContain('SFS_REPLAY_BEHIND');
    const again = (await cli('replay', 'run', 'my-first', '--json')).json<{ summary: { processed: number } }>();
    expect(again).toMatchObject({ summary: { replay: 'my-first@2', caughtUp: true } });
    expect(again.summary.processed).toBeGreaterThan(0);
    expect(again.summary.processed).toBeLessThan(499);
    const diff = await cli('replay', 'diff', 'my-first', '--json');
    expect([diff.code, diff.json()]).toMatchObject([0, { behind: 0, share: 0, topics: [{ same: 22, added: 0, removed: 0, changed: 0 }] }]);
  });

  it('is dropped when that is confirmed', { timeout: SLOW_MS }, async () => {
    expect((await cli('replay', 'drop', 'my-first')).code).toBe(2);
    const dropped = await cli('replay', 'drop', 'my-first', '--yes');
    expect(dropped.stdout).toMatch(/^dropped my-first@2: the state of 12 tasks\n {2}eu-west.my-first.v2\n/);
    expect(await cli('verify')).toMatchObject({ code: 0 });
  });
});

describe('a replay of a changed declaration', () => {
  it('differs: the exit code says whether by more than is allowed', { timeout: SLOW_MS }, async () => {
    changeFile('version: 1', 'version: 2');
    changeFile('clicks: value.clicks', "clicks: value.clicks + (record.key === 'learner-7' ? 1 : 0)");
    // Number 2 was given before.
    expect((await cli('replay', 'run', 'my-first')).stdout).toMatch(/^my-first@3 has caught up: 499 records in /);
    const diff = await cli('replay', 'diff', 'my-first');
    expect(diff).toMatchObject({ code: 1 });
    expect(diff.stdout).toContain('my-first@3 against my-first@1: 9.09 % of the keys differ, more than the threshold of 0 %');
    expect(diff.stdout).toContain('20 same, 0 added, 0 removed, 2 changed');
    expect(diff.stdout).toMatch(/ ~ learner-7 at 2025-09-01T23:59:59.999Z {2}clicks\n +live +\{"clicks":11\}\n +replay +\{"clicks":12\}/);
    expect(await cli('replay', 'diff', 'my-first', '--threshold', '10%')).toMatchObject({ code: 0 });
    expect((await cli('replay', 'diff', 'my-first', '--ignore', 'clicks', '--json')).json<ReplayDiff>()).toMatchObject({ share: 0 });
    expect(await cli('replay', 'diff', 'my-first', '--threshold', 'much')).toMatchObject({ code: 2 });
  });

  it('is live when it is promoted, until that is undone', { timeout: SLOW_MS }, async () => {
    expect((await cli('replay', 'promote', 'my-first')).stdout).toBe(
      'my-first@3 is live instead of my-first@1\n  readers of my-first are served from my-first.v3\n',
    );
    expect((await cli('run', 'my-first', '--until-end')).stdout).toContain('my-first@3: 12 tasks, 0 waiting; since its first run 499 records');
    expect((await cli('topology', 'plan', 'my-first')).stdout).toMatch(
      /^my-first, version 2, deployed is version 2: unchanged\n[^]* eu-west.my-first.v3: exists/,
    );
    expect(await cli('replay', 'promote', 'my-first', '--undo')).toMatchObject({ code: 0 });
    changeFile('version: 2', 'version: 1');
    expect((await cli('run', 'my-first', '--until-end')).stdout).toContain('my-first@1: 12 tasks, 0 waiting; since its first run 499 records');
    changeFile('version: 1', 'version: 2');
    expect(await cli('replay', 'promote', 'my-first')).toMatchObject({ code: 0 });
  });

  it('goes on when what it replaced is dropped', { timeout: SLOW_MS }, async () => {
    expect((await cli('replay', 'drop', 'my-first', '--yes', '--json')).json()).toEqual({
      topology: 'my-first',
      dropped: 'my-first@1',
      topics: ['eu-west.my-first', 'eu-west.dead-letters.v3'],
      tasks: 12,
    });
    expect((await cli('replay', 'promote', 'my-first', '--undo')).stderr).toContain('SFS_REPLAY_NOTHING');
    expect((await cli('run', 'my-first', '--until-end')).stdout).toContain('my-first@3: 12 tasks, 0 waiting; since its first run 499 records');
    changeFile('version: 2', 'version: 3');
    expect((await cli('run', 'my-first', '--until-end')).stderr).toContain('declare it as version 4');
  });
});
