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

let [program, leaver] = ['', ''];
beforeAll(async () => {
  program = await compiledProgram('test/lmdb/children/opener.ts');
  leaver = await compiledProgram('test/lmdb/children/leaver.ts');
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

describe('a process that ends while it writes', { timeout: 60_000 }, () => {
  const LEAVES = 6;

  it.for([
    ['shared', 'exit', 7],
    ['shared', 'throw', 1],
    ['folder', 'exit', 7],
    ['folder', 'throw', 1],
  ] as const)('%s: by %s, ends, and the next one goes on', async ([what, how, code]) => {
    const path = what === 'shared' ? join(newFolder(), 'numbers.mdb') : newFolder();
    const codes: unknown[] = [];
    for (let leave = 0; leave < LEAVES; leave++) {
      const child = spawn(process.execPath, [leaver, what, path, how], { stdio: 'ignore' });
      const late = setTimeout(() => child.kill('SIGKILL'), 8_000);
      const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null];
      clearTimeout(late);
      codes.push(signal ?? exitCode);
    }
    expect(codes).toEqual(Array.from({ length: LEAVES }, () => code));
  });
});

describe('a shared file', () => {
  it('keeps the changes of a turn but for one that throws, of which nothing is kept', async () => {
    const file = SharedFile.open(join(newFolder(), 'numbers.mdb'));
    const put = (number: number, mayFail = false) =>
      file.write(() => {
        file.root.putSync(Buffer.from([number]), Buffer.alloc(1));
        if (mayFail && number === 2) throw new Error('two is no number');
        return number;
      });
    const all = await Promise.allSettled([1, 2, 3].map((number) => put(number, true)));
    expect(all.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([1, 'Error: two is no number', 3]);
    file.root.resetReadTxn();
    expect([...file.root.getKeys()].map((key) => key[0])).toEqual([1, 3]);
    await expect(put(2, true)).rejects.toThrow('two is no number');
    expect(await put(2)).toBe(2);
    await file.close();
  });

  it('has what was told to be written before it was closed', async () => {
    const path = join(newFolder(), 'numbers.mdb');
    const file = SharedFile.open(path);
    const writes = numbers(5).map((number) => file.write(() => file.root.putSync(Buffer.from([number]), Buffer.alloc(1))));
    await file.close();
    expect(await Promise.all(writes)).toEqual(numbers(5).map(() => true));
    const again = SharedFile.open(path);
    expect(again.root.getKeysCount()).toBe(5);
    await again.close();
  });
});

describe('a gate', () => {
  it('is held by one work of a thread at a time, and each hears of its own', async () => {
    const folder = newFolder();
    const gates = ['one', 'two'].map((name) => OpeningGate.at(join(folder, name), join(folder, 'file')));
    let running = 0;
    const work = (name: string) => async (): Promise<string> => {
      expect(++running).toBe(1);
      await new Promise(setImmediate);
      running--;
      if (name === 'bad') throw new Error('the disk is full');
      return name;
    };
    const all = await Promise.allSettled(['a', 'bad', 'c', 'd'].map((name, at) => gates[at % 2]!.holdFor(work(name))));
    expect(all.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual(['a', 'Error: the disk is full', 'c', 'd']);
    await Promise.all(gates.map((gate) => gate.close()));
  });
});
