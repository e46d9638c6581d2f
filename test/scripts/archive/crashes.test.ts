/** An archive whose process dies: at each step in which something reaches the disk, and by a real kill. */
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { topics } from '../../../schemas/index.js';
import { UNFINISHED } from '../../../scripts/archive/durableFile.js';
import { committedFiles } from '../../../scripts/archive/commits.js';
import { topicFolder } from '../../../scripts/archive/layout.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';
import { catalogueItem } from '../../topologies/statements.js';
import { runCli, startCli } from '../commands/cliProcess.js';
import { REGION, append, archiveAll, archivedRows } from './archived.js';
import { newFolder } from '../../fixtures/folders.js';

const START_MS = Date.UTC(2025, 8, 1);
const DAY_MS = 86_400_000;
const SLOW_MS = 300_000;

class Died extends Error {}

/** Ends the work at one of its steps: nothing after it happens, as in a process that is killed there. */
function dyingAt(step: number): () => void {
  let steps = 0;
  return () => {
    if (steps++ === step) throw new Died();
  };
}

const identities = async (out: string): Promise<string[]> => (await archivedRows(out, 'catalogue')).map((row) => String(row['title'])).sort();

/** Files that no reader counts, and that a restart removes. */
function leftovers(out: string): string[] {
  const folder = topicFolder(out, 'catalogue', REGION);
  const counted = new Set(committedFiles(folder).map(({ path }) => path));
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const isFile = (name: string): boolean => /\d\.parquet$/.test(name) || name.endsWith(UNFINISHED);
  return names.filter((name) => isFile(name) && !counted.has(join(folder, name)));
}

describe('an archive that dies', () => {
  it('at any step loses and doubles nothing, over two rounds of records', { timeout: SLOW_MS }, async () => {
    const first = [0, 1].flatMap((day) => ['p1', 'p2'].map((item) => catalogueItem(item, START_MS + day * DAY_MS, { title: `${item} ${day}` })));
    const second = [catalogueItem('p1', START_MS + 3, { title: 'late' })];
    const all = [...first, ...second].map(({ title }) => title).sort();
    let deaths = 0;
    let leftBehind = 0;
    for (let step = 0; ; step++) {
      const [storage, out] = [memoryStorage(), temporaryFolder()];
      const reached = dyingAt(step);
      const archived = async (): Promise<boolean> => {
        try {
          await archiveAll(storage, out, ['catalogue'], { reached });
          return true;
        } catch (error) {
          expect(error).toBeInstanceOf(Died);
          return false;
        }
      };
      await append(storage, topics.catalogue, first);
      const firstDied = !(await archived());
      await append(storage, topics.catalogue, second);
      const died = !(await archived()) || firstDied;
      if (!died) break;
      deaths++;
      leftBehind += leftovers(out).length;
      await archiveAll(storage, out, ['catalogue']);
      expect(await identities(out), `died at step ${step}`).toEqual(all);
      expect(leftovers(out)).toEqual([]);
    }
    // The columns in both rounds, a file for each day of each item, a commit: three steps for each of these.
    expect(deaths).toBeGreaterThanOrEqual(21);
    expect(leftBehind).toBeGreaterThan(0);
  });

  it('by a kill goes on where it was', { timeout: SLOW_MS }, async () => {
    const [data, out] = [newFolder(), newFolder()];
    const school = ['--learners', '100', '--courses', '1', '--days', '3', '--events-per-day', '3000'];
    expect((await runCli(['generate', ...school, '--data', data])).code).toBe(0);
    const args = ['archive', '--topics', 'clicks', '--out', out, '--data', data];
    const commits = join(topicFolder(out, 'clicks', 'eu-west'), '_commits');
    const child = startCli([...args, '--until-end']);
    const committed = (): number => (existsSync(commits) ? readdirSync(commits).length : 0);
    while (committed() < 2 && child.process.exitCode === null) await sleep(1);
    child.process.kill('SIGKILL');
    expect((await child.result).signal).toBe('SIGKILL');
    expect(committed()).toBeLessThan(12);
    expect((await runCli([...args, '--until-end'])).code).toBe(0);
    const verified = await runCli(['archive', 'verify', '--topics', 'clicks', '--archive', out, '--data', data, '--json']);
    expect([verified.code, verified.stderr]).toEqual([0, '']);
    const { summary } = JSON.parse(verified.stdout.split('\n').find((line) => line.startsWith('{"summary"'))!) as {
      summary: { archived: number; matched: number; problems: string[] };
    };
    expect(summary).toMatchObject({ archived: summary.matched, problems: [] });
    expect(summary.matched).toBeGreaterThan(5_000);
  });
});
