import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../scripts/commands/cliProcess.js';
import { REAL_FOLDER, realFilesAreMissing } from './ouladRows.js';
import { newFolder } from '../fixtures/folders.js';

const CLICKS = 753_564;
const TOPOLOGIES = 9;
const MOST_ANONYMOUS_BYTES = 600_000_000;
const LISTS = ['next', 'new'] as const;
/** `npm run test:long` sets it: the job runs twice, which takes minutes. */
const IS_LONG = process.env['SKILLFORGE_REAL_FILES'] === 'all';

interface Job {
  readonly import: { readonly rejected: number; readonly topics: readonly { readonly topic: string; readonly written: number }[] };
  readonly run: { readonly lag: number; readonly topologies: readonly { readonly lag: number }[] };
  readonly clicksPerSecond: number;
  readonly peakAnonymousBytes: number | null;
}

interface Counts {
  readonly reconciles: boolean;
  readonly subtopologies: readonly {
    readonly reads: readonly string[];
    readonly processed: number;
    readonly waiting: number;
    readonly uncountable: readonly string[];
  }[];
}

/** Imports all presentations with every topology of the package: what a user would type. */
async function jobIn(folder: string, ...options: readonly string[]): Promise<Job> {
  const imported = await runCli(['import', 'oulad', REAL_FOLDER, '--data', folder, '--json', ...options]);
  expect(imported.code, imported.stderr).toBe(0);
  const { summary } = imported.json<{ readonly summary: Job }>();
  const [rate, peak] = [summary.clicksPerSecond, (summary.peakAnonymousBytes ?? NaN) / 1e6].map((one) => one.toFixed(0));
  console.log(`the job ${options.join(' ')}: ${rate} clicks/s, ${peak} MB of anonymous memory at most`);
  return summary;
}

async function countsIn(folder: string): Promise<Counts> {
  const counts = await runCli(['counts', '--data', folder, '--json']);
  expect(counts.code, counts.stdout).toBe(0);
  return counts.json<Counts>();
}

async function exportsOf(folder: string): Promise<readonly string[]> {
  const exported: string[] = [];
  for (const list of LISTS) {
    const out = join(folder, `${list}.jsonl`);
    const { code, stderr } = await runCli(['recommendations', 'export', '--jsonl', '--list', list, '--out', out, '--data', folder]);
    expect(code, stderr).toBe(0);
    exported.push(readFileSync(out, 'utf8'));
  }
  return exported;
}

describe('every topology over all presentations of the real files', () => {
  it('loses no record, needs a bounded memory and recommends the same in other batches', { timeout: 1_800_000 }, async (context) => {
    const isMissing = realFilesAreMissing();
    if (isMissing) console.log(`SKIPPED: the real files of the data set are not at ${REAL_FOLDER}`);
    context.skip(isMissing, `the real files of the data set are not at ${REAL_FOLDER}`);
    context.skip(!IS_LONG, 'takes minutes: npm run test:long runs it');
    const folder = newFolder();
    const job = await jobIn(folder);
    expect(job.import.rejected).toBe(0);
    expect(job.import.topics[0]).toEqual(expect.objectContaining({ topic: 'clicks', written: CLICKS }));
    expect([job.run.lag, ...job.run.topologies.map(({ lag }) => lag)]).toEqual(Array.from({ length: TOPOLOGIES + 1 }, () => 0));
    // Where the system does not tell, there is nothing to hold it against.
    expect(job.peakAnonymousBytes ?? 0).toBeLessThan(MOST_ANONYMOUS_BYTES);

    const { reconciles, subtopologies } = await countsIn(folder);
    expect(reconciles).toBe(true);
    expect(subtopologies.flatMap(({ uncountable }) => uncountable)).toEqual([]);
    const ofClicks = subtopologies.filter(({ reads }) => reads.some((topic) => topic.endsWith('.clicks')));
    expect(ofClicks.map(({ processed, waiting }) => [processed, waiting])).toEqual([0, 1, 2].map(() => [CLICKS, 0]));

    const exported = await exportsOf(folder);
    for (const lines of exported) expect(lines.split('\n').length).toBeGreaterThan(100);
    const again = newFolder();
    await jobIn(again, '--batch-records', '731');
    const other = await exportsOf(again);
    // Compared as wholes first: the difference of megabytes would take the runner as long as the job.
    for (const [at, list] of LISTS.entries()) expect(other[at] === exported[at], `the list ${list}`).toBe(true);
  });
});
