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

/** Whether that was thrown; what a topology throws may be a proxy that throws in its turn. */
export function isRowAwaited(error: unknown): error is RowAwaited {
  try {
    return error instanceof RowAwaited;
  } catch {
    return false;
  }
}
