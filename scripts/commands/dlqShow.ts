/** `skillforge dlq show`. */
import type { Command } from 'commander';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import { readDeadLetters, type StoredDeadLetter } from '../../runtime/deadLetters.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { readingFolder } from './folder.js';
import { folderCommand, type FolderOptions } from './options.js';
import { jsonOf, print, printJson, printable, timeText } from './output.js';
import { decoderOf } from './topicCodecs.js';

const DESCRIPTION = `Shows a dead letter with its bytes, and what they decode to if they do. ID is the one that "dlq list" prints, or its first
parts (topic/partition/offset), which stand for the letters of all topologies that refused that record.`;

/** Shows a dead letter. */
export function dlqShowCommand(): Command {
  return folderCommand('show <id>', 'show a dead letter with its bytes', DESCRIPTION, [
    'skillforge dlq show eu-west.clicks/3/17/item-trends/source',
  ]).action(show);
}

async function show(id: string, options: FolderOptions): Promise<void> {
  await readingFolder(options.data, (storage) => {
    const letters = lettersWithIds(storage, options.region, [id]);
    if (options.json) return printJson(letters.map((stored) => ({ ...stored, decoded: decodedOf(storage, stored) })));
    print(letters.map((stored) => letterText(storage, stored)).join('\n\n'));
  });
}

/** The letters with these ids, or first parts of ids. @throws SFS_LETTER_UNKNOWN when an id has none */
export function lettersWithIds(storage: LocalStorage, region: string, ids: readonly string[]): StoredDeadLetter[] {
  const found = [...readDeadLetters(storage, region)].filter(({ letter }) => ids.some((id) => isNamed(letter.id, id)));
  const missing = ids.find((id) => !found.some(({ letter }) => isNamed(letter.id, id)));
  if (missing === undefined) return found;
  throw new SkillForgeError('SFS_LETTER_UNKNOWN', `region ${region} has no dead letter ${missing}`, { context: { id: missing, region } });
}

const isNamed = (letterId: string, id: string): boolean => letterId === id || letterId.startsWith(`${id}/`);

function decodedOf(storage: LocalStorage, { letter }: StoredDeadLetter): unknown {
  const { key, value } = letter.personal;
  const decode = storage.log.topics().some((spec) => spec.name === letter.sourceTopic) ? decoderOf(storage, letter.sourceTopic) : null;
  if (decode === null || value === null) return null;
  try {
    return decode(key?.toString() ?? '', value);
  } catch (error) {
    return { error: errorMessageOf(error) };
  }
}

function letterText(storage: LocalStorage, stored: StoredDeadLetter): string {
  const { letter, appendTimeMs, replayedAtMs } = stored;
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
    ['decoded', jsonOf(decodedOf(storage, stored))],
  ];
  return lines.map(([name, text]) => `${name.padEnd(10)}  ${printable(text)}`).join('\n');
}

const bytesOf = (bytes: Buffer | null): string => (bytes === null ? '-' : `${bytes.length} bytes, base64 ${bytes.toString('base64')}`);
