/** `skillforge training export`. */
import type { Command } from 'commander';
import { exportTraining, type TrainingExportCounts } from '../training/trainingExport.js';
import { assertMeant, withInClear, type InClearOptions } from './inClear.js';
import { wholeNumber } from './options.js';
import { countText, countedText, print, printJson, secondsText } from './output.js';
import { ProgressLine } from './progressLine.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

interface ExportOptions extends ToolOptions, InClearOptions {
  readonly out: string;
  readonly until?: number;
}

const DESCRIPTION = `Writes a folder that training reads: what learners used, hour by hour (from learner-activity), the decisions of which the
features were logged (from feature-log), and what is known of courses and learners. Numbers lie in raw little-endian columns, one file each;
names stand in export.json, by number. Attributes of learners are there only of those who agreed to profiling.

--until leaves out what happened from then on, so that a model can be trained as of the past. Works beside a running "run".`;

/** Exports for training. */
export function trainingExportCommand(): Command {
  const command = toolCommand('export', 'write what training reads', DESCRIPTION, [
    'skillforge training export --out ./training',
    'skillforge training export --out ./training --until 1417392000000',
  ]);
  return withInClear(command)
    .requiredOption('--out <dir>', 'folder to write; it appears when it is whole, and replaces an earlier export')
    .option('--until <ms>', 'only what happened before this event time, in ms since epoch', wholeNumber(0))
    .action(exportAll);
}

async function exportAll(options: ExportOptions): Promise<void> {
  const { region, out, until: untilMs } = options;
  const line = new ProgressLine(options.json === true);
  const startMs = performance.now();
  const counts = await readingTools(options, (tools) => {
    assertMeant(tools, options, 'what learners did');
    return exportTraining(tools, {
      region,
      out,
      untilMs,
      onProgress: ({ what, done, total }) => line.update({ what: `exporting ${what}`, done, total, unit: 'records' }),
    });
  }).finally(() => line.end());
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ summary: { ...counts, out, seconds } });
  else print(exportText(counts, out, seconds));
}

function exportText(
  { interactions, decisions, rows, otherFeatures, otherRegion, learners, items, courses }: TrainingExportCounts,
  out: string,
  seconds: number,
): string {
  return [
    `${out}: ${countText(interactions)} interactions, ${countText(decisions)} decisions with ${countText(rows)} rows, in ${secondsText(seconds)}`,
    `${countText(learners)} learners, ${countText(items)} items, ${countText(courses)} courses`,
    ...(otherFeatures === 0 ? [] : [`left out: ${countText(otherFeatures)} decisions of another feature set`]),
    ...(otherRegion === 0 ? [] : [`left out: ${countedText(otherRegion, 'record')} of another region`]),
  ].join('\n');
}
