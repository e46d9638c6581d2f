import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvFile, ROWS_PER_BATCH } from '../../scripts/oulad/index.js';
import { folderWith, temporaryFolder } from '../fixtures/oulad/folder.js';

interface Row {
  readonly line: number;
  readonly problem: string | null;
  readonly raw: string;
  readonly a: string;
  readonly b: string;
}

async function rowsOf(content: string | Buffer, name = 'x.csv'): Promise<Row[]> {
  const file = await CsvFile.find(folderWith(content, name), 'x', ['a', 'b']);
  const all: Row[] = [];
  for await (const rows of file.batches()) {
    const { a, b } = rows.columns;
    for (let row = 0; row < rows.count; row++) {
      const problem = rows.problem(row);
      const text = (column: number): string => (problem === null ? rows.text(row, column) : '');
      all.push({ line: rows.line(row), problem, raw: rows.raw(row).toString(), a: text(a), b: text(b) });
    }
  }
  return all;
}

const values = (rows: readonly Row[]): string[][] => rows.map((row) => [row.a, row.b]);

describe('a CSV file', () => {
  it('gives fields by the names of the header, whatever their order', async () => {
    expect(values(await rowsOf('b,c,"a"\n1,2,3\n'))).toEqual([['3', '1']]);
  });

  it('reads quoted and plain fields, LF and CRLF, a byte order mark and a last line without an end', async () => {
    expect(values(await rowsOf('\uFEFF"a","b"\r\n"x, y","say ""ja"""\r\nü,\n"",z'))).toEqual([
      ['x, y', 'say "ja"'],
      ['ü', ''],
      ['', 'z'],
    ]);
  });

  it('reads what is compressed, in several members too', async () => {
    const bytes = Buffer.concat([gzipSync('a,b\n1,'), gzipSync('2\n')]);
    expect(values(await rowsOf(bytes, 'x.csv.gz'))).toEqual([['1', '2']]);
  });

  it('prefers the file that is not compressed and names both when there is none', async () => {
    await expect(CsvFile.find(temporaryFolder(), 'x', ['a'])).rejects.toMatchObject({
      code: 'SFS_IMPORT_MISSING',
      message: expect.stringMatching(/x\.csv\.gz \(or x\.csv\)/) as string,
    });
    await expect(CsvFile.find('/no/such/folder', 'x', ['a'])).rejects.toMatchObject({ code: 'SFS_IMPORT_MISSING' });
  });

  it.each([
    ['too few columns', '1', /few/],
    ['an empty line', '', /few/],
    ['too many columns', '1,2,3', /many/],
    ['a comma at the end', '1,2,', /many/],
    ['an open quote', '"1,2', /quote/],
    ['text behind a quote', '"1"x,2', /quote/],
    ['a quote within plain text', '1"x,2', /quote/],
  ])('keeps a row with %s apart and goes on', async (_what, bad, problem) => {
    const rows = await rowsOf(`a,b\n1,2\n${bad}\r\n3,4\n`);
    expect(rows.map((row) => row.problem === null)).toEqual([true, false, true]);
    expect(rows[1]).toMatchObject({ line: 3, raw: bad });
    expect(rows[1]?.problem).toMatch(problem);
    expect(values(rows)[2]).toEqual(['3', '4']);
  });

  it.each(['a\n1\n', 'a,c\n', 'a,b,a\n', '', '1,2\n3,4\n'])('refuses the header of %j', async (content) => {
    await expect(rowsOf(content)).rejects.toMatchObject({ code: 'SFS_IMPORT_HEADER', message: expect.stringContaining('a, b') as string });
  });

  it('gives no rows when there is only a header', async () => {
    expect(await rowsOf('a,b')).toEqual([]);
  });

  it('gives the rows before the damage, then tells where it is', async () => {
    const whole = gzipSync('a,b\n' + Array.from({ length: 40_000 }, (_, i) => `${i},${(i * 7919) % 65_537}\n`).join(''));
    const file = await CsvFile.find(folderWith(whole.subarray(0, whole.length / 2), 'x.csv.gz'), 'x', ['a', 'b']);
    let count = 0;
    const reading = async (): Promise<void> => {
      for await (const rows of file.batches()) count += rows.count;
    };
    const error = await reading().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'SFS_IMPORT_CORRUPT', context: { bytesRead: Math.floor(whole.length / 2), line: count + 1 } });
    expect(count).toBeGreaterThan(1_000);
  });

  it.each([
    ['no compressed bytes', Buffer.from('a,b\n1,2\n')],
    ['an empty compressed file', Buffer.alloc(0)],
    ['rubbish behind the end', Buffer.concat([gzipSync('a,b\n1,2\n'), Buffer.from('rubbish')])],
  ])('refuses %s under a name that ends with .gz', async (_what, bytes) => {
    await expect(rowsOf(bytes, 'x.csv.gz')).rejects.toMatchObject({ code: 'SFS_IMPORT_CORRUPT' });
  });

  it('refuses a line without end instead of keeping it', async () => {
    await expect(rowsOf(`a,b\n1,2\n${'x'.repeat(3_000_000)}`)).rejects.toMatchObject({ code: 'SFS_IMPORT_CORRUPT', context: { line: 3 } });
  });

  it('gives back what was written, over batches and chunks', async () => {
    const text = fc.string({ unit: fc.constantFrom('"', ',', ' ', 'ä', '😀', '1', '-', 'x') });
    const quote = (value: string): string => `"${value.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text), { maxLength: 30 }), fc.constantFrom(1, 400), async (some, times) => {
        const all = Array.from({ length: times }, () => some).flat();
        const content = ['a,b', ...all.map((row) => row.map(quote).join(','))].join('\n') + '\n';
        expect(values(await rowsOf(content, 'x.csv.gz'))).toEqual(all);
      }),
      { numRuns: 20 },
    );
  });

  it('numbers the lines over batches', async () => {
    const rows = await rowsOf('a,b\n' + '1,2\n'.repeat(2 * ROWS_PER_BATCH + 1));
    expect(rows.map((row) => row.line)).toEqual(Array.from({ length: 2 * ROWS_PER_BATCH + 1 }, (_, i) => i + 2));
  });
});
