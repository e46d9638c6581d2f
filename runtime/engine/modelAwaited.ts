import { isThrown } from './thrown.js';

/**
 * Thrown below an operator for a model that is not open: the input is undone, and tried again when it is. No failure: nothing is buried.
 */
export class ModelAwaited extends Error {
  /** @param arrival - resolves when the model is open; rejects where it cannot be had */
  constructor(readonly arrival: Promise<void>) {
    super('a model is awaited');
    // Whoever awaits it hears of a failure; where nobody does, it is none.
    arrival.catch(() => undefined);
  }
}

/** Whether that was thrown. */
export const isModelAwaited = (error: unknown): error is ModelAwaited => isThrown(error, ModelAwaited);
