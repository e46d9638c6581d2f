/** `skillforge dlq list`. */
import type { Command } from 'commander';
import { readDeadLetters, type StoredDeadLetter } from '../../runtime/deadLetters.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { wholeNumber } from './options.js';
import { countText, print, printJson, tableText, timeText } from './output.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

/** Which letters a command means. */
export interface LetterChoice {
  readonly code?: string;
  readonly topic?: string;
}

interface ListOptions extends ToolOptions, LetterChoice {
  readonly limit: number;
}

interface Listing {
  readonly shown: StoredDeadLetter[];
  readonly byCode: Readonly<Record<string, number>>;
  readonly total: number;
}

const DESCRIPTION = `Lists what could not be decoded, validated or processed: where it came from, why, and whether it was sent back. Its partition
went on meanwhile. Works beside a running "run".`;

/** Lists dead letters. */
export function dlqListCommand(): Command {
  const command = toolCommand('list', 'list dead letters', DESCRIPTION, [
    'skillforge dlq list',
    'skillforge dlq list --code SFS_DECODE_FAILED --limit 5 --json',
    'skillforge dlq list --kafka localhost:9092 --redis redis://localhost:6379',
  ]);
  return withLetterChoice(command).option('--limit <n>', 'show at most so many; all are counted', wholeNumber(1), 50).action(list);
}

/** Adds the options that choose letters. */
export function withLetterChoice(command: Command): Command {
  return command
    .option('--code <code>', 'only with this error code')
    .option('--topic <topic>', 'only from this source topic, with or without its region');
}

/** Whether a letter is one of those chosen. */
export function isChosen({ letter }: StoredDeadLetter, { code, topic }: LetterChoice, region: string): boolean {
  if (code !== undefined && letter.code !== code) return false;
  return topic === undefined || letter.sourceTopic === topic || letter.sourceTopic === `${region}.${topic}`;
}

/** Why there is nothing to do: no dead letters at all, or none that the filter leaves; then with the codes and topics that there are. */
export async function noLettersText(
  letters: Iterable<StoredDeadLetter> | AsyncIterable<StoredDeadLetter>,
  { code, topic }: LetterChoice,
): Promise<string> {
  const [codes, sources] = [new Map<string, number>(), new Map<string, number>()];
  for await (const { letter } of letters) {
    codes.set(letter.code, (codes.get(letter.code) ?? 0) + 1);
    sources.set(letter.sourceTopic, (sources.get(letter.sourceTopic) ?? 0) + 1);
  }
  if (codes.size === 0) return 'no dead letters';
  const filter = [...(code === undefined ? [] : [`with code ${code}`]), ...(topic === undefined ? [] : [`from topic ${topic}`])].join(' ');
  return `no dead letters ${filter}\nthere are: ${totalsText(codes)}\nfrom: ${totalsText(sources)}`;
}

const totalsText = (totals: Iterable<readonly [string, number]>): string =>
  Array.from(totals, ([name, count]) => `${countText(count)} ${name}`).join(', ');

async function list(options: ListOptions): Promise<void> {
  const { listing, none } = await readingTools(options, async (tools) => {
    const made = await listingOf(tools, options);
    return { listing: made, none: made.total > 0 ? null : await noLettersText(readDeadLetters(tools, options.region), options) };
  });
  if (options.json) return printJson({ total: listing.total, byCode: listing.byCode, letters: listing.shown.map(briefOf) });
  print(none ?? listingText(listing));
}

function listingText({ shown, byCode, total }: Listing): string {
  const rows = shown.map(({ letter, appendTimeMs, replayedAtMs }) => [
    letter.id,
    letter.code,
    timeText(appendTimeMs),
    timeText(replayedAtMs),
    letter.reason,
  ]);
  const table = tableText(['id', 'code', 'written', 'replayed', 'reason'], rows);
  return `${table}\n${rows.length} of ${countText(total)} shown: ${totalsText(Object.entries(byCode))}`;
}

async function listingOf(tools: ToolAccess, options: ListOptions): Promise<Listing> {
  const shown: StoredDeadLetter[] = [];
  const byCode: Record<string, number> = {};
  let total = 0;
  for await (const stored of readDeadLetters(tools, options.region)) {
    if (!isChosen(stored, options, options.region)) continue;
    total++;
    byCode[stored.letter.code] = (byCode[stored.letter.code] ?? 0) + 1;
    if (shown.length < options.limit) shown.push(stored);
  }
  return { shown, byCode, total };
}

/** A letter without the bytes. */
function briefOf({ letter, partition, offset, appendTimeMs, replayedAtMs }: StoredDeadLetter): unknown {
  const { personal: _, ...rest } = letter;
  return { ...rest, partition, offset, appendTimeMs, replayedAtMs };
}
