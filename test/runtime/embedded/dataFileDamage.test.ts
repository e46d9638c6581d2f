/** Damage that LMDB would follow without a word: it overwrites what its list of free pages names, and finds nothing under a wrong name. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEmbedded, verifyEmbedded } from '../../../runtime/embedded/index.js';
import { LmdbFile } from '../../../runtime/embedded/lmdbFile.js';
import { countingCommit, prepareCounting } from './counting.js';
import { newFolder } from '../../fixtures/folders.js';

const DATA = 'data.mdb';
const PAGE = 4096;
const HEADER = 24;
const NUMBER = 8;

let sound: Buffer;
/** Of the newest head. */
let roots: { readonly free: number; readonly main: number; readonly last: number };
/** Where the longest entry of the list of free pages begins: its count, then its numbers. */
let listAt: number;

beforeAll(async () => {
  const folder = newFolder();
  const storage = await openEmbedded(folder);
  prepareCounting(storage);
  for (let n = 0; n <= 20; n++) await storage.commit(countingCommit(n));
  await storage.documents.put('plan', Buffer.alloc(10_000, 1));
  await storage.close();
  expect(verifyEmbedded(folder).problems).toEqual([]);
  const path = join(folder, DATA);
  sound = readFileSync(path);
  const file = new LmdbFile(path);
  const { free, main, lastPage } = file.meta;
  roots = { free: free.root!, main: main.root!, last: lastPage };
  const values = file.nodesOf(roots.free).map((node) => (node.child === null && node.large === null ? node.value : Buffer.alloc(0)));
  file.close();
  const [longest] = values.sort((a, b) => b.length - a.length);
  listAt = sound.indexOf(longest!, roots.free * PAGE);
  expect(Number(sound.readBigInt64LE(listAt))).toBeGreaterThan(2);
});

/** @returns what opening says, for reading and for writing; the file stays as it was damaged */
async function refusalOf(damage: (bytes: Buffer) => void): Promise<string> {
  const bytes = Buffer.from(sound);
  damage(bytes);
  const folder = newFolder();
  writeFileSync(join(folder, DATA), bytes);
  const messages = new Set<string>();
  for (const readOnly of [true, false]) {
    const refusal = await openEmbedded(folder, { readOnly }).then(
      (storage) => storage.close().then(() => 'opened'),
      (error: unknown) => error as { readonly code: string; readonly message: string },
    );
    expect(refusal).toMatchObject({ code: 'SFS_STORAGE_CORRUPT' });
    messages.add((refusal as { message: string }).message);
  }
  expect(verifyEmbedded(folder).problems.map(({ code }) => code)).toContain('SFS_STORAGE_CORRUPT');
  expect(readFileSync(join(folder, DATA)).equals(bytes)).toBe(true);
  return [...messages].join();
}

const nameFree =
  (page: number | ((bytes: Buffer) => number)) =>
  (bytes: Buffer): void =>
    void bytes.writeBigInt64LE(BigInt(typeof page === 'number' ? page : page(bytes)), listAt + NUMBER);

describe('a list of free pages', () => {
  it('that names a page in use is refused: LMDB would overwrite it', async () => {
    expect(await refusalOf(nameFree(() => roots.main))).toMatch(new RegExp(`page ${roots.main} is used twice`));
  });

  it('that names a page twice is refused', async () => {
    expect(await refusalOf(nameFree((bytes) => Number(bytes.readBigInt64LE(listAt + 2 * NUMBER))))).toMatch(/is used twice/);
  });

  it.each([
    ['far behind the end', 2 ** 40],
    ['right behind the end', () => roots.last + 1],
    ['one of the heads', 1],
  ])('that names a page %s is refused', async (_where, page) => {
    expect(await refusalOf(nameFree(page))).toMatch(/is referred to, but the last one is/);
  });

  it('that names a run of pages reaching into others is refused', async () => {
    const damage = (bytes: Buffer): void => {
      nameFree(-3)(bytes);
      bytes.writeBigInt64LE(BigInt(roots.main - 1), listAt + 2 * NUMBER);
    };
    expect(await refusalOf(damage)).toMatch(/is used twice/);
  });

  it('whose entry claims more numbers than it has, or ends amid a run, is refused', async () => {
    const count = Number(sound.readBigInt64LE(listAt));
    expect(await refusalOf((bytes) => bytes.writeBigInt64LE(BigInt(count + 1_000), listAt))).toMatch(/another length than it claims/);
    expect(await refusalOf((bytes) => bytes.writeBigInt64LE(-2n, listAt + count * NUMBER))).toMatch(/ends amid a run of pages/);
  });
});

describe('what is written of a tree', () => {
  /** Position of a database's name; its description follows. */
  const nameAt = (name: string): number => sound.indexOf(`${name}\0`, roots.main * PAGE);

  it('is compared with the tree: its number of entries gives numbers to names', async () => {
    const entriesAt = nameAt('names') + 'names\0'.length + 32;
    expect(await refusalOf((bytes) => (bytes[entriesAt]! ^= 1))).toMatch(/names: \d+ entries are written of it, but it has \d+/);
  });

  it('is found under its name: under another one it would be taken for empty', async () => {
    expect(await refusalOf((bytes) => (bytes[nameAt('state')]! ^= 2))).toMatch(/name of a database is damaged|out of order/);
    expect(await refusalOf((bytes) => (bytes[nameAt('state') + 4]! ^= 2))).toMatch(/name of a database is damaged/);
  });

  it('is of the kind that this storage makes', async () => {
    expect(await refusalOf((bytes) => (bytes[nameAt('log') + 'log\0'.length + 4]! ^= 4))).toMatch(/another kind/);
  });
});

describe('a page of a tree', () => {
  it('whose nodes leave a gap is refused: the last key was dropped', async () => {
    const lowerAt = (bytes: Buffer): number => bytes.readUInt16LE(roots.main * PAGE + 20);
    expect(await refusalOf((bytes) => bytes.writeUInt16LE(lowerAt(bytes) - 2, roots.main * PAGE + 20))).toMatch(/overlap or leave gaps/);
  });

  it('that LMDB would write in place is refused', async () => {
    const subPage = 0x40;
    expect(await refusalOf((bytes) => (bytes[roots.main * PAGE + 18]! |= subPage))).toMatch(/is no tree page/);
  });
});

describe('the heads', () => {
  const fields = HEADER + 24;
  it.each([
    ['the page size of one', (bytes: Buffer) => bytes.writeUInt32LE(8192, PAGE + fields)],
    ['the last page', (bytes: Buffer) => [0, PAGE / 2, PAGE].forEach((head) => bytes.writeBigUInt64LE(2n ** 40n, head + fields + 96))],
    ['the root of one of two that are the same', (bytes: Buffer) => (bytes[PAGE / 2 + fields + 48 + 40]! ^= 1)],
    ['the number of the last transaction', (bytes: Buffer) => (bytes[PAGE / 2 + fields + 104 + 3]! ^= 1)],
  ])('are refused when %s is damaged', async (_what, damage) => {
    expect(await refusalOf((bytes) => damage(bytes))).toMatch(/head/);
  });
});
