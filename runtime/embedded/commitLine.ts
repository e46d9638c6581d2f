/**
 * The one line that all writes of a storage pass through. At most one LMDB transaction is under way; what arrives
 * meanwhile goes together into the next one. So writes take effect in call order, and none can overtake one that failed:
 * LMDB alone would go on with the next transaction after a failed one.
 */
import { assertInPlace, type Environment } from './environment.js';
import { storageError } from './failures.js';
import type { LogWriter } from './logWriter.js';
import { withRoomChecked } from './room.js';
import { WriteSet } from './writeSet.js';
import type { WriteUnit } from './writeUnit.js';

interface Waiting {
  readonly unit: WriteUnit;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const MAX_TRANSACTION_BYTES = 32 * 1024 * 1024;

/** The line; see the head of this file. */
export class CommitLine {
  private waiting: Waiting[] = [];
  private underWay: Promise<void> | null = null;
  private failure: unknown = null;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly environment: Environment,
    private readonly log: LogWriter,
  ) {}

  /** What made the storage fail, `null` while it works. */
  get failed(): unknown {
    return this.failure;
  }

  /** Makes the storage fail where it is found to be lost outside of a write. */
  fail(cause: unknown): void {
    this.failure ??= cause;
  }

  /** Resolves when the unit is durable; rejects when its transaction, or one before it, failed. */
  add(unit: WriteUnit): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.waiting.push({ unit, resolve, reject });
      // Not at once: calls of the same turn share a transaction.
      if (this.underWay === null) this.underWay = Promise.resolve().then(() => this.run());
    });
  }

  onAppend(listener: () => void): () => void {
    const own = (): void => listener();
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }

  /** Resolves when nothing is under way or waiting. */
  async drained(): Promise<void> {
    while (this.underWay !== null) await this.underWay;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0 && this.failure === null) await this.commitGroup(this.takeGroup());
    this.underWay = null;
    for (const { reject } of this.waiting.splice(0)) reject(this.failure);
  }

  private takeGroup(): Waiting[] {
    let bytes = 0;
    const end = this.waiting.findIndex(({ unit }, i) => (bytes += unit.bytes) > MAX_TRANSACTION_BYTES && i > 0);
    return this.waiting.splice(0, end === -1 ? this.waiting.length : end);
  }

  private async commitGroup(group: readonly Waiting[]): Promise<void> {
    const units = group.map(({ unit }) => unit);
    try {
      const { writes, appended } = this.gather(units);
      if (writes.size > 0) await writes.commit(this.environment);
      assertInPlace(this.environment);
      appended();
    } catch (cause) {
      this.failure = this.errorOf(await rootCauseOf(cause));
      for (const { reject } of group) reject(this.failure);
      return;
    }
    for (const { unit, resolve } of group) {
      unit.applied?.();
      resolve();
    }
    if (units.some((unit) => unit.outputs.length > 0)) this.notify();
  }

  private errorOf(cause: unknown): unknown {
    const { folder } = this.environment;
    return storageError(folder, withRoomChecked(folder, cause));
  }

  private gather(units: readonly WriteUnit[]): { writes: WriteSet; appended: () => void } {
    const writes = new WriteSet();
    for (const unit of units) unit.addTo?.(writes);
    return { writes, appended: this.log.addTo(writes, units) };
  }

  // A listener's failure is its own: the record is durable whatever it does.
  private notify(): void {
    for (const listener of [...this.listeners]) {
      try {
        listener();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

// lmdb rejects with a generic error first and tells the reason in a second promise, which must not go unhandled.
async function rootCauseOf(cause: unknown): Promise<unknown> {
  const told = (cause as { commitError?: Promise<unknown> } | null)?.commitError;
  if (told === undefined) return cause;
  const late = new Promise<unknown>((resolve) => setTimeout(resolve, 1000, cause).unref());
  return Promise.race([
    told.then(
      () => cause,
      (reason: unknown) => reason,
    ),
    late,
  ]);
}
