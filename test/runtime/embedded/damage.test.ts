import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEmbedded, verifyEmbedded } from '../../../runtime/embedded/index.js';
import { output, put, taskCommit, timer, topicSpec, TASK } from '../../conformance/storage.js';
import { startChild } from './childProcess.js';
import { countingCommit, prepareCounting } from './counting.js';
import { COMPILED_MS, compiledProgram } from '../../fixtures/compiledTree.js';
import { newFolder } from '../../fixtures/folders.js';

const DATA = 'data.mdb';
const PAGE = 4096;

/** Flips a bit of the only place in the file that holds `text`. */
function flip(folder: string, text: string): void {
  const bytes = readFileSync(join(folder, DATA));
  let found = 0;
  // Old pages may hold the text too.
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1), found++) bytes[at]! ^= 1;
  expect(found).toBeGreaterThan(0);
  writeFileSync(join(folder, DATA), bytes);
}

function digest(folder: string): string {
  return createHash('sha256')
    .update(readFileSync(join(folder, DATA)))
    .digest('hex');
}

describe('a flipped bit', () => {
  async function folderWithValues(): Promise<string> {
    const folder = newFolder();
    const storage = await openEmbedded(folder);
    storage.log.ensureTopic(topicSpec());
    await storage.commit(
      taskCommit({
        outputs: [output('k', 'first log value'), output('k', 'other partition', { partition: 1 })],
        state: [put('good', 'sound state value'), put('bad', 'state value to flip')],
        queue: [{ ...timer(7, 'x'), payload: Buffer.from('queue payload to flip') }],
        progress: Buffer.from('progress bytes to flip'),
      }),
    );
    await storage.log.append([output('k', 'second log value')]);
    await storage.documents.put('plan', Buffer.from('document bytes to flip'));
    await storage.close();
    return folder;
  }

  it('in a state value is told with task, store and key; other values stay readable', async () => {
    const folder = await folderWithValues();
    flip(folder, 'state value to flip');
    const storage = await openEmbedded(folder);
    expect(() => storage.tasks.get(TASK, 'counts', 'bad')).toThrow(
      expect.objectContaining({ code: 'SFS_STATE_CORRUPT', context: { task: TASK, store: 'counts', key: 'bad' } }),
    );
    expect(() => [...storage.tasks.scan(TASK, 'counts')]).toThrow(expect.objectContaining({ code: 'SFS_STATE_CORRUPT' }));
    expect(String(storage.tasks.get(TASK, 'counts', 'good'))).toBe('sound state value');
    await storage.close();
    expect(verifyEmbedded(folder).problems.map(({ code }) => code)).toEqual(['SFS_STATE_CORRUPT']);
  });

  it('in a record is told with topic, partition and offset; other batches stay readable', async () => {
    const folder = await folderWithValues();
    flip(folder, 'second log value');
    const storage = await openEmbedded(folder);
    expect(storage.log.read('eu.events', 0, 0, 1)).toHaveLength(1);
    expect(() => storage.log.read('eu.events', 0, 1, 1)).toThrow(
      expect.objectContaining({ code: 'SFS_LOG_CORRUPT', context: { topic: 'eu.events', partition: 0, offset: 1 } }),
    );
    expect(storage.log.read('eu.events', 1, 0, 10)).toHaveLength(1);
    await storage.close();
    const problems = verifyEmbedded(folder).problems.map(({ code, message }) => [code, message.includes('offset 1')]);
    expect(problems).toEqual([['SFS_LOG_CORRUPT', true]]);
  });

  it.each([
    ['a queue payload', 'queue payload to flip', 'SFS_STATE_CORRUPT'],
    ['the progress', 'progress bytes to flip', 'SFS_STATE_CORRUPT'],
    ['a document', 'document bytes to flip', 'SFS_DOCUMENT_CORRUPT'],
  ])('in %s is told', async (_what, text, code) => {
    const folder = await folderWithValues();
    flip(folder, text);
    const storage = await openEmbedded(folder);
    const readers = [() => storage.tasks.queueHead(TASK, 10), () => storage.tasks.progress(TASK), () => storage.documents.get('plan')];
    const codes = readers.flatMap((read) => {
      try {
        read();
        return [];
      } catch (error) {
        return [(error as { code: string }).code];
      }
    });
    expect(codes).toEqual([code]);
    await storage.close();
  });
});

describe('verifyEmbedded', () => {
  it('counts each page in use once, though it looks at keys and at values', async () => {
    const folder = newFolder();
    const storage = await openEmbedded(folder);
    const rows = Array.from({ length: 2_000 }, (_, n) => put(`row ${n}`, 'x'.repeat(1_000)));
    await storage.commit(taskCommit({ state: rows }));
    await storage.close();
    const { pages, problems } = verifyEmbedded(folder);
    expect(problems).toEqual([]);
    const inFile = statSync(join(folder, DATA)).size / PAGE;
    expect(pages).toBeGreaterThan(inFile / 2);
    expect(pages).toBeLessThanOrEqual(inFile);
  });
});

describe('a damaged data file', () => {
  let sound: string;
  let reader: string;
  beforeAll(async () => {
    reader = await compiledProgram('test/runtime/embedded/children/damagedReader.ts');
    sound = newFolder();
    const storage = await openEmbedded(sound);
    prepareCounting(storage);
    for (let n = 0; n <= 20; n++) await storage.commit(countingCommit(n));
    await storage.documents.put('plan', Buffer.alloc(10_000, 1));
    await storage.close();
    expect(verifyEmbedded(sound).problems).toEqual([]);
  }, COMPILED_MS);

  function damagedCopy(damage: (path: string, bytes: Buffer) => void): string {
    const folder = newFolder();
    const path = join(folder, DATA);
    copyFileSync(join(sound, DATA), path);
    damage(path, readFileSync(path));
    return folder;
  }

  const heads: [string, (path: string, bytes: Buffer) => void][] = [
    ['garbage instead of its head', (path, bytes) => writeFileSync(path, bytes.fill(0xa5, 0, 2 * PAGE))],
    ['a zeroed head', (path, bytes) => writeFileSync(path, bytes.fill(0, 0, PAGE))],
    ['nothing but text', (path) => writeFileSync(path, 'not a database')],
    ['no bytes', (path) => truncateSync(path, 0)],
    ['half a page', (path) => truncateSync(path, PAGE / 2)],
    ['three pages', (path) => truncateSync(path, 3 * PAGE)],
    ['half of its pages', (path, bytes) => truncateSync(path, Math.floor(bytes.length / 2 / PAGE) * PAGE)],
    ['half of its bytes', (path, bytes) => truncateSync(path, Math.floor(bytes.length / 2) + 100)],
    ['zeros after its head', (path, bytes) => writeFileSync(path, bytes.fill(0, 2 * PAGE))],
    ['noise after its head', (path, bytes) => writeFileSync(path, noise(bytes, 2 * PAGE, bytes.length))],
  ];

  it.each(heads)('with %s is refused with SFS_STORAGE_CORRUPT and left as it is', async (_what, damage) => {
    const folder = damagedCopy(damage);
    const before = digest(folder);
    for (const readOnly of [true, false]) {
      await expect(openEmbedded(folder, { readOnly })).rejects.toMatchObject({ code: 'SFS_STORAGE_CORRUPT', context: { folder } });
    }
    expect(verifyEmbedded(folder).problems.map(({ code }) => code)).toContain('SFS_STORAGE_CORRUPT');
    expect(digest(folder)).toBe(before);
  });

  it('with one bad page is always noticed by verifyEmbedded, in this process', () => {
    const pages = statSync(join(sound, DATA)).size / PAGE;
    const used = new Set<string>();
    for (let page = 2; page < pages; page += 3) {
      for (const damage of [noise, (bytes: Buffer, from: number, to: number) => bytes.fill(0, from, to)]) {
        const folder = damagedCopy((path, bytes) => writeFileSync(path, damage(bytes, page * PAGE, (page + 1) * PAGE)));
        const { problems } = verifyEmbedded(folder);
        for (const { code } of problems) used.add(code);
      }
    }
    // Pages that are free hold nothing; of the others each kind shows.
    expect([...used].sort()).toContain('SFS_STORAGE_CORRUPT');
  });

  it('with one bad page is told when it is met: pages of zeros never end the process', { timeout: 120_000 }, async () => {
    const pages = statSync(join(sound, DATA)).size / PAGE;
    const answers: string[] = [];
    for (let page = 2; page < pages; page += Math.ceil(pages / 14)) {
      const folder = damagedCopy((path, bytes) => writeFileSync(path, bytes.fill(0, page * PAGE, (page + 1) * PAGE)));
      const child = startChild(reader, [folder, 'ro']);
      const { code, signal } = await child.ended;
      expect({ page, code, signal }).toEqual({ page, code: 0, signal: null });
      const isSound = verifyEmbedded(folder).problems.length === 0;
      answers.push(`${isSound ? 'unused' : 'used'}: ${child.lines[0]}`);
    }
    for (const answer of answers) expect(answer).toMatch(/^(unused: whole|used: (whole|damage SFS_(STORAGE|LOG|STATE|DOCUMENT)_CORRUPT).*)$/);
    expect(answers.some((answer) => answer.startsWith('used: damage'))).toBe(true);
  });
});

/** Repeatable noise. */
function noise(bytes: Buffer, from: number, to: number): Buffer {
  let seed = 12345;
  for (let at = from; at < to; at++) bytes[at] = (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 16;
  return bytes;
}
