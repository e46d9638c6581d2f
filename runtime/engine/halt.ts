/**
 * Thrown below an operator where the storage fails: not the record is bad but what it needs cannot be read, so the task stops, before it
 * commits, with `cause`. Buried as a dead letter, damage of one row would take every record of its key along.
 */
export class Halt extends Error {
  constructor(override readonly cause: unknown) {
    super('the task cannot go on');
  }
}

/** Whether that was thrown; what a topology throws may be a proxy that throws in its turn. */
export function isHalt(error: unknown): error is Halt {
  try {
    return error instanceof Halt;
  } catch {
    return false;
  }
}
