/** `skillforge batch run`. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { runBatch, type BatchReport } from '../batch/batchRun.js';
import { daysBetween, daysBefore } from '../batch/days.js';
import { modelNames } from '../batch/models.js';
import { withFolder } from './folder.js';
import { plainCommand, regionOption, type PlainOptions } from './options.js';
import { countText, countedText, print, printJson, secondsText, tableText } from './output.js';

interface RunOptions extends PlainOptions {
  readonly archive: string;
  readonly out: string;
  readonly from: string;
  readonly until?: string;
  readonly region: string;
}

const DESCRIPTION = `Makes batch features of an archive, by day of event time (UTC): ${modelNames.join(', ')}.
They are dbt models on DuckDB, in ml/batch, and need "npm run ml:setup -- batch". A day is one file for each model,
OUT/<model>/day=…/part.parquet, as of the end of the day.

A day is made when it is new, when the archive has other files for its window than at the last run (something came late), or when a model has
changed; it takes the place of what was there. All days are made in one run, and published when every dbt test has passed: else nothing is.`;

/** Makes batch features. */
export function batchRunCommand(): Command {
  return plainCommand('run', 'make batch features of an archive', DESCRIPTION, [
    'skillforge batch run --archive ./archive --out ./features --from 2025-09-01',
    'skillforge batch run --archive ./archive --out ./features --from 2025-09-01 --until 2025-09-29 --json',
  ])
    .requiredOption('--archive <dir>', 'folder that "skillforge archive" writes')
    .requiredOption('--out <dir>', 'folder of the features')
    .requiredOption('--from <day>', 'first day, such as 2025-09-01')
    .option('--until <day>', 'the day after the last one; without it, --from is the only day')
    .addOption(regionOption())
    .action(run);
}

async function run(options: RunOptions): Promise<void> {
  const { archive, out, region, from, until = daysBefore(from, -1) } = options;
  daysBetween(from, until);
  const startMs = performance.now();
  const tell = (days: readonly string[]): void => {
    if (!options.json) process.stderr.write(`making ${countedText(days.length, 'day')} with dbt\n`);
  };
  // The lock of a storage of its own keeps a second run out; it ends with its process, whatever ends that.
  const report = await withFolder(join(out, '_writer'), () => runBatch({ archive, out, region, from, until, onDays: tell }));
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ summary: { ...report, out, seconds } });
  else print(reportText(report, out, seconds));
}

function reportText({ made, unchanged, stale, models, tests }: BatchReport, out: string, seconds: number): string {
  const rows = made.map(({ day, rows: counts }) => [day, ...modelNames.map((model) => countText(counts[model]))]);
  return [
    ...(made.length === 0 ? [] : [tableText(['day', ...modelNames], rows), `${countedText(models, 'model')}, ${countedText(tests, 'test')} passed`]),
    `${out}: ${countedText(made.length, 'day')} made, ${countText(unchanged.length)} unchanged, in ${secondsText(seconds)}`,
    ...(stale.length === 0 ? [] : [`other days whose archive has changed: ${stale.join(', ')}`]),
  ].join('\n');
}
