import { SkillForgeError } from '../../schemas/index.js';

/** Longest key of a record or row, in UTF-8 bytes: what every state store takes. */
export const MOST_KEY_BYTES = 1024;

// A UTF-16 unit takes at most three bytes: most keys need no counting.
/** Whether a key is short enough. */
export const hasKeyLength = (key: string): boolean => key.length * 3 <= MOST_KEY_BYTES || Buffer.byteLength(key) <= MOST_KEY_BYTES;

/** @throws SFS_KEY_TOO_LONG */
export function assertKeyLength(key: string): void {
  if (hasKeyLength(key)) return;
  throw new SkillForgeError(
    'SFS_KEY_TOO_LONG',
    `a key of ${Buffer.byteLength(key)} bytes is longer than ${MOST_KEY_BYTES}: "${key.slice(0, 40)}..."`,
  );
}
