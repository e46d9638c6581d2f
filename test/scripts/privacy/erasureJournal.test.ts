/** What an erasure that is called again takes as done, and who waits for whom. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal, alone, type JournalStart } from '../../../scripts/privacy/erasure/journal.js';
import { mainDigest } from '../../../scripts/privacy/erasure/places.js';
import { SERVER_PLACED, SERVER_STEPS } from '../../../scripts/privacy/erasure/serverSteps.js';
import { newFolder } from '../../fixtures/folders.js';

const DIGEST = 'd1';
const servers = (name: string) => ({ name }) as never;

/** A journal in which all steps are done but the last, as after a kill. */
function cutOff(start: JournalStart): string {
  const folder = newFolder();
  const journal = Journal.open(folder, DIGEST, start);
  for (const { name } of SERVER_STEPS.slice(0, -1)) {
    journal.begin(name);
    journal.done(name, {}, 1);
  }
  return folder;
}

describe('the journal of an erasure', () => {
  const region = 'eu-west';
  const start = (main: string, places = 'p'): JournalStart => ({ nowMs: 1, places, main, placed: SERVER_PLACED });
  const here = mainDigest({ region, servers: servers('kafka redis') });
  const doneIn = (folder: string, again: JournalStart): string[] => {
    const journal = Journal.open(folder, DIGEST, again);
    return SERVER_STEPS.map(({ name }) => name).filter((name) => journal.isDone(name));
  };

  it('goes on where it ended, and does again what hangs on places that are other ones', () => {
    const folder = cutOff(start(here));
    expect(doneIn(folder, start(here))).toHaveLength(SERVER_STEPS.length - 1);
    expect(doneIn(folder, start(here, 'q'))).toEqual(['refuse', 'data-key', 'redis-state', 'tombstones']);
  });

  it.each([
    ['on the folder of one machine', { region }],
    ['in another region', { region: 'us-east', servers: servers('kafka redis') }],
    ['on other servers', { region, servers: servers('kafka other') }],
  ])('takes nothing as done that was not done %s', (_, elsewhere) => {
    expect(doneIn(cutOff(start(here)), start(mainDigest(elsewhere), 'q'))).toEqual([]);
    expect(doneIn(cutOff(start(mainDigest(elsewhere))), start(here, 'q'))).toEqual([]);
  });
});

describe('two erasures of one learner from one folder', () => {
  it('wait for each other, for as long as the process of the first is there', async () => {
    const folder = newFolder();
    const other = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    writeFileSync(join(folder, `${DIGEST}.lock`), String(other.pid));
    const work = (): Promise<string> => Promise.resolve('done');
    await expect(alone(folder, DIGEST, work)).rejects.toMatchObject({ code: 'SFS_ERASURE_WAITS', context: { pid: other.pid } });
    expect(await alone(folder, 'of another learner', work)).toBe('done');
    const ended = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await ended;
    expect(await alone(folder, DIGEST, work)).toBe('done');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('are let in again after one that failed, also where there is no folder yet', async () => {
    const folder = join(newFolder(), 'erasures');
    await expect(alone(folder, DIGEST, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(existsSync(join(folder, `${DIGEST}.lock`))).toBe(false);
    expect(await alone(folder, DIGEST, () => Promise.resolve(1))).toBe(1);
  });
});
