import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAnswers, type PupilAnswers } from '../../../scripts/knowledge/answerFile.js';
import { evaluateMastery } from '../../../scripts/knowledge/evaluation.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'answers-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(content: string | Uint8Array, name = 'answers.csv'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function read(content: string | Uint8Array, name?: string): Promise<PupilAnswers[]> {
  const pupils: PupilAnswers[] = [];
  for await (const pupil of readAnswers(await written(content, name))) pupils.push(pupil);
  return pupils;
}

const TWO = '2\n1,4_8\n1,0\n\n1,\n7,\n0,\n';

describe('a file of answers', () => {
  it('has three lines for each pupil', async () => {
    const pupils = [
      {
        line: 1,
        answers: [
          { skills: ['1'], isRight: true },
          { skills: ['4', '8'], isRight: false },
        ],
      },
      { line: 5, answers: [{ skills: ['7'], isRight: false }] },
    ];
    expect(await read(TWO)).toEqual(pupils);
    expect(await read(`\ufeff${TWO.replaceAll('\n', '\r\n')}`)).toEqual(pupils);
    expect(await read(gzipSync(TWO), 'answers.csv.gz')).toEqual(pupils);
  });

  it.each([
    ['two\n1\n1\n', 1, 'the number of answers'],
    ['0\n\n\n', 1, 'the number of answers'],
    ['2\n1\n1,0\n', 2, '1 values, but the pupil has 2 answers'],
    ['1\nx\n1\n', 2, 'skill ids'],
    ['1\n4\n2\n', 3, 'marks'],
    ['1\n4\n1\n3\n1,2,3\n1,,0\n', 6, 'marks'],
    ['1\n4\n', 3, 'lacks the line of marks'],
    ['1\n', 2, 'lacks the line of skill ids'],
  ])('%j is refused with its line', async (content, line, message) => {
    await expect(read(content)).rejects.toMatchObject({
      code: 'SFS_ANSWERS_MALFORMED',
      context: { line },
      message: expect.stringContaining(message) as string,
    });
  });

  it('is refused where it cannot be read, or is no compressed file', async () => {
    await expect(evaluateMastery(join(folder, 'absent.csv'))).rejects.toMatchObject({ code: 'SFS_ANSWERS_UNREADABLE' });
    await expect(read(TWO, 'plain.csv.gz')).rejects.toMatchObject({ code: 'SFS_ANSWERS_UNREADABLE' });
    await expect(read(gzipSync(TWO).subarray(0, 20), 'cut.csv.gz')).rejects.toMatchObject({ code: 'SFS_ANSWERS_UNREADABLE' });
  });

  it('without answers has nothing to measure', async () => {
    await expect(evaluateMastery(await written('\n'))).rejects.toMatchObject({ code: 'SFS_ANSWERS_MALFORMED' });
  });

  it('is measured as a whole, and by first and later answers', async () => {
    const evaluation = await evaluateMastery(await written('3\n1,1,2\n1,1,0\n2\n2,1\n0,1\n'));
    expect(evaluation).toMatchObject({ pupils: 2, answers: 5, skills: 2, right: 3 / 5, first: { answers: 4 }, later: { answers: 1, auc: null } });
    expect(evaluation.auc).toBeGreaterThan(0);
  });
});
