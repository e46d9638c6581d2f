import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newFolder, runCli } from '../scripts/commands/cliProcess.js';
import { REAL_FOLDER, realFilesAreMissing } from './ouladRows.js';
import { scoreOf } from './ouladScore.js';

const COURSE = 'AAA-2014J';
const DAY_ZERO_MS = Date.UTC(2014, 9, 1);
const CUT_DAY = 60;
const LISTS = ['next', 'new'] as const;

/** Imports the presentation up to the cut with every topology of the package, and exports both lists: what a user would type. */
async function exportsOf(...options: readonly string[]): Promise<Record<(typeof LISTS)[number], string>> {
  const folder = newFolder();
  const [module, presentation] = COURSE.split('-');
  const chosen = ['--module', module!, '--presentation', presentation!, '--until-day', String(CUT_DAY)];
  const imported = await runCli(['import', 'oulad', REAL_FOLDER, ...chosen, '--data', folder, ...options]);
  expect(imported.code, imported.stderr).toBe(0);
  const exported = { next: '', new: '' };
  for (const list of LISTS) {
    const out = join(folder, `${list}.jsonl`);
    await runCli(['recommendations', 'export', '--jsonl', '--list', list, '--course', COURSE, '--out', out, '--data', folder]);
    exported[list] = readFileSync(out, 'utf8');
  }
  return exported;
}

function itemsByLearner(lines: string): Map<string, readonly string[]> {
  const records = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly learner_id: string; readonly items: readonly string[] });
  return new Map(records.map(({ learner_id: learner, items }) => [learner, items]));
}

describe('recommendations on the real files, as of the end of a day', () => {
  it('are worth no less than the popular list, in both lists, and the same in other batches', { timeout: 300_000 }, async (context) => {
    const isMissing = realFilesAreMissing();
    if (isMissing) console.log(`SKIPPED: the real files of the data set are not at ${REAL_FOLDER}`);
    context.skip(isMissing, `the real files of the data set are not at ${REAL_FOLDER}`);
    const exported = await exportsOf();
    for (const list of LISTS) {
      const score = scoreOf(REAL_FOLDER, { course: COURSE, dayZeroMs: DAY_ZERO_MS }, CUT_DAY, itemsByLearner(exported[list]), list);
      expect(score.learners).toBeGreaterThan(100);
      expect(score.ndcg10, list).toBeGreaterThanOrEqual(score.yardstickNdcg10);
    }
    expect(await exportsOf('--batch-records', '731')).toEqual(exported);
  });
});
