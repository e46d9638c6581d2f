/**
 * A full disk, two processes on one folder, a corrupt file: a clear error, nothing lost. Each trouble meets a replay at work, and the
 * result is compared by a digest of its whole contents with that of an undisturbed one.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../scripts/synthetic/index.js';
import { readCounts } from './commitMarks.js';
import { compileReplay, endOf, replayUndisturbed, startReplay, type Ended } from './crashes.js';
import { damage, type Damage } from './damage.js';
import { copyOf, inputFolder, seedOfRun } from './folders.js';
import type { ReplayRequest } from './replayChild.js';
import { COMPILED_MS } from '../fixtures/compiledTree.js';
import { newFolder } from '../fixtures/folders.js';

const INPUT = { days: 8, clicksPerDay: 1_500, learners: 150 };
const DATA_FILE = 'data.mdb';
const KIB = 1024;
const SHORT_DAMAGES = 6;
const DAMAGES = Number(process.env['SKILLFORGE_DAMAGES'] ?? SHORT_DAMAGES);
const FULL_DISKS = DAMAGES > SHORT_DAMAGES ? 3 : 2;
const LONGEST_MS = 60_000;
/** Damaged folders at a time. */
const AT_ONCE = 2;

const seed = seedOfRun();
const random = new SeededRandom(seed);
let tree: string;
let input: string;
let undisturbed: { readonly folder: string; readonly digest: string };

const requestOn = (folder: string, more: Partial<ReplayRequest> = {}): ReplayRequest => ({
  folder,
  mode: 'until-end',
  maxRecords: 100,
  digest: true,
  ...more,
});

beforeAll(async () => {
  console.log(`seed ${seed}: SKILLFORGE_SEED=${seed} repeats it`);
  tree = await compileReplay();
  input = (await inputFolder({ seed, ...INPUT })).folder;
  const folder = copyOf(input);
  const { digest } = await replayUndisturbed(tree, requestOn(folder));
  undisturbed = { folder, digest: digest! };
}, COMPILED_MS);

const sizeOf = (folder: string): number => statSync(join(folder, DATA_FILE)).size;

describe('a disk that is full', () => {
  it('ends the replay with SFS_STORAGE_FULL; with room again it comes to the same result', { timeout: 240_000 }, async () => {
    for (let trial = 0; trial < FULL_DISKS; trial++) {
      const folder = copyOf(input);
      const room = sizeOf(undisturbed.folder) - sizeOf(input);
      const limit = Math.floor((sizeOf(input) + room * (0.1 + 0.8 * random.unit())) / KIB);
      const { code, signal, report } = await endOf(startReplay(tree, requestOn(folder), `ulimit -f ${limit}`));
      console.log(`full at ${limit} KiB: exit code ${code}, ${JSON.stringify(report)}`);
      expect({ code, signal, report }).toMatchObject({ code: 1, signal: null, report: { outcome: 'failed', code: 'SFS_STORAGE_FULL' } });
      expect(report).toHaveProperty('message', expect.stringMatching(/no room is left.*free some space/) as string);
      expect((await replayUndisturbed(tree, requestOn(folder))).digest).toBe(undisturbed.digest);
    }
  });
});

describe('a second process on the same folder', () => {
  it('is refused with SFS_FOLDER_LOCKED, and the first one goes on to the same result', { timeout: 60_000 }, async () => {
    const folder = copyOf(input);
    const marks = join(newFolder(), 'marks');
    const first = startReplay(tree, requestOn(folder, { marks }));
    const ended = endOf(first);
    while ((readCounts(marks)?.ended ?? 0) < 3) await sleep(5);
    const others = await Promise.all([1, 2].map(() => endOf(startReplay(tree, requestOn(folder)))));
    expect(first.exitCode).toBe(null);
    for (const other of others) {
      expect(other).toMatchObject({ code: 1, report: { outcome: 'failed', code: 'SFS_FOLDER_LOCKED' } });
      expect(other.report).toHaveProperty('message', expect.stringContaining(`process ${first.pid} `) as string);
    }
    expect(await ended).toMatchObject({ code: 0, report: { outcome: 'done', digest: undisturbed.digest } });
  });
});

type Outcome = 'the same result' | 'a clear error' | 'A WRONG RESULT' | 'A CRASH' | 'NO END' | 'AN ERROR WITHOUT A CODE';
const CLEAR = /^SFS_(STORAGE_CORRUPT|LOG_CORRUPT|STATE_CORRUPT|DOCUMENT_CORRUPT|STATE_DECODE|STATE_SCHEMA|PROGRESS_INVALID|FOLDER_VERSION)$/;

function outcomeOf({ signal, report }: Ended): Outcome {
  if (signal === 'SIGKILL') return 'NO END';
  if (report === null) return 'A CRASH';
  if (report.outcome === 'failed') return CLEAR.test(report.code) ? 'a clear error' : 'AN ERROR WITHOUT A CODE';
  return report.digest === undisturbed.digest ? 'the same result' : 'A WRONG RESULT';
}

describe('a data file with flipped bits', () => {
  /** Killed half way, so that there is input, state, timers and progress to damage. */
  async function halfDone(): Promise<Buffer> {
    const folder = copyOf(input);
    const marks = join(newFolder(), 'marks');
    const child = startReplay(tree, requestOn(folder, { marks }));
    const ended = endOf(child);
    while ((readCounts(marks)?.ended ?? 0) < 60) await sleep(2);
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
    return readFileSync(join(folder, DATA_FILE));
  }

  async function tryDamaged(bytes: Buffer): Promise<Ended> {
    const folder = newFolder();
    writeFileSync(join(folder, DATA_FILE), bytes);
    const child = startReplay(tree, requestOn(folder));
    const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
    return endOf(child).finally(() => clearTimeout(timer));
  }

  it('gives the right result or a clear error, never a wrong result and never a crash', { timeout: 120_000 + DAMAGES * 8_000 }, async () => {
    const sound = await halfDone();
    const damages = Array.from({ length: DAMAGES }, () => damage(sound, random));
    const tally = new Map<Outcome, number>();
    const bad: string[] = [];
    const work = async (): Promise<void> => {
      for (let next = damages.shift(); next !== undefined; next = damages.shift()) await tryOne(next);
    };
    const tryOne = async ({ bytes, told }: Damage): Promise<void> => {
      const ended = await tryDamaged(bytes);
      const outcome = outcomeOf(ended);
      tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
      const line = `${told}: ${outcome} ${ended.signal ?? ''} ${ended.report?.outcome === 'failed' ? `${ended.report.code} ${ended.report.message}` : ''} ${ended.errors}`;
      if (process.env['SKILLFORGE_DAMAGES']) console.log(line.slice(0, 300));
      if (outcome !== 'the same result' && outcome !== 'a clear error') bad.push(line);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    console.log(`damaged files: ${[...tally].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`);
    expect(bad).toEqual([]);
  });
});
