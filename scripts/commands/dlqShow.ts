/** `skillforge dlq show`. */
import type { Command } from 'commander';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import { readDeadLetters, type StoredDeadLetter } from '../../runtime/deadLetters.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { jsonOf, print, printJson, printable, timeText } from './output.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';
import { decoderOf } from './topicCodecs.js';

const DESCRIPTION = `Shows a dead letter with its bytes, and what they decode to if they do. ID is the one that "dlq list" prints, or its first
parts (topic/partition/offset), which stand for the letters of all topologies that refused that record.`;

/** Shows a dead letter. */
export function dlqShowCommand(): Command {
  return toolCommand('show <id>', 'show a dead letter with its bytes', DESCRIPTION, [
    'skillforge dlq show eu-west.clicks/3/17/item-trends/source',
  ]).action(show);
}

async function show(id: string, options: ToolOptions): Promise<void> {
  await readingTools(options, async (tools) => {
    const letters = await lettersWithIds(tools, options.region, [id]);
    const sources = new Set((await tools.topics()).map(({ name }) => name));
    const decoded = letters.map((stored) => ({ ...stored, decoded: sources.has(stored.letter.sourceTopic) ? decodedOf(tools, stored) : null }));
    if (options.json) printJson(decoded);
    else print(decoded.map(letterText).join('\n\n'));
  });
}

/** The letters with these ids, or first parts of ids. @throws SFS_LETTER_UNKNOWN when an id has none */
export async function lettersWithIds(tools: ToolAccess, region: string, ids: readonly string[]): Promise<StoredDeadLetter[]> {
  const found: StoredDeadLetter[] = [];
  for await (const stored of readDeadLetters(tools, region)) if (ids.some((id) => isNamed(stored.letter.id, id))) found.push(stored);
  const missing = ids.find((id) => !found.some(({ letter }) => isNamed(letter.id, id)));
  if (missing === undefined) return found;
  throw new SkillForgeError('SFS_LETTER_UNKNOWN', `region ${region} has no dead letter ${missing}`, { context: { id: missing, region } });
}

const isNamed = (letterId: string, id: string): boolean => letterId === id || letterId.startsWith(`${id}/`);

function decodedOf(tools: ToolAccess, { letter }: StoredDeadLetter): unknown {
  const { key, value } = letter.personal;
  const decode = decoderOf(tools, letter.sourceTopic);
  if (decode === null || value === null) return null;
  try {
    return decode(key?.toString() ?? '', value);
  } catch (error) {
    return { error: errorMessageOf(error) };
  }
}

function letterText({ letter, appendTimeMs, replayedAtMs, decoded }: StoredDeadLetter & { readonly decoded: unknown }): string {
  const { key, value, header } = letter.personal;
  const lines: readonly (readonly [string, string])[] = [
    ['id', letter.id],
    ['code', letter.code],
    ['reason', letter.reason],
    ['topology', letter.topology === null ? '-' : `${letter.topology}@${letter.topologyVersion ?? '?'}, stage ${letter.stage ?? 'source'}`],
    ['source', `${letter.sourceTopic}, partition ${letter.sourcePartition}, offset ${letter.sourceOffset}`],
    ['event time', timeText(letter.failedAtEventTimeMs)],
    ['written', timeText(appendTimeMs)],
    ['replayed', timeText(replayedAtMs)],
    ['key', key === null ? '-' : key.toString()],
    ['value', bytesOf(value)],
    ['as text', value === null ? '-' : value.toString()],
    ['header', bytesOf(header)],
    ['decoded', jsonOf(decoded)],
  ];
  return lines.map(([name, text]) => `${name.padEnd(10)}  ${printable(text)}`).join('\n');
}

const bytesOf = (bytes: Buffer | null): string => (bytes === null ? '-' : `${bytes.length} bytes, base64 ${bytes.toString('base64')}`);
