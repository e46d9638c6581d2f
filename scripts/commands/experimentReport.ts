/** `skillforge experiment report`. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Bounded } from '../experiments/lift.js';
import { METRICS, outcomesOf, type MetricName } from '../experiments/outcomes.js';
import { reportOf, type ExperimentReport, type MetricReport } from '../experiments/report.js';
import { wholeNumber } from './options.js';
import { countText, countedText, print, printJson, printable, tableText, timeText } from './output.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

interface ExperimentReportOptions extends ToolOptions {
  readonly experiment: string;
  readonly goal: MetricName;
  readonly control?: string;
  readonly weights?: readonly number[];
  readonly windowDays: number;
  readonly alpha: number;
  readonly margin: number;
  readonly tunedFor: number;
}

const DESCRIPTION = `Says what an experiment has shown so far: joins who was exposed to which variation with what they did in the days after it, and compares the
variations with the control. It works beside a "run". A learner counts from the end of their window on, and once.

  split     whether learners are split as planned (chi-squared); a mismatch, p below 0.001, means that nothing else can be believed
  goal      better, worse or open, by an interval that holds at all looks together: look as often as you like, and stop when you like
  guardrail harmed where a metric is surely worse, safe where it is surely not worse by more than the margin, else open

Metrics: ${Object.entries(METRICS)
  .map(([name, what]) => `${name} (${what})`)
  .join('; ')}.`;

/** Reports an experiment. */
export function experimentReportCommand(): Command {
  return toolCommand('report', 'say what an experiment has shown so far', DESCRIPTION, [
    'skillforge experiment report --experiment ranker-2026',
    'skillforge experiment report --experiment ranker-2026 --goal items --weights 0.9,0.1 --json',
    'skillforge experiment report --experiment ranker-2026 --kafka localhost:9092 --redis redis://localhost:6379',
  ])
    .requiredOption('--experiment <key>', 'key of the experiment')
    .addOption(
      new Option('--goal <metric>', 'what it is to improve; the other metrics are guardrails').choices(Object.keys(METRICS)).default('active-days'),
    )
    .option('--control <variation>', 'variation that the others are compared with; by default the first by name')
    .option('--weights <shares>', 'planned shares of the variations by name, with commas between; by default equal ones', shares)
    .option('--window-days <n>', 'how long learners are looked at after their exposure', wholeNumber(1), 7)
    .option('--alpha <p>', 'probability that an interval of a metric ever fails to cover the truth', share, 0.05)
    .option('--margin <share>', 'by how much of its mean a guardrail may be worse', share, 0.05)
    .option('--tuned-for <n>', 'learners at which the intervals are narrowest; they hold at every number', wholeNumber(1), 5_000)
    .action(report);
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < 1)) throw new InvalidArgumentError('It must be a number between 0 and 1.');
  return value;
}

const shares = (text: string): number[] => text.split(',').map(share);

async function report(options: ExperimentReportOptions): Promise<void> {
  const outcomes = await readingTools(options, (tools) => outcomesOf(tools, options));
  const made = reportOf(outcomes, options);
  const { experiment, goal, windowDays, alpha, margin } = options;
  if (options.json) printJson({ experiment, goal, windowDays, alpha, margin, ...made });
  else print(reportText(experiment, made));
}

/** A report for people. */
export function reportText(experiment: string, { control, variations, sampleRatio, waiting, mixed, asOfMs }: ExperimentReport): string {
  const { p, isMismatch, expected } = sampleRatio;
  const split = variations.map(({ variation, learners }, at) => `${variation} ${countText(learners)} of ${expected[at]!.toFixed(1)}`).join(', ');
  const rows = variations.flatMap(({ variation, metrics }) =>
    metrics.map((metric) => [variation === control ? `${variation} (control)` : variation, ...metricCells(metric)]),
  );
  return [
    printable(
      `${experiment} as of ${timeText(asOfMs)}: ${countedText(waiting, 'learner')} whose window is not over, ${countText(mixed)} left out who saw more than one variation`,
    ),
    printable(`split: ${split}; p ${p.toFixed(4)}`),
    ...(isMismatch ? ['! the split is not the planned one: something loses learners or doubles them, and nothing below can be believed'] : []),
    tableText(['variation', 'metric', 'learners', 'mean', 'lift', 'from', 'to', 'verdict'], rows),
  ].join('\n');
}

function metricCells({ metric, count, mean, lift, verdict }: MetricReport): string[] {
  const bounds = lift === null ? ['-', '-', '-'] : lift.relative === null ? plainCells(lift.difference) : percentCells(lift.relative);
  return [metric, countText(count), count === 0 ? '-' : mean.toFixed(3), ...bounds, verdict ?? '-'];
}

const percentCells = ({ estimate, low, high }: Bounded): string[] =>
  [estimate, low, high].map((one) => `${one < 0 ? '' : '+'}${(100 * one).toFixed(1)} %`);
const plainCells = ({ estimate, low, high }: Bounded): string[] => [estimate, low, high].map((one) => `${one < 0 ? '' : '+'}${one.toFixed(3)}`);
