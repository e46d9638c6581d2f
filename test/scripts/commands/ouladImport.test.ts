import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readDeadLetters } from '../../../runtime/deadLetters.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { importOuladClicks } from '../../../scripts/commands/ouladImport.js';
import { csv, line, temporaryFolder } from '../../fixtures/oulad/folder.js';

const REGION = 'eu-west';
const ROWS = 20_000;
const BAD = '"AAA","2014J","7","10","no day","1"';
const rows = (bad: readonly number[]): string[] =>
  Array.from({ length: ROWS }, (_, n) => (bad.includes(n) ? BAD : line('AAA', '2014J', (n * 7_919) % 100_003, 10, n % 200, 1)));
/** With bad rows early and late: lines 3 and 19,002 of the file. */
const whole = gzipSync(csv(rows([1, 19_000])));
const cut = whole.subarray(0, whole.length / 2);

async function letters(storage: MemoryStorage): Promise<(readonly [number, string])[]> {
  const found: (readonly [number, string])[] = [];
  for await (const { letter } of readDeadLetters(storage, REGION)) found.push([letter.sourceOffset, String(letter.personal.value)]);
  return found.sort(([a], [b]) => a - b);
}
const clicksIn = (storage: MemoryStorage): number => {
  const spec = storage.log.topics().find(({ name }) => name === `${REGION}.clicks`)!;
  return Array.from({ length: spec.partitions }, (_, n) => storage.log.range(spec.name, n).end).reduce((a, b) => a + b, 0);
};

/** A storage after the import of a file that ends in the middle. */
async function afterCutFile(folder: string): Promise<MemoryStorage> {
  const storage = memoryStorage();
  writeFileSync(join(folder, 'studentVle.csv.gz'), cut);
  await expect(importOuladClicks(storage, folder, { region: REGION })).rejects.toMatchObject({ code: 'SFS_IMPORT_CORRUPT' });
  expect([clicksIn(storage), await letters(storage)]).toEqual([0, [[3, BAD]]]);
  return storage;
}

describe('an import of a file that was cut off, and fetched again', () => {
  it('takes the whole file, and writes no rejected line twice', async () => {
    const folder = temporaryFolder();
    const storage = await afterCutFile(folder);
    writeFileSync(join(folder, 'studentVle.csv.gz'), whole);
    const { written, rejected, rejectedBefore } = await importOuladClicks(storage, folder, { region: REGION });
    expect({ written, rejected, rejectedBefore }).toEqual({ written: ROWS - 2, rejected: 1, rejectedBefore: 1 });
    expect(clicksIn(storage)).toBe(ROWS - 2);
    expect(await letters(storage)).toEqual([
      [3, BAD],
      [19_002, BAD],
    ]);
    const again = await importOuladClicks(storage, folder, { region: REGION });
    expect(again).toMatchObject({ written: 0, alreadyThere: ROWS - 2, rejected: 0, rejectedBefore: 2 });
    expect(await letters(storage)).toHaveLength(2);
  });

  it('that dies between two commits writes nothing twice either', async () => {
    const folder = temporaryFolder();
    const storage = await afterCutFile(folder);
    writeFileSync(join(folder, 'studentVle.csv.gz'), whole);
    for (let lives = 1; lives < 6; lives++) {
      let left = lives;
      const dying = Object.assign(Object.create(storage) as MemoryStorage, {
        commit: (one: Parameters<MemoryStorage['commit']>[0]) => (left-- > 0 ? storage.commit(one) : Promise.reject(new Error('killed'))),
      });
      await importOuladClicks(dying, folder, { region: REGION }).catch(() => undefined);
    }
    await importOuladClicks(storage, folder, { region: REGION });
    expect(clicksIn(storage)).toBe(ROWS - 2);
    expect(await letters(storage)).toEqual([
      [3, BAD],
      [19_002, BAD],
    ]);
  });

  it('writes the rejected lines that another file has in their place', async () => {
    const folder = temporaryFolder();
    const storage = await afterCutFile(folder);
    writeFileSync(join(folder, 'studentVle.csv.gz'), gzipSync(csv([line('AAA', '2014J', 1, 10, 0, 1), '"AAA","2014J","8","10","never","1"'])));
    expect(await importOuladClicks(storage, folder, { region: REGION })).toMatchObject({ written: 1, rejected: 1, rejectedBefore: 0 });
  });
});

describe('an import of another file than the one whose clicks are there', () => {
  it('is refused, and changes nothing', async () => {
    const folder = temporaryFolder();
    const storage = memoryStorage();
    writeFileSync(join(folder, 'studentVle.csv.gz'), whole);
    await importOuladClicks(storage, folder, { region: REGION });
    writeFileSync(join(folder, 'studentVle.csv.gz'), gzipSync(csv(rows([1]))));
    await expect(importOuladClicks(storage, folder, { region: REGION })).rejects.toMatchObject({ code: 'SFS_IMPORT_OTHER_FILE' });
    expect([clicksIn(storage), (await letters(storage)).length]).toEqual([ROWS - 2, 2]);
  });
});
