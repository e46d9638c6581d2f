/** `skillforge replay promote`. */
import type { Command } from 'commander';
import { currentReplay, promote, undoPromotion, type Promotion } from '../../runtime/replay/promotion.js';
import { promoteRange, type CorrectedTopic } from '../../runtime/replay/rangePromotion.js';
import { versionedName } from '../../runtime/replay/replayState.js';
import { wholeNumber } from './options.js';
import { countedText, print, printJson } from './output.js';
import { resultDecoder, writingReplays } from './replayPlaces.js';
import { toolCommand, type ToolOptions } from './toolAccess.js';

interface PromoteOptions extends ToolOptions {
  readonly maxBehind: number;
  readonly force?: true;
  readonly undo?: true;
}

const DESCRIPTION = `Makes a replay the live version. A pointer record goes to the control topic; readers and clients of the topics hold both versions, and
switch when they come to it. From then on "run" goes on with the replay. What it replaced is kept, and --undo makes it live again, until "replay drop".

The replay of a range (--from, --to) moves no pointer: its results are appended to the live topics, and what they replace cannot be had back.
On servers the live version must not run meanwhile where a topic of its results is compacted.

A replay is refused that was never at the end of the log, or that is further behind the live version than --max-behind, and one whose results another
topology reads: only readers follow pointers.`;

/** Promotes a replay. */
export function replayPromoteCommand(): Command {
  return toolCommand('promote <topology>', 'make a replay the live version, or undo that', DESCRIPTION, [
    'skillforge replay promote recommendations',
    'skillforge replay promote recommendations --undo',
  ])
    .option('--max-behind <n>', 'records that the replay may be behind the live version', wholeNumber(0), 1_000)
    .option('--force', 'promote it all the same')
    .option('--undo', 'make the version live again that was before')
    .action(run);
}

async function run(topology: string, options: PromoteOptions): Promise<void> {
  const nowMs = Date.now();
  const { maxBehind: mostBehind, force = false } = options;
  const request = { mostBehind, force, nowMs };
  const promotion = await writingReplays(options, async ({ place }) => {
    if (options.undo) return undoPromotion(place, topology, nowMs);
    const replay = currentReplay(place, topology);
    if (replay.range === null) return promote(place, topology, request);
    return promoteRange(place, replay, request, (topic) => resultDecoder(place, versionedName(topic, replay.outputs)));
  });
  if ('length' in promotion) return tellRange(promotion, options.json === true);
  if (options.json) printJson({ topology, ...promotion });
  else print(promotionText(topology, promotion));
}

function tellRange(corrected: readonly CorrectedTopic[], json: boolean): void {
  if (json) return printJson({ corrected });
  const left = (count: number): string =>
    count === 0 ? '' : `; ${countedText(count, 'result')} that only the live version has stay, since the topic keeps every record`;
  print(corrected.map((one) => `${one.topic}: ${countedText(one.appended, 'record')} appended${left(one.left)}`).join('\n'));
}

function promotionText(topology: string, { from, to, pointers }: Promotion): string {
  const served = pointers.map(({ topic, serve }) => `\n  readers of ${topic} are served from ${serve}`);
  return `${topology}@${to.number} is live instead of ${topology}@${from.number}${served.join('')}`;
}
