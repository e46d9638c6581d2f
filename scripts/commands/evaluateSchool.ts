/** `skillforge evaluate school`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { evaluateSchool } from '../evaluation/schoolCase.js';
import { schoolText } from '../evaluation/schoolText.js';
import { WorkFolder } from '../evaluation/workFolder.js';
import { schoolOptions, withoutGaps } from '../school/index.js';
import { plainCommand, regionOption, wholeNumber, type PlainOptions } from './options.js';
import { print, printJson } from './output.js';
import { ProgressLine } from './progressLine.js';

interface EvaluateOptions extends PlainOptions {
  readonly seed?: number;
  readonly learners: number;
  readonly courses: number;
  readonly items: number;
  readonly days: number;
  readonly eventsPerDay: number;
  readonly logged: number;
  readonly trees?: number;
  readonly ablation?: true;
  readonly work?: string;
  readonly region: string;
}

/** Retrieval is trained as of a day before the end, on two weeks at least. */
const LEAST_DAYS = 16;

const DESCRIPTION = `Measures the recommender on a synthetic school, of which is known how probable each item is to be opened next. The school goes the way of
production (topologies, training of retrieval and of the ranker up to a day before its end, decisions of the last day), and the first ten of
each list are compared with the truth at its end: the hit rate is the probability that what is opened next is among them, the gain has less for
later places and is relative to the best order. Newcomers enrolled in the last seven days; new items are those of the last 14 days.

--ablation also measures it without each source of candidates, with the same ranker, and without the windowed features, without mastery and with
features in disorder, each with a ranker of its own. Differences to the whole have 95 % intervals of resampling learners; what other training would
change is not in them. Training needs the Python packages of "npm run ml:setup". It works in a temporary folder; with --work in one that is kept,
where a repeated call goes on.`;

/** Evaluates on a synthetic school. */
export function evaluateSchoolCommand(): Command {
  return plainCommand('school', 'measure the recommender on a synthetic school', DESCRIPTION, [
    'skillforge evaluate school --ablation',
    'skillforge evaluate school --learners 300 --items 200 --days 28 --seed 7 --work ./evaluation --json',
  ])
    .option('--seed <n>', 'seed of the school (default: 1)', wholeNumber(-Infinity))
    .option('--learners <n>', 'learners in all', wholeNumber(1), 900)
    .option('--courses <n>', 'courses', wholeNumber(1), 3)
    .option('--items <n>', 'items of each course', wholeNumber(1), 1_000)
    .option('--days <n>', 'simulated days', wholeNumber(LEAST_DAYS), 42)
    .option('--events-per-day <n>', 'clicks of a day, on the average of a week', wholeNumber(1), 6_000)
    .option('--logged <n>', 'about so many decisions to learn from', wholeNumber(1), 6_000)
    .option('--trees <n>', 'trees of the ranker, for each list (default: as many as are best on the latest decisions)', wholeNumber(1))
    .option('--ablation', 'also measure it without each of its parts: takes much longer')
    .option('--work <dir>', 'work in this folder and keep it; finished steps are not repeated')
    .addOption(regionOption())
    .action(evaluate);
}

async function evaluate(options: EvaluateOptions): Promise<void> {
  const { seed, learners, courses, items, days, eventsPerDay, region, logged: loggedDecisions, trees, json } = options;
  const school = schoolOptions(withoutGaps({ seed, learners, courses, items, days, eventsPerDay, region }));
  const line = new ProgressLine(json === true);
  const folder = options.work ?? mkdtempSync(join(tmpdir(), 'skillforge-evaluate-'));
  try {
    const work = new WorkFolder(folder, (step) => {
      if (!json) process.stderr.write(`${step}\n`);
    });
    const result = await evaluateSchool(work, {
      school,
      withAblation: options.ablation === true,
      loggedDecisions,
      ...(trees === undefined ? {} : { trees }),
      onProgress: (progress) => line.update(progress),
    });
    line.end();
    if (json) printJson({ evaluation: result });
    else print(`${schoolText(result)}\n`);
  } finally {
    line.end();
    if (options.work === undefined) rmSync(folder, { recursive: true, force: true });
  }
}
