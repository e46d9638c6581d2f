/** What every call passes: is the storage open, sound, writable; errors get their code here. */
import { SkillForgeError, errorMessageOf } from '../../schemas/errors.js';
import type { CommitLine } from './commitLine.js';
import type { WriteUnit } from './writeUnit.js';
import type { Environment } from './environment.js';
import { storageError } from './failures.js';

/** Lets calls through while the storage is open and sound, and gives every error of LMDB its code. */
export class StorageGate {
  private closed = false;

  constructor(
    private readonly environment: Environment,
    private readonly line: CommitLine,
    private readonly clock: () => number,
  ) {}

  /** Append time for records, whole ms. */
  now(): number {
    return Math.floor(this.clock());
  }

  shut(): void {
    this.closed = true;
  }

  /** Runs a read on the newest committed state. @throws SFS_STORAGE_CLOSED, SFS_STORAGE_FAILED, SFS_STORAGE_CORRUPT */
  reading<T>(read: () => T): T {
    this.assertUsable();
    // Another process may have committed since this turn's snapshot was taken.
    if (this.environment.readOnly) this.environment.root.resetReadTxn();
    try {
      return read();
    } catch (cause) {
      throw storageError(this.environment.folder, cause);
    }
  }

  /** Runs the start of a write; whatever it throws becomes a rejection. */
  async writing<T>(start: () => Promise<T>): Promise<T> {
    this.assertWritable();
    try {
      return await start();
    } catch (cause) {
      throw storageError(this.environment.folder, cause);
    }
  }

  write(unit: WriteUnit): Promise<void> {
    return this.line.add(unit);
  }

  onAppend(listener: () => void): () => void {
    return this.line.onAppend(listener);
  }

  /** @throws SFS_STORAGE_READ_ONLY and whatever a read throws */
  assertWritable(): void {
    this.assertUsable();
    if (this.environment.readOnly) throw new SkillForgeError('SFS_STORAGE_READ_ONLY', `${this.environment.folder} is open for reading only`);
  }

  private assertUsable(): void {
    const { folder } = this.environment;
    if (this.closed) throw new SkillForgeError('SFS_STORAGE_CLOSED', `the storage of ${folder} is closed`);
    const cause = this.line.failed;
    if (cause === null) return;
    throw new SkillForgeError(
      'SFS_STORAGE_FAILED',
      `${folder} takes no calls after a failure; restart the process once the cause is gone (${errorMessageOf(cause)})`,
      {
        cause,
        context: { folder },
      },
    );
  }
}
