/** `skillforge replay drop`. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { drop, planDrop, type DropPlan } from '../../runtime/replay/promotion.js';
import type { ReplayPlace } from '../../runtime/replay/replayPlace.js';
import { usageError } from './failures.js';
import { countedText, print, printJson } from './output.js';
import { writingReplays } from './replayPlaces.js';
import { toolCommand, type ToolOptions } from './toolAccess.js';

interface DropOptions extends ToolOptions {
  readonly yes?: true;
}

const DESCRIPTION = `Deletes the version that lost for good: the replay, or what it replaced when it is promoted. Its topics, the state of its tasks and its
consumer group go; nothing can be undone afterwards. It is refused while processes run that version. Asks before, or is told by --yes.`;

/** Deletes the version that lost. */
export function replayDropCommand(): Command {
  return toolCommand('drop <topology>', 'delete the version that lost', DESCRIPTION, ['skillforge replay drop recommendations --yes'])
    .option('--yes', 'do not ask')
    .action(run);
}

async function run(topology: string, options: DropOptions): Promise<void> {
  const plan = await writingReplays(options, async ({ place }) => {
    if (!options.yes) await ask(place, topology);
    return drop(place, topology);
  });
  const { loser, topics, tasks } = plan;
  if (options.json) printJson({ topology, dropped: `${topology}@${loser.number}`, topics, tasks: tasks.length });
  else print(`dropped ${whatText(topology, plan)}`);
}

async function ask(place: ReplayPlace, topology: string): Promise<void> {
  if (!process.stdin.isTTY) throw usageError('drop asks on a terminal; elsewhere, give --yes');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`drop ${whatText(topology, await planDrop(place, topology))}? [y/N] `).finally(() => lines.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw usageError('nothing was dropped');
}

const whatText = (topology: string, { loser, topics, tasks }: DropPlan): string =>
  `${topology}@${loser.number}: the state of ${countedText(tasks.length, 'task')}${topics.map((topic) => `\n  ${topic}`).join('')}`;
