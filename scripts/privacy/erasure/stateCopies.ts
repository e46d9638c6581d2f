/** Copies of the state of tasks, as "state snapshot" writes them: rows and timers are base64 there, so neither their text nor their bytes tell whom they are of. */
import { fileBytes, linesOf } from '../../commands/jsonLines.js';
import { MOST_LINE_BYTES, STATE_FORMATS, type StateLine } from '../../commands/stateFile.js';
import { jsonOr } from './fileForms.js';
import type { InFile } from './found.js';
import type { Mention } from './mention.js';

/** Whether a file of lines is a copy of state, whole or not. */
export async function isStateCopy(file: string): Promise<boolean> {
  for await (const lines of linesOf(fileBytes(file), MOST_LINE_BYTES)) return lines[0]?.raw.includes(`"format":"${STATE_FORMATS}`) === true;
  return false;
}

/** The lines of a copy that hold a learner in a key, or in the bytes of a value. What they say is not told: a row may be of many. */
export async function* foundInStateCopy(file: string, mention: Mention): AsyncGenerator<InFile> {
  for await (const lines of linesOf(fileBytes(file), MOST_LINE_BYTES)) {
    yield* lines
      .filter(({ raw }) => isOf(jsonOr(raw.toString()), mention))
      .map(({ number }) => ({ place: ` line ${number}`, value: { form: 'a copy of state' } }));
  }
}

/** A line that is damaged counts by its text. */
function isOf(line: unknown, mention: Mention): boolean {
  if (typeof line !== 'object' || line === null) return mention.inText(String(line));
  const parts = line as Readonly<Partial<Record<BytesOf, string> & { readonly key: string }>>;
  if (parts.key !== undefined && mention.inKey(parts.key)) return true;
  const inBytes = BYTES.some((name) => parts[name] !== undefined && mention.inValue(Buffer.from(parts[name], 'base64')));
  return inBytes || mention.inValue(line);
}

type KeysOf<T> = T extends unknown ? keyof T : never;
type BytesOf = Extract<KeysOf<StateLine>, 'value' | 'payload' | 'progress'>;
const BYTES = ['value', 'payload', 'progress'] as const satisfies readonly BytesOf[];
