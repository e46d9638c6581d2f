/** `skillforge decisions replay`. */
import type { Command } from 'commander';
import { LISTS } from '../../operators/ports/ranker.js';
import type { ReplayedDecision } from '../decisions/replayedDecision.js';
import { EXIT } from './exitCodes.js';
import { modelRegistryOption, openedRegistry, type ModelRegistryOptions } from './modelRegistryOptions.js';
import { countedText, print, printJson, printable, tableText, timeText } from './output.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

type ReplayOptions = ToolOptions & Pick<ModelRegistryOptions, 'modelRegistry'>;

const DESCRIPTION = `Makes a logged decision again: scores its candidates by the features that the log has, with the model that the record names, and compares each score with the
logged one, bit for bit. Shows the ranking beside what was shown: between the two lie the policy and the list of the segment, which the log does not have. ID is that of a record of the
topic feature-log, or of a decision, which has one record for each course. One decision in eight is logged.

The model comes from the registry, and is verified; the formula is part of the program. Exit code 1 where a score is another one.`;

/** Places that are shown. */
const SHOWN = 10;

/** Replays a decision. */
export function decisionsReplayCommand(): Command {
  return toolCommand('replay <id>', 'make a logged decision again, and compare', DESCRIPTION, [
    'skillforge decisions replay 4be0643f1d98573b-AAA-2014J',
    'skillforge decisions replay 4be0643f1d98573b --model-registry http://localhost:5000 --json',
  ])
    .addOption(modelRegistryOption())
    .action(replay);
}

async function replay(id: string, options: ReplayOptions): Promise<void> {
  const [{ loggedDecisions, replayed }, { withRanker }] = await Promise.all([
    import('../decisions/replayedDecision.js'),
    import('../decisions/namedRanker.js'),
  ]);
  const { region } = options;
  const logged = await readingTools(options, (tools) => loggedDecisions(tools, region, id));
  const made: ReplayedDecision[] = [];
  for (const decision of logged) {
    made.push(await withRanker(decision.modelVersion, openedRegistry(options), region, (ranker) => replayed(decision, ranker)));
  }
  if (options.json) made.forEach((one) => printJson(one));
  else print(made.map(replayedText).join('\n\n'));
  if (made.some(({ same }) => !same)) process.exitCode = EXIT.failed;
}

function replayedText(made: ReplayedDecision): string {
  const { decisionId, learner, course, decidedAtMs, modelVersion, candidates, explored, same, lists } = made;
  const rows = Array.from({ length: SHOWN }, (_, place) => [
    `${place + 1}`,
    ...LISTS.flatMap((list) => [lists[list].ranked[place] ?? '', lists[list].shown[place] ?? '']),
  ]);
  const differing = new Set(LISTS.flatMap((list) => lists[list].differing));
  return [
    `${decisionId}: ${printable(learner)} in ${printable(course)}, ${timeText(decidedAtMs)}, by ${modelVersion}${explored ? ', with drawn places' : ''}`,
    same
      ? `${countedText(candidates, 'candidate')}, every score as logged`
      : `${differing.size} of ${countedText(candidates, 'candidate')} with another score than logged`,
    '',
    tableText(['place', 'next again', 'next shown', 'new again', 'new shown'], rows),
  ].join('\n');
}
