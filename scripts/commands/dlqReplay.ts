/** `skillforge dlq replay`. */
import type { Command } from 'commander';
import { readDeadLetters, replayDeadLetters, type DeadLetterReplay, type StoredDeadLetter } from '../../runtime/deadLetters.js';
import type { Storage } from '../../runtime/ports.js';
import { isChosen, withLetterChoice, type LetterChoice } from './dlqList.js';
import { lettersWithIds } from './dlqShow.js';
import { usageError } from './failures.js';
import { readingFolder, withFolder } from './folder.js';
import { folderCommand, type FolderOptions } from './options.js';
import { countText, print, printJson } from './output.js';

interface ReplayOptions extends FolderOptions, LetterChoice {
  readonly all?: true;
  readonly dryRun?: true;
}

const DESCRIPTION = `Appends the records of dead letters to the topics they came from: same partition, key, bytes and header. Do this when the cause
is gone. A record goes back once, however often this is called and however many topologies refused it. Every topology that reads the
topic sees it again, also one that had no trouble with it. Needs the folder for itself: stop "run" first.`;

/** Sends dead letters back. */
export function dlqReplayCommand(): Command {
  const command = folderCommand('replay [id...]', 'send dead letters back to their topics', DESCRIPTION, [
    'skillforge dlq replay --all --code SFS_PROCESSING_FAILED --dry-run',
    'skillforge dlq replay eu-west.clicks/3/17',
  ]);
  return withLetterChoice(command)
    .option('--all', 'every letter that --code and --topic leave')
    .option('--dry-run', 'only say what would be done')
    .action(replay);
}

async function replay(ids: readonly string[], options: ReplayOptions): Promise<void> {
  if (ids.length === 0 && !options.all) throw usageError('name the dead letters to replay, or give --all');
  if (ids.length > 0 && options.all) throw usageError('--all and ids exclude each other');
  // A dry run needs no write access, so it works beside a running worker.
  const open = options.dryRun ? readingFolder : withFolder;
  const result = await open(options.data, (storage) => {
    const { region, dryRun = false } = options;
    return replayDeadLetters(storage, chosenLetters(storage, ids, options), { region, dryRun, nowMs: Date.now() });
  });
  if (options.json) printJson({ dryRun: options.dryRun === true, ...result });
  else print(replayText(result, options.dryRun === true));
}

function* chosenLetters(storage: Storage, ids: readonly string[], options: ReplayOptions): Generator<StoredDeadLetter> {
  const letters = ids.length > 0 ? lettersWithIds(storage, options.region, ids) : readDeadLetters(storage, options.region);
  for (const stored of letters) if (isChosen(stored, options, options.region)) yield stored;
}

function replayText({ replayed, alreadyReplayed, unreplayable }: DeadLetterReplay, dryRun: boolean): string {
  return [
    `${countText(replayed)} ${replayed === 1 ? 'record' : 'records'} ${dryRun ? 'would be sent back' : 'sent back'}`,
    ...(alreadyReplayed > 0 ? [`${countText(alreadyReplayed)} letters are of records that went back already`] : []),
    ...unreplayable.slice(0, 20).map(({ id, reason }) => `not replayable: ${id}: ${reason}`),
    ...(unreplayable.length > 20 ? [`not replayable: ${countText(unreplayable.length - 20)} more`] : []),
  ].join('\n');
}
