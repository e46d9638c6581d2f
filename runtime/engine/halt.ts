import { isThrown } from './thrown.js';

/**
 * Thrown below an operator where the storage fails: not the record is bad but what it needs cannot be read, so the task stops, before it
 * commits, with `cause`. Buried as a dead letter, damage of one row would take every record of its key along.
 */
export class Halt extends Error {
  constructor(override readonly cause: unknown) {
    super('the task cannot go on');
  }
}

/** Whether that was thrown. */
export const isHalt = (error: unknown): error is Halt => isThrown(error, Halt);
