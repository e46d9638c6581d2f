/**
 * The writes of one transaction, gathered before any of them is given to LMDB. Whatever can throw (encoding, key lengths)
 * throws while gathering; handing over is nothing but puts and removes, so that a batch is never left half told.
 */
import type { BytesDatabase, Environment } from './environment.js';

/** Puts and removes, in order. */
export class WriteSet {
  private readonly databases: BytesDatabase[] = [];
  private readonly keys: Buffer[] = [];
  private readonly values: (Buffer | null)[] = [];

  get size(): number {
    return this.keys.length;
  }

  /** `value` must not change until the transaction has ended: LMDB's thread reads it in place. */
  put(database: BytesDatabase, key: Buffer, value: Buffer): void {
    this.databases.push(database);
    this.keys.push(key);
    this.values.push(value);
  }

  remove(database: BytesDatabase, key: Buffer): void {
    this.databases.push(database);
    this.keys.push(key);
    this.values.push(null);
  }

  /** Writes everything in one transaction of LMDB's writer thread; resolves when it has committed. Of an environment that may be written, which has a gate. */
  commit({ root, gate }: Pick<Environment, 'root' | 'gate'>): Promise<boolean> {
    return gate!.holdFor(() =>
      root.batch(() => {
        for (let i = 0; i < this.keys.length; i++) {
          const value = this.values[i]!;
          if (value === null) void this.databases[i]!.remove(this.keys[i]!);
          else void this.databases[i]!.put(this.keys[i]!, value);
        }
      }),
    );
  }
}
