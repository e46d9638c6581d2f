/** `skillforge features skew`. */
import type { Command } from 'commander';
import { feastProjectOf } from '../../runtime/feast/feastStore.js';
import { runPython } from '../ml/python.js';
import { EXIT } from './exitCodes.js';
import { exportText, exported, type FeaturesExportOptions } from './featuresExport.js';
import { withInClear } from './inClear.js';
import { countText, countedText, print, printJson, tableText } from './output.js';
import { toolCommand } from './toolAccess.js';

interface SkewOptions extends FeaturesExportOptions {
  readonly export: boolean;
}

/** What the comparison found, as Python prints it. */
interface SkewReport {
  readonly decisions: number;
  readonly rows: number;
  readonly superseded: number;
  readonly differences: number;
  readonly features: readonly {
    readonly name: string;
    readonly rows: number;
    readonly stored: number;
    readonly differences: number;
    readonly largest: number;
    readonly example: Readonly<Record<string, string | number>> | null;
  }[];
}

const DESCRIPTION = `Compares what training sees with what serving saw. It exports the features and the feature log, has Feast join the stored features
as of each logged decision (get_historical_features), and compares them bit by bit with the features that the ranker saw, where both have
them. Exit code 1 where something differs.

It needs the Python packages of npm run ml:setup -- operations. Of several decisions of a learner at one instant the last one stands,
and is compared.`;

/** Compares stored and served features. */
export function featuresSkewCommand(): Command {
  const command = toolCommand('skew', 'compare stored features with what the ranker saw', DESCRIPTION, [
    'skillforge features skew --out ./features',
    'skillforge features skew --out ./features --no-export --json',
  ]);
  return withInClear(command)
    .requiredOption('--out <dir>', 'folder of features, where the export goes')
    .option('--no-export', 'compare what is in the folder')
    .action(compare);
}

async function compare(options: SkewOptions): Promise<void> {
  const startMs = performance.now();
  const counts = options.export ? await exported(options) : null;
  if (counts !== null && options.json !== true) print(exportText(counts, options.out, (performance.now() - startMs) / 1000));
  const args = ['-m', 'skillforge_features', 'skew', '--features', options.out, '--project', feastProjectOf(options.region)];
  const report = JSON.parse(await runPython('operations', args)) as SkewReport;
  if (options.json) printJson({ exported: counts, report });
  else print(reportText(report));
  if (report.differences > 0) process.exitCode = EXIT.failed;
}

function reportText({ decisions, rows, superseded, differences, features }: SkewReport): string {
  const table = features.map((one) => [one.name, countText(one.stored), countText(one.differences), one.largest === 0 ? '' : String(one.largest)]);
  const examples = features.flatMap(({ name, example }) => (example === null ? [] : [`${name}, for example: ${JSON.stringify(example)}`]));
  return [
    tableText(['feature', 'stored', 'different', 'by at most'], table),
    ...examples,
    `${countedText(differences, 'difference')} in ${countedText(features.length, 'feature')} of ${countedText(rows, 'candidate')}, ${countedText(decisions, 'decision')}`,
    ...(superseded === 0 ? [] : [`not compared: ${countedText(superseded, 'candidate')} of decisions that another one of the same instant replaced`]),
  ].join('\n');
}
