/** `skillforge decisions replay`. */
import type { Command } from 'commander';
import { LISTS } from '../../operators/ports/ranker.js';
import type { ReplayedDecision } from '../decisions/replayedDecision.js';
import { SkillForgeError } from '../../schemas/index.js';
import { chainCommand, chainFolderOf, type ChainOptions } from './decisionsChain.js';
import { EXIT } from './exitCodes.js';
import { modelRegistryOption, openedRegistry, type ModelRegistryOptions } from './modelRegistryOptions.js';
import { countedText, print, printJson, printable, tableText, timeText } from './output.js';
import { readingTools } from './toolAccess.js';

type ReplayOptions = ChainOptions & Pick<ModelRegistryOptions, 'modelRegistry'>;

const DESCRIPTION = `Makes a logged decision again: scores its candidates by the features that the log has, with the model that the record names, and compares each score with the
logged one, bit for bit. Shows the ranking beside what was shown, and with --json the reasons that were told: between the two lie the policy and the list of the segment, which the log does not have. ID is that of a record of the
topic feature-log, or of a decision, which has one record for each course. One decision in eight is logged.

Of a decision about a learner who was erased it says ERASED: the chain of "decisions seal" keeps a keyed digest of its id, and nothing else is left.

The model comes from the registry, and is verified; the formula is part of the program. Exit code 1 where a score is another one.`;

/** Places that are shown. */
const SHOWN = 10;

/** Replays a decision. */
export function decisionsReplayCommand(): Command {
  return chainCommand('replay <id>', 'make a logged decision again, and compare', DESCRIPTION, [
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
  const logged = await readingTools(options, (tools) => loggedDecisions(tools, region, id)).catch(unlessErased(id, options));
  if (logged === null) return options.json ? printJson({ decisionId: id, status: ERASED }) : print(`${printable(id)}: ${ERASED}`);
  const made: ReplayedDecision[] = [];
  for (const decision of logged) {
    made.push(await withRanker(decision.modelVersion, openedRegistry(options), region, (ranker) => replayed(decision, ranker)));
  }
  if (options.json) made.forEach((one) => printJson(one));
  else print(made.map(replayedText).join('\n\n'));
  if (made.some(({ same }) => !same)) process.exitCode = EXIT.failed;
}

const ERASED = 'ERASED';

/** What is not in the log may have been erased; else the error stands. */
function unlessErased(id: string, options: ReplayOptions): (error: unknown) => Promise<null> {
  return async (error) => {
    const { isErasedDecision } = await import('../decisions/erasedDecisions.js');
    const isUnknown = error instanceof SkillForgeError && error.code === 'SFS_DECISION_UNKNOWN';
    if (isUnknown && (await isErasedDecision(chainFolderOf(options), id))) return null;
    throw error;
  };
}

function replayedText(made: ReplayedDecision): string {
  const { decisionId, learner, course, decidedAtMs, modelVersion, variant, candidates, explored, same, lists } = made;
  const rows = Array.from({ length: SHOWN }, (_, place) => [
    `${place + 1}`,
    ...LISTS.flatMap((list) => [lists[list].ranked[place] ?? '', lists[list].shown[place] ?? '']),
  ]);
  const differing = new Set(LISTS.flatMap((list) => lists[list].differing));
  return [
    `${decisionId}: ${printable(learner)} in ${printable(course)}, ${timeText(decidedAtMs)}, by ${modelVersion}${variant === '' ? '' : `, under ${printable(variant)}`}${explored ? ', with drawn places' : ''}`,
    same
      ? `${countedText(candidates, 'candidate')}, every score as logged`
      : `${differing.size} of ${countedText(candidates, 'candidate')} with another score than logged`,
    '',
    tableText(['place', 'next again', 'next shown', 'new again', 'new shown'], rows),
  ].join('\n');
}
