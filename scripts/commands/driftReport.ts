/** `skillforge drift report`. */
import type { Command } from 'commander';
import { SkillForgeError } from '../../schemas/index.js';
import { endOfPython } from '../ml/python.js';
import { EXIT } from './exitCodes.js';
import { plainCommand, wholeNumber, type PlainOptions } from './options.js';
import { countText, print, printJson, tableText } from './output.js';

interface DriftReportOptions extends PlainOptions {
  readonly reference: string;
  readonly current: string;
  readonly from: number;
  readonly until: number;
  readonly out: string;
  readonly failOnDrift?: true;
}

/** Of one table: whether it has drifted, and which columns have, the greatest index first. */
interface TableSummary {
  readonly status: 'drifted' | 'steady' | 'unknown';
  readonly rows: number;
  readonly counted: number;
  readonly drifted: readonly string[];
  readonly columns: readonly { readonly name: string; readonly psi: number; readonly counted: boolean }[];
}

/** What `summary.json` says. */
export interface DriftSummary {
  /** That of the features. */
  readonly status: TableSummary['status'];
  readonly tables: Readonly<Record<string, TableSummary>>;
}

const DESCRIPTION = `Compares a period of a training export with what a model was trained on, and writes reports by Evidently: features, scores, uses
(what learners did) and feedback (what came of the decisions of a week before), each as HTML and JSON, and summary.json for programs.

The reference is a model bundle, or a training export, whose last week is taken. A column has drifted where its population stability index is above 0.25,
a table where more than half of its columns have, and the period where its features have. Durations are told and do not count: they run
with the calendar. It needs the Python environment "operations": npm run ml:setup -- operations.`;

/** Reports drift. */
export function driftReportCommand(): Command {
  return plainCommand('report', 'compare a period with what a model was trained on', DESCRIPTION, [
    'skillforge drift report --reference ./models/ranked --current ./training --from 1757894400000 --until 1757980800000 --out ./drift',
    'skillforge drift report --reference ./last-month --current ./training --from 1757894400000 --until 1757980800000 --out ./drift --fail-on-drift',
  ])
    .requiredOption('--reference <dir>', 'model bundle, or training export')
    .requiredOption('--current <dir>', 'training export that has the period')
    .requiredOption('--from <ms>', 'first instant of the period, in ms since epoch', wholeNumber(0))
    .requiredOption('--until <ms>', 'instant at which it is over, in ms since epoch', wholeNumber(0))
    .requiredOption('--out <dir>', 'folder to write')
    .option('--fail-on-drift', 'exit code 1 where the period has drifted')
    .action(report);
}

async function report({ reference, current, from, until, out, failOnDrift, json }: DriftReportOptions): Promise<void> {
  const period = ['--from', String(from), '--until', String(until)];
  const args = ['-m', 'drift', 'report', '--reference', reference, '--current', current, ...period, '--out', out, '--json'];
  const { code, stdout, lastLine } = await endOfPython('operations', args);
  if (code !== 0) throw new SkillForgeError('SFS_DRIFT_REPORT', `the report ended with ${code ?? 'a signal'}: ${lastLine}`);
  const summary = JSON.parse(stdout) as DriftSummary;
  if (json) printJson({ summary, out });
  else print(summaryText(summary, out));
  if (failOnDrift && summary.status === 'drifted') process.exitCode = EXIT.failed;
}

const MOST_SHOWN = 3;

function summaryText({ status, tables }: DriftSummary, out: string): string {
  const rows = Object.entries(tables).map(([name, table]) => [
    name,
    table.status,
    countText(table.rows),
    `${table.drifted.length} of ${table.counted}`,
    greatest(table),
  ]);
  return [tableText(['table', 'status', 'rows', 'drifted', 'greatest index'], rows), `${status}; reports in ${out}`].join('\n');
}

function greatest({ columns }: TableSummary): string {
  const counted = columns.filter((column) => column.counted).sort((a, b) => b.psi - a.psi);
  return counted
    .slice(0, MOST_SHOWN)
    .map(({ name, psi }) => `${name} ${psi.toFixed(2)}`)
    .join(', ');
}
