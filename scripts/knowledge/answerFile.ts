/** Reads sequences of answers in the three-line format of the public knowledge-tracing data sets. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SkillForgeError, errorMessageOf } from '../../schemas/errors.js';

/** One answer, as it stands in the file. */
export interface GivenAnswer {
  /** Names of its skills; several where the file joins them with `_`. */
  readonly skills: readonly string[];
  readonly isRight: boolean;
}

/** What the file says of a pupil. */
export interface PupilAnswers {
  /** Line of the file with the number of answers; the first is 1. */
  readonly line: number;
  readonly answers: readonly GivenAnswer[];
}

/** How far reading is. Unit: bytes of the file, as it is stored. */
export interface ReadingDone {
  readonly bytes: number;
  readonly totalBytes: number;
}

const SKILLS = /^\d+(_\d+)*$/;

/**
 * Pupil after pupil. Three lines each: the number of answers; the skill ids; 1 or 0 for each answer, right or wrong. Values have commas between, and
 * may have one at the end. A file whose name ends in `.gz` is decompressed.
 *
 * @throws SFS_ANSWERS_UNREADABLE, SFS_ANSWERS_MALFORMED with the line
 */
export async function* readAnswers(path: string, onProgress: (done: ReadingDone) => void = () => undefined): AsyncGenerator<PupilAnswers> {
  let line = 0;
  let pupil: { readonly line: number; readonly count: number; skills: string[] | null } | null = null;
  for await (const text of linesOf(path, onProgress)) {
    line++;
    if (pupil === null && text.trim() === '') continue;
    if (pupil === null) pupil = { line, count: countIn(path, line, text), skills: null };
    else if (pupil.skills === null) pupil.skills = valuesIn(path, line, text, pupil.count, SKILLS, 'skill ids');
    else {
      const rights = valuesIn(path, line, text, pupil.count, /^[01]$/, 'marks that are 0 or 1');
      const { skills } = pupil;
      yield { line: pupil.line, answers: rights.map((right, n) => ({ skills: skillsIn(skills[n]!), isRight: right === '1' })) };
      pupil = null;
    }
  }
  if (pupil !== null) {
    throw malformed(
      path,
      line + 1,
      `the file ends, but the pupil of line ${pupil.line} lacks the line of ${pupil.skills === null ? 'skill ids' : 'marks'}`,
    );
  }
}

const skillsIn = (text: string): string[] => [...new Set(text.split('_'))];

function countIn(path: string, line: number, text: string): number {
  const [first = '', ...rest] = text.trim().split(',');
  const count = Number(first);
  if (/^\d+$/.test(first) && count > 0 && rest.every((part) => part === '')) return count;
  throw malformed(path, line, `here stands the number of answers of a pupil, a whole number from 1 on, not ${quoted(text)}`);
}

function valuesIn(path: string, line: number, text: string, count: number, rule: RegExp, what: string): string[] {
  const values = text
    .replace(/,\s*$/, '')
    .split(',')
    .map((value) => value.trim());
  if (values.length !== count) throw malformed(path, line, `${values.length} values, but the pupil has ${count} answers`);
  const wrong = values.findIndex((value) => !rule.test(value));
  if (wrong >= 0) throw malformed(path, line, `here stand ${what}, and value ${wrong + 1} is ${quoted(values[wrong]!)}`);
  return values;
}

async function* linesOf(path: string, onProgress: (done: ReadingDone) => void): AsyncGenerator<string> {
  try {
    const totalBytes = (await stat(path)).size;
    let bytes = 0;
    const file = createReadStream(path).on('data', (chunk) => onProgress({ bytes: (bytes += chunk.length), totalBytes }));
    // A line interface does not hear of errors of its input: they are handed on by hand.
    const input: Readable = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
    if (input !== file) file.on('error', (error) => input.destroy(error));
    const failed = new Promise<never>((_, reject) => input.on('error', reject));
    failed.catch(() => undefined);
    const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
    let isFirst = true;
    for (let next = await Promise.race([lines.next(), failed]); next.done !== true; next = await Promise.race([lines.next(), failed])) {
      yield isFirst ? next.value.replace(/^\ufeff/, '') : next.value;
      isFirst = false;
    }
    if (input.errored) throw input.errored;
  } catch (error) {
    throw new SkillForgeError('SFS_ANSWERS_UNREADABLE', `${path} cannot be read: ${errorMessageOf(error)}`, {
      cause: error,
      context: { file: path },
    });
  }
}

const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

const malformed = (path: string, line: number, message: string): SkillForgeError =>
  new SkillForgeError('SFS_ANSWERS_MALFORMED', `${path}, line ${line}: ${message}`, { context: { file: path, line } });
