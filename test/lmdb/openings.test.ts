/** Other processes open a file of LMDB, again and again, while this one commits to it: no commit is lost. LMDB alone loses some (ITS#9496). */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OpeningGate } from '../../lmdb/openingGate.js';
import { SharedFile } from '../../lmdb/sharedFile.js';
import { openEmbedded } from '../../runtime/embedded/index.js';
import { output, topicSpec } from '../conformance/storage.js';
import { COMPILED_MS, compiledProgram } from '../fixtures/compiledTree.js';
import { newFolder } from '../fixtures/folders.js';
import { isLong } from '../fixtures/longForms.js';

const LASTS_MS = isLong('FAULTS') ? 60_000 : 5_000;

let program: string;
beforeAll(async () => {
  program = await compiledProgram('test/lmdb/children/opener.ts');
}, COMPILED_MS);

interface Opener {
  readonly child: ChildProcess;
  openings: number;
  said: string;
}
const openers: Opener[] = [];

async function opener(what: string, path: string): Promise<Opener> {
  const child = spawn(process.execPath, [program, what, path], { stdio: ['ignore', 'pipe', 'pipe'] });
  const one: Opener = { child, openings: 0, said: '' };
  openers.push(one);
  child.stdout.on('data', (bytes: Buffer) => (one.openings = Number(bytes.toString().trim().split('\n').at(-1))));
  child.stderr.on('data', (bytes: Buffer) => (one.said += bytes.toString()));
  await once(child.stdout, 'data');
  return one;
}

async function ended({ child }: Opener): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
afterEach(() => Promise.all(openers.splice(0).map(ended)));

/** Commits one number after the other while two processes open the file. @returns how many there are, and how often it was opened */
async function committed(
  what: string,
  path: string,
  commit: (number: number) => Promise<unknown>,
): Promise<{ readonly count: number; readonly openings: number }> {
  const two = await Promise.all([opener(what, path), opener(what, path)]);
  const end = Date.now() + LASTS_MS;
  let count = 0;
  for (; Date.now() < end; count++) await commit(count);
  expect(two.map(({ child, said }) => [child.exitCode, said])).toEqual([
    [null, ''],
    [null, ''],
  ]);
  return { count, openings: two.reduce((sum, { openings }) => sum + openings, 0) };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('while others open the file', { timeout: LASTS_MS + 60_000 }, () => {
  it('a shared file keeps what was written', async () => {
    const path = join(newFolder(), 'numbers.mdb');
    const file = SharedFile.open(path);
    const key = (number: number): Buffer => Buffer.from(String(number).padStart(8, '0'));
    const { count, openings } = await committed('shared', path, (number) => file.write(() => file.root.putSync(key(number), Buffer.alloc(100))));
    file.root.resetReadTxn();
    expect([...file.root.getKeys()].map((found) => Number(Buffer.from(found).toString()))).toEqual(numbers(count));
    expect(Math.min(count, openings)).toBeGreaterThan(100);
    await file.close();
  });

  it('the storage of a folder keeps what was appended, and flushes it', async () => {
    const folder = newFolder();
    const storage = await openEmbedded(folder);
    storage.log.ensureTopic(topicSpec({ name: 'lines', partitions: 1 }));
    const { count, openings } = await committed('folder', folder, async (number) => {
      await storage.log.append([output(null, String(number), { topic: 'lines', partition: 0 })]);
      await storage.flushed();
    });
    const found: number[] = [];
    while (found.length < storage.log.range('lines', 0).end) {
      found.push(...storage.log.read('lines', 0, found.length, 1_000).map(({ value }) => Number(value)));
    }
    expect(found).toEqual(numbers(count));
    expect(Math.min(count, openings)).toBeGreaterThan(100);
    await storage.close();
  });
});

describe('a gate', () => {
  it('lets those of one turn through together, and each hears of its own commit', async () => {
    const gate = OpeningGate.at(join(newFolder(), 'gate.mdb'));
    const running = new Set<string>();
    let most = 0;
    const commit = async (name: string): Promise<string> => {
      running.add(name);
      most = Math.max(most, running.size);
      await new Promise(setImmediate);
      running.delete(name);
      if (name === 'bad') throw new Error('the disk is full');
      return name;
    };
    const all = await Promise.allSettled(['one', 'bad', 'two'].map((name) => gate.through(() => commit(name))));
    expect(all.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual(['one', 'Error: the disk is full', 'two']);
    expect(most).toBe(3);
    expect(await gate.through(() => commit('three'))).toBe('three');
    await gate.close();
  });

  it('is one for a thread: who opens while the thread commits does not wait for itself', async () => {
    const path = join(newFolder(), 'gate.mdb');
    const [first, second] = [OpeningGate.at(path), OpeningGate.at(path)];
    const opened = await first.through(() => Promise.resolve(second.throughSync(() => 'opened')));
    expect(opened).toBe('opened');
    await first.close();
    expect(second.throughSync(() => 'still open')).toBe('still open');
    await second.close();
  });
});
