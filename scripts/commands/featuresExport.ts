/** `skillforge features export`. */
import type { Command } from 'commander';
import type { FeatureExportCounts } from '../featureStore/featureExport.js';
import { assertMeant, withInClear, type InClearOptions } from './inClear.js';
import { countText, countedText, print, printJson, secondsText } from './output.js';
import { ProgressLine } from './progressLine.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

/** What a command that exports features is told. */
export interface FeaturesExportOptions extends ToolOptions, InClearOptions {
  readonly out: string;
}

const DESCRIPTION = `Writes what Feast's offline store reads, as Parquet: the rows of each stream view (stream/<view>.parquet), with the event time of their
records, and the decisions of the feature log with the features that their candidates had (decisions.parquet). Batch jobs write their
views beside them (<view>/day=…/). Works beside a running "run".`;

/** Exports features. */
export function featuresExportCommand(): Command {
  const command = toolCommand('export', "write what Feast's offline store reads", DESCRIPTION, ['skillforge features export --out ./features']);
  return withInClear(command).requiredOption('--out <dir>', 'folder of features; files of an earlier export are replaced').action(exportAll);
}

async function exportAll(options: FeaturesExportOptions): Promise<void> {
  const startMs = performance.now();
  const counts = await exported(options);
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ summary: { ...counts, out: options.out, seconds } });
  else print(exportText(counts, options.out, seconds));
}

/** Exports with a progress line. @throws what exporting throws */
export async function exported(options: FeaturesExportOptions): Promise<FeatureExportCounts> {
  // The writer of Parquet takes a while to load.
  const { exportFeatures } = await import('../featureStore/featureExport.js');
  const line = new ProgressLine(options.json === true);
  const { region, out } = options;
  const onProgress = ({ what, done, total }: { readonly what: string; readonly done: number; readonly total: number }): void =>
    line.update({ what: `exporting ${what}`, done, total, unit: 'offsets' });
  return readingTools(options, (tools) => {
    assertMeant(tools, options, 'features of learners');
    return exportFeatures(tools, { region, out, onProgress });
  }).finally(() => line.end());
}

/** An export in some lines. */
export function exportText(
  { rows, decisions, candidates, otherFeatures, otherRegion, unreadable }: FeatureExportCounts,
  out: string,
  seconds: number,
): string {
  return [
    `${out}: ${countedText(decisions, 'decision')} with ${countedText(candidates, 'candidate')}, in ${secondsText(seconds)}`,
    ...Object.entries(rows).map(([view, count]) => `${view}: ${countedText(count, 'row')}`),
    ...(otherFeatures === 0 ? [] : [`left out: ${countText(otherFeatures)} decisions of another feature set`]),
    ...(otherRegion === 0 ? [] : [`left out: ${countText(otherRegion)} decisions of another region`]),
    ...(unreadable === 0 ? [] : [`left out: ${countedText(unreadable, 'record')} that cannot be decoded`]),
  ].join('\n');
}
