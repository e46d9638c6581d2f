/** Where a shadow is in the log, and what it has seen: a file, so that it goes on where it was. */
import { readFileSync } from 'node:fs';
import { SkillForgeError, errorMessageOf } from '../../../schemas/index.js';
import { writeWhole } from '../../fileWriting.js';
import type { Tally } from './tally.js';

/** What the file keeps. */
export interface ShadowPosition {
  /** The folder or the brokers whose log it is: offsets of another log mean nothing here. */
  readonly log: string;
  /** The candidate, as records would tell it. */
  readonly model: string;
  /** First offset of each partition that has not been read. */
  readonly offsets: number[];
  readonly tally: Tally;
}

/** What is kept of this log and this candidate; `null` where there is nothing, or it is of others. @throws SFS_FILE_UNREADABLE */
export function readPosition(path: string, log: string, model: string): ShadowPosition | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(path, cause);
  }
  try {
    const position = JSON.parse(text) as ShadowPosition;
    return position.log === log && position.model === model ? position : null;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Keeps a position: all of it or none. @throws SFS_FILE_UNWRITABLE */
export const writePosition = (path: string, position: ShadowPosition): void => writeWhole(path, JSON.stringify(position));

const unreadable = (path: string, cause: unknown): SkillForgeError =>
  new SkillForgeError('SFS_FILE_UNREADABLE', `${path} cannot be read: ${errorMessageOf(cause)}`, { cause, context: { path } });
