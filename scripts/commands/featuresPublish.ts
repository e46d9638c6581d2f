/** `skillforge features publish`. */
import type { Command } from 'commander';
import { publishBatch, type PublishReport } from '../batch/batchPublishing.js';
import { daysBefore, daysBetween } from '../batch/days.js';
import { wholeNumber } from './options.js';
import { countText, countedText, print, printJson, secondsText, tableText } from './output.js';
import { toolCommand, writingTools, type ToolOptions } from './toolAccess.js';

interface FeaturesPublishOptions extends ToolOptions {
  readonly features: string;
  readonly from: string;
  readonly until?: string;
  readonly at?: number | 'now';
}

const DESCRIPTION = `Publishes what decisions see of the daily batch into the topic batch-features: how hard items are and how fast cohorts go, never of fewer
than five learners. Each day is written whole, in the order of days; a call that was cut off is repeated, and what is there as it is stays.

Decisions see a row from the end of its day on, or from --at on: say "now" where events are of now, so that what a decision could not see then is
not seen in a replay either (a minute later, when it is in the log). No row may be of an instant that is yet to come. A row holds for two days. Days before the last that was published are left out.`;

/** Publishes days of batch features. */
export function featuresPublishCommand(): Command {
  return toolCommand('publish', 'publish batch features for decisions', DESCRIPTION, [
    'skillforge features publish --features ./features --from 2025-09-28',
    'skillforge features publish --features ./features --from 2025-09-01 --until 2025-09-29 --json',
    'skillforge features publish --features ./features --from 2025-09-28 --at now --kafka localhost:9092 --redis redis://localhost:6379',
  ])
    .requiredOption('--features <dir>', 'folder of features, where "batch run" wrote')
    .requiredOption('--from <day>', 'first day, such as 2025-09-01')
    .option('--until <day>', 'the day after the last one; without it, --from is the only day')
    .option('--at <ms>', 'event time from which decisions see the rows, in ms since epoch, or "now"; the end of the day by default', instant)
    .action(publish);
}

const instant = (text: string): number | 'now' => (text === 'now' ? text : wholeNumber(0)(text));

async function publish(options: FeaturesPublishOptions): Promise<void> {
  const { features, region, from, until = daysBefore(from, -1), at } = options;
  const days = daysBetween(from, until);
  const startMs = performance.now();
  const report = await writingTools(options, (tools) => publishBatch(tools, { features, region, days, atMs: at ?? null }));
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ summary: { ...report, seconds } });
  else print(reportText(report, seconds));
}

function reportText({ published, unchanged, older }: PublishReport, seconds: number): string {
  const rows = published.map(({ day, records }) => [day, countText(records)]);
  return [
    ...(published.length === 0 ? [] : [tableText(['day', 'records'], rows)]),
    `${countedText(published.length, 'day')} published, ${countText(unchanged.length)} unchanged, in ${secondsText(seconds)}`,
    ...(older.length === 0 ? [] : [`left out, as a later day is published: ${older.join(', ')}`]),
  ].join('\n');
}
