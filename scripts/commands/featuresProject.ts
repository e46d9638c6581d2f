/** `skillforge features project`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { streamViews } from '../../operators/featureViews/index.js';
import { FeatureProjection, type FeastStore, type ProjectionCounts } from '../../runtime/feast/index.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { onFeatureStore, withFeatureStore, type FeatureStoreOptions } from './featureStoreOptions.js';
import { assertMeant, withInClear, type InClearOptions } from './inClear.js';
import { countText, countedText, print, printJson, secondsText } from './output.js';
import { ProgressLine } from './progressLine.js';
import { untilStopped } from './stopSignals.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

interface ProjectOptions extends ToolOptions, FeatureStoreOptions, InClearOptions {
  readonly untilEnd?: true;
  readonly fromStart?: true;
}

const DESCRIPTION = `Writes the stream features into Feast's online store in Redis, as Feast itself would: what its SDK reads, and "features read".

It reads the topics of features and follows them until Ctrl+C, beside the workers and outside of their commits. Rows may be written
again: an older one never replaces a newer one, whoever wrote it. How far it has come stands in the store; --from-start writes all of it
once more, which mends a store that lost something.`;

const POLL_MS = 200;

/** Projects features. */
export function featuresProjectCommand(): Command {
  const command = toolCommand('project', "write stream features into Feast's online store", DESCRIPTION, [
    'skillforge features project --feature-store redis://localhost:6379 --until-end',
    'skillforge features project --kafka localhost:9092 --redis redis://localhost:6379 --feature-store redis://localhost:6380',
  ]);
  return withInClear(withFeatureStore(command))
    .option('--until-end', 'stop when all that is in the log has been written')
    .option('--from-start', 'begin with the first record, whatever was written before')
    .action(project);
}

async function project(options: ProjectOptions): Promise<void> {
  const startMs = performance.now();
  const counts = await readingTools(options, (tools) => {
    assertMeant(tools, options, 'features of learners');
    return onFeatureStore(options, (store) => projectAll(tools, store, options));
  });
  const seconds = (performance.now() - startMs) / 1000;
  if (options.json) printJson({ summary: { ...counts, seconds } });
  else print(projectionText(counts, seconds));
}

async function projectAll(tools: ToolAccess, store: FeastStore, options: ProjectOptions): Promise<ProjectionCounts> {
  const line = new ProgressLine(options.json === true);
  const projection = new FeatureProjection(tools, store, {
    region: options.region,
    views: streamViews,
    fromStart: options.fromStart === true,
    onProgress: ({ topic, done, total, written }) =>
      line.update({ what: `writing ${topic}`, done, total, unit: 'offsets', note: `${countedText(written, 'row')} written` }),
  });
  try {
    await untilStopped(async (stopped) => {
      do {
        const found = await projection.pass(stopped);
        if (!found && options.untilEnd === undefined) await sleep(POLL_MS, undefined, { signal: stopped }).catch(() => undefined);
      } while (options.untilEnd === undefined && !stopped.aborted);
    });
    return projection.done;
  } finally {
    line.end();
  }
}

function projectionText({ records, rows, written, older, unreadable }: ProjectionCounts, seconds: number): string {
  return [
    `${countedText(records, 'record')}, ${countedText(rows, 'row')}: ${countText(written)} written, ${countText(older)} not newer, in ${secondsText(seconds)}`,
    ...(unreadable === 0 ? [] : [`left out: ${countedText(unreadable, 'record')} that cannot be decoded`]),
  ].join('\n');
}
