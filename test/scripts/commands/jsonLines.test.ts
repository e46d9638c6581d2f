import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileBytes, linesOf } from '../../../scripts/commands/jsonLines.js';
import { newFolder } from '../../fixtures/folders.js';

async function* chunks(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function collected(bytes: AsyncIterable<Buffer>): Promise<(readonly [number, string])[]> {
  const found: (readonly [number, string])[] = [];
  for await (const lines of linesOf(bytes)) for (const { number, raw } of lines) found.push([number, raw.toString()]);
  return found;
}

describe('the lines of a stream', () => {
  it('are numbered from 1, empty ones too, whatever their end and with none at the last', async () => {
    expect(await collected(chunks('a\r\nb\n\nc'))).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, ''],
      [4, 'c'],
    ]);
    expect(await collected(chunks('a\n'))).toEqual([[1, 'a']]);
    expect(await collected(chunks())).toEqual([]);
  });

  it('are the same however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.stringMatching(/^[ab\n]{0,6}$/)), async (pieces) => {
        expect(await collected(chunks(...pieces))).toEqual(await collected(chunks(pieces.join(''))));
      }),
    );
  });

  it('are refused above 1 MiB', async () => {
    const long = 'x'.repeat(600_000);
    await expect(collected(chunks('a\n', long, long))).rejects.toMatchObject({ code: 'SFS_LINE_INVALID', context: { line: 2 } });
  });
});

describe('the bytes of a file', () => {
  it('come as they are, and a missing file has its own code', async () => {
    const path = join(newFolder(), 'in.jsonl');
    await expect(collected(fileBytes(path))).rejects.toMatchObject({ code: 'SFS_FILE_UNREADABLE', context: { path } });
    writeFileSync(path, 'one\ntwo\n');
    expect(await collected(fileBytes(path))).toEqual([
      [1, 'one'],
      [2, 'two'],
    ]);
  });
});
