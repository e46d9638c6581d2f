/** What a file is, by its first bytes and by its text. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import type { Mention } from './mention.js';

/** First bytes of files in which nothing is seen from outside: gzip, zip, Zstandard, and DuckDB behind a checksum. */
const OPAQUE: readonly (readonly [at: number, magic: string])[] = [
  [0, '1f8b08'],
  [0, '504b0304'],
  [0, '28b52ffd'],
  [8, '4455434b'],
];

/** Whether nobody can tell from the bytes what is in a file. */
export function isOpaque(path: string): boolean {
  const head = Buffer.alloc(16);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return OPAQUE.some(([at, magic]) => head.subarray(at, at + magic.length / 2).toString('hex') === magic);
}

/** Whether a file of text, in which the name stands, is about the learner: JSON tells in which field it is; in any other text a number may be a count, and it is rather looked at. */
export function isTextOf(path: string, mention: Mention): boolean {
  if (mention.isRandom || !basename(path).endsWith('.json')) return true;
  const json = jsonOr(readFileSync(path, 'utf8'));
  return typeof json === 'string' || mention.inValue(json);
}

/** What JSON says; any other text as it is. */
export function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
