import { isThrown } from './thrown.js';

/**
 * Thrown below an operator for a row that is not at hand yet: the input is undone, and tried again when the row has come. No failure:
 * nothing is buried.
 */
export class RowAwaited extends Error {
  constructor(
    readonly store: string,
    readonly key: string,
    /** Resolves when the row is at hand; rejects where the storage fails. */
    readonly arrival: Promise<void>,
  ) {
    super('a row is awaited');
  }
}

/** Whether that was thrown. */
export const isRowAwaited = (error: unknown): error is RowAwaited => isThrown(error, RowAwaited);
