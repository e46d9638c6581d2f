import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { skillforgeProgram } from '../../../scripts/commands/program.js';
import { writeOulad } from '../../fixtures/oulad/files.js';

const evaluating = async (...options: readonly string[]): Promise<unknown> =>
  (await skillforgeProgram(['evaluate'])).parseAsync(['evaluate', 'oulad', ...options], { from: 'user' });

describe('evaluate oulad', () => {
  it.each([
    ['nothing', [], /give --module, --presentation and --cut-day/],
    ['a part', ['--module', 'AAA', '--cut-day', '60'], /give --module, --presentation and --cut-day/],
    ['both ways', ['--module', 'AAA', '--cases', 'AAA-2014J@60'], /or --cases instead/],
    ['a presentation that is none', ['--cases', 'AAA-2014@60'], /presentation 2014 is not a year with B or J/],
    ['one file for several cuts', ['--cases', 'AAA-2014J@60,AAA-2014J@90', '--export', 'x.jsonl'], /--export writes the lists of one cut/],
  ])('is refused when its options name %s', async (_, options, message) => {
    await expect(evaluating('.', ...options)).rejects.toMatchObject({ code: 'SFS_USAGE', message: expect.stringMatching(message) as string });
  });

  it('has nothing to score where nobody comes back, and says so before it works', async () => {
    const folder = writeOulad({ studentVle: [['AAA', '2014J', 1, 901, 3, 1]] });
    const options = ['--module', 'AAA', '--presentation', '2014J', '--cut-day', '5', '--json'];
    await expect(evaluating(folder, ...options)).rejects.toMatchObject({ code: 'SFS_EVALUATION_EMPTY' });
  });

  it.each([
    ['a module', ['--module', 'ZZZ', '--presentation', '2014J', '--cut-day', '5'], 'no clicks of ZZZ-2014J up to day 12'],
    ['a day', ['--cases', 'AAA-2014J@-300'], 'no clicks of AAA-2014J up to day -293'],
    ['a later day', ['--cases', 'AAA-2014J@900'], 'nobody who did something in AAA-2014J by day 900 opened something'],
  ])('says so where the files know nothing of %s', async (_, options, message) => {
    const folder = writeOulad({
      studentVle: [
        ['AAA', '2014J', 1, 901, 3, 1],
        ['AAA', '2014J', 1, 902, 8, 1],
      ],
    });
    await expect(evaluating(folder, ...options, '--json')).rejects.toMatchObject({
      code: 'SFS_EVALUATION_EMPTY',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is refused before it works where its lists could not be written', async () => {
    const folder = writeOulad({ studentVle: [['AAA', '2014J', 1, 901, 3, 1]] });
    const taken = join(folder, 'studentVle.csv', 'lists.jsonl');
    await expect(evaluating(folder, '--cases', 'AAA-2014J@5', '--export', taken, '--json')).rejects.toMatchObject({ code: 'SFS_FILE_UNWRITABLE' });
    const lists = join(folder, 'lists.jsonl');
    await expect(evaluating(folder, '--cases', 'AAA-2014J@5', '--export', lists, '--json')).rejects.toMatchObject({ code: 'SFS_EVALUATION_EMPTY' });
    expect(readdirSync(folder)).toEqual(['studentVle.csv']);
  });

  it('needs the clicks', async () => {
    await expect(evaluating(writeOulad({}), '--cases', 'AAA-2014J@5', '--json')).rejects.toMatchObject({ code: 'SFS_IMPORT_MISSING' });
  });
});
