import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { physicalTopicName, topics } from '../../schemas/index.js';
import { runCli } from '../scripts/commands/cliProcess.js';
import { REGION, onFolder } from './ouladJob.js';
import { REAL_FOLDER, realFilesAreMissing } from './ouladRows.js';
import { scoreOf } from './ouladScore.js';
import { newFolder } from '../fixtures/folders.js';

/** A presentation as of the end of a day. */
interface Cut {
  readonly course: string;
  readonly dayZeroMs: number;
  readonly day: number;
  /** Also with other batches. */
  readonly again: boolean;
}

const isLong = process.env['SKILLFORGE_CUTS'] === 'all';
const AAA = { course: 'AAA-2014J', dayZeroMs: Date.UTC(2014, 9, 1), again: false };
const BBB = { course: 'BBB-2013B', dayZeroMs: Date.UTC(2013, 1, 1), again: false };
const USUAL: Cut = { ...AAA, day: 60, again: isLong };
/** The long run has another course, and days on which the formula was not fitted. */
const OTHERS: readonly Cut[] = [
  { ...BBB, day: 60 },
  { ...AAA, day: 120 },
  { ...BBB, day: 120 },
];
const CUTS = [USUAL, ...OTHERS];
const LISTS = ['next', 'new'] as const;
/** Of a record, on average. */
const MOST_BYTES = 2 * 1024;

interface Exported {
  readonly folder: string;
  readonly lists: Record<(typeof LISTS)[number], string>;
}

/** Imports the presentation up to the cut with every topology of the package, and exports both lists: what a user would type. */
async function exportsOf({ course, day }: Cut, ...options: readonly string[]): Promise<Exported> {
  const folder = newFolder();
  const [module, presentation] = course.split('-');
  const chosen = ['--module', module!, '--presentation', presentation!, '--until-day', String(day)];
  const imported = await runCli(['import', 'oulad', REAL_FOLDER, ...chosen, '--data', folder, ...options]);
  expect(imported.code, imported.stderr).toBe(0);
  const lists = { next: '', new: '' };
  for (const list of LISTS) {
    const out = join(folder, `${list}.jsonl`);
    await runCli(['recommendations', 'export', '--jsonl', '--list', list, '--course', course, '--out', out, '--data', folder]);
    lists[list] = readFileSync(out, 'utf8');
  }
  return { folder, lists };
}

function itemsByLearner(lines: string): Map<string, readonly string[]> {
  const records = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly learner_id: string; readonly items: readonly string[] });
  return new Map(records.map(({ learner_id: learner, items }) => [learner, items]));
}

/** Bytes of the values of a topic. */
const sizesOf = (folder: string): Promise<number[]> =>
  onFolder(folder, ({ log }) => {
    const name = physicalTopicName(REGION, topics.recommendations.name);
    const partitions = Array.from({ length: topics.recommendations.partitions }, (_, partition) => partition);
    return partitions.flatMap((partition) => {
      const { start, end } = log.range(name, partition);
      return log.read(name, partition, start, end - start).flatMap(({ key, value }) => (key === null || value === null ? [] : [value.length]));
    });
  });

describe('recommendations on the real files, as of the end of a day', () => {
  it.for(CUTS)('are worth no less than the popular list, in both lists, and small: $course, day $day', { timeout: 600_000 }, async (cut, context) => {
    context.skip(!isLong, 'takes minutes: npm run test:long runs it');
    const isMissing = realFilesAreMissing();
    if (isMissing) console.log(`SKIPPED: the real files of the data set are not at ${REAL_FOLDER}`);
    context.skip(isMissing, `the real files of the data set are not at ${REAL_FOLDER}`);
    const { folder, lists } = await exportsOf(cut);
    for (const list of LISTS) {
      const score = scoreOf(REAL_FOLDER, cut, cut.day, itemsByLearner(lists[list]), list);
      expect(score.learners).toBeGreaterThan(100);
      expect(score.ndcg10, list).toBeGreaterThanOrEqual(score.yardstickNdcg10);
    }
    const sizes = await sizesOf(folder);
    expect(sizes.length).toBeGreaterThan(300);
    expect(sizes.reduce((sum, size) => sum + size, 0) / sizes.length).toBeLessThan(MOST_BYTES);
    if (cut.again) expect((await exportsOf(cut, '--batch-records', '731')).lists).toEqual(lists);
  });
});
