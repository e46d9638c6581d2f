/** `skillforge dlq replay`. */
import type { Command } from 'commander';
import { readDeadLetters, replayDeadLetters, type DeadLetterReplay, type StoredDeadLetter } from '../../runtime/deadLetters.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { isChosen, noLettersText, withLetterChoice, type LetterChoice } from './dlqList.js';
import { lettersWithIds } from './dlqShow.js';
import { usageError } from './failures.js';
import { holdsStorage } from './folder.js';
import { countText, countedText, print, printJson } from './output.js';
import { readingTools, toolCommand, writingTools, type ToolOptions } from './toolAccess.js';

interface ReplayOptions extends ToolOptions, LetterChoice {
  readonly all?: true;
  readonly dryRun?: true;
}

const DESCRIPTION = `Appends the records of dead letters to the topics they came from: same partition, key, bytes and header. Do this when the cause
is gone. A record goes back once, however often this is called and however many topologies refused it. Every topology that reads the
topic sees it again, also one that had no trouble with it. A folder it needs for itself: stop "run" first. On servers it works beside
running workers, and of two replays at a time one is refused with SFS_FENCED.`;

/** Sends dead letters back. */
export function dlqReplayCommand(): Command {
  const command = toolCommand('replay [id...]', 'send dead letters back to their topics', DESCRIPTION, [
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
  const { region, dryRun = false } = options;
  // A dry run needs no write access, so it works beside a running worker. A folder that is missing is not made: it has no letters.
  const open = dryRun || (options.kafka === undefined && !holdsStorage(options.data)) ? readingTools : writingTools;
  const result = await open(options, async (tools) => {
    const chosen = new ChosenLetters(tools, ids, options);
    const replayed = await replayDeadLetters(tools, chosen, { region, dryRun });
    return { ...replayed, before: chosen.before, none: chosen.count > 0 ? null : await noLettersText(readDeadLetters(tools, region), options) };
  });
  const { before, none, ...counts } = result;
  if (options.json) printJson({ dryRun, ...counts });
  else print(none ?? replayText({ ...counts, before, dryRun }));
}

/** The letters that a call means, counted as they are taken. */
class ChosenLetters {
  count = 0;
  /** Letters of records that went back before this call. */
  before = 0;

  constructor(
    private readonly tools: ToolAccess,
    private readonly ids: readonly string[],
    private readonly options: ReplayOptions,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<StoredDeadLetter, void, undefined> {
    const { tools, ids, options } = this;
    const letters = ids.length > 0 ? await lettersWithIds(tools, options.region, ids) : readDeadLetters(tools, options.region);
    for await (const stored of letters) {
      if (!isChosen(stored, options, options.region)) continue;
      this.count++;
      if (stored.replayedAtMs !== null) this.before++;
      yield stored;
    }
  }
}

/** A replay to be told in words. */
export interface ToldReplay extends DeadLetterReplay {
  /** Of the letters in `alreadyReplayed`, those whose record went back before this call. */
  readonly before: number;
  readonly dryRun: boolean;
}

/** What a replay did, or would do. */
export function replayText({ replayed, alreadyReplayed, unreplayable, before, dryRun }: ToldReplay): string {
  const others = alreadyReplayed - before;
  const [went, goes] = dryRun ? ['would go back', 'goes back'] : ['went back', 'went back'];
  return [
    `${countedText(replayed, 'record')} ${went}`,
    ...(before > 0 ? [`${countedText(before, 'letter')} skipped: the record went back before`] : []),
    ...(others > 0 ? [`${countedText(others, 'letter')} skipped: another letter of a record that ${goes} once`] : []),
    ...unreplayable.slice(0, MOST_SHOWN).map(({ id, reason }) => `not replayable: ${id}: ${reason}`),
    ...(unreplayable.length > MOST_SHOWN ? [`not replayable: ${countText(unreplayable.length - MOST_SHOWN)} more`] : []),
  ].join('\n');
}

const MOST_SHOWN = 20;
