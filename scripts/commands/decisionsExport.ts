/** `skillforge decisions export`. */
import { Option, type Command } from 'commander';
import { LISTS, type ListName } from '../../operators/ports/ranker.js';
import { GREEDY, exportDecisionLog, type DecisionLogCounts } from '../evaluation/decisionLogExport.js';
import { assertMeant, withInClear, type InClearOptions } from './inClear.js';
import { wholeNumber } from './options.js';
import { countText, countedText, print, printJson, secondsText } from './output.js';
import { ProgressLine } from './progressLine.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

interface ExportOptions extends ToolOptions, InClearOptions {
  readonly out: string;
  readonly list: ListName;
  readonly within: number;
  readonly from?: number;
  readonly until?: number;
}

const DESCRIPTION = `Writes the decisions of the feature log as "evaluate ips" reads them, one JSON object a line: what was listed, how likely each item was at its place, and
whether the learner used it in the days after (from learner-activity). One decision in eight is logged.

The target of each line is the policy that decided, which earns its own mean. Its ranking ${GREEDY} is the same policy if it never drew a place.
Other rankings, such as those of another model, can be put beside it; only the last five of twenty places are ever drawn, so only there can they differ.

Decisions whose days are not over are left out. A line names the learner, so that "privacy erase" finds it. Works beside a running "run".`;

/** Exports decisions with what came of them. */
export function decisionsExportCommand(): Command {
  const command = toolCommand('export', 'write decisions, and what came of them, for "evaluate ips"', DESCRIPTION, [
    'skillforge decisions export --out ./decisions.jsonl',
    'skillforge decisions export --out ./decisions.jsonl --list new --within 14 --until 1417392000000',
  ]);
  return withInClear(command)
    .requiredOption('--out <file>', 'file to write; it appears when it is whole')
    .addOption(new Option('--list <list>', 'the list of each decision').choices(LISTS).default('next'))
    .option('--within <days>', 'days within which an item is to be used', wholeNumber(1), 7)
    .option('--from <ms>', 'only decisions from this event time on, in ms since epoch', wholeNumber(0))
    .option('--until <ms>', 'only what happened before this event time, in ms since epoch', wholeNumber(0))
    .action(exportAll);
}

async function exportAll(options: ExportOptions): Promise<void> {
  const { region, out, list, within: withinDays, from: fromMs, until: untilMs } = options;
  const line = new ProgressLine(options.json === true);
  const startMs = performance.now();
  const counts = await readingTools(options, (tools) => {
    assertMeant(tools, options, 'what learners did');
    return exportDecisionLog(tools, {
      ...{ region, out, list, withinDays, fromMs, untilMs },
      onProgress: ({ what, done, total }) => line.update({ what: `reading ${what}`, done, total, unit: 'records' }),
    });
  }).finally(() => line.end());
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ summary: { ...counts, out, seconds } });
  else print(exportText(counts, out, seconds));
}

function exportText(
  { decisions, explored, shown, rewarded, open, mostlyDrawn, otherRegion }: DecisionLogCounts,
  out: string,
  seconds: number,
): string {
  return [
    `${out}: ${countedText(decisions, 'decision')}, ${countText(explored)} with drawn places, in ${secondsText(seconds)}`,
    `${countText(rewarded)} of ${countText(shown)} items shown were used in time`,
    ...(open === 0 ? [] : [`left out: ${countedText(open, 'decision')} whose days are not over`]),
    ...(mostlyDrawn === 0
      ? []
      : [`left out: ${countedText(mostlyDrawn, 'decision')} of a policy that draws places in half of its decisions or more`]),
    ...(otherRegion === 0 ? [] : [`left out: ${countedText(otherRegion, 'record')} of another region`]),
  ].join('\n');
}
