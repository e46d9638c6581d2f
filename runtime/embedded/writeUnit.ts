import type { OutputRecord } from '../ports.js';
import type { WriteSet } from './writeSet.js';

/** One caller's writes: all of them end up in the same transaction. */
export interface WriteUnit {
  readonly outputs: readonly OutputRecord[];
  readonly appendTimeMs: number;
  /** Rough size, bytes: bounds what one transaction takes. */
  readonly bytes: number;
  /** Adds everything but the outputs. Called when the unit's turn has come. */
  addTo?(writes: WriteSet): void;
  /** Called once the unit is durable, before its promise resolves. */
  applied?(): void;
}
