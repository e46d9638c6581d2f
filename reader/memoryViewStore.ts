import type { VersionedHead, ViewChange, ViewHead, ViewStore } from './viewStore.js';

/** A view in the memory of the process: gone with it, and built anew at its next start. */
export class MemoryViewStore implements ViewStore {
  private readonly rows = new Map<string, Buffer>();
  private current: ViewHead | null = null;
  private version = 0;

  head(): VersionedHead {
    return { version: this.version, head: this.current };
  }

  get(key: string): Buffer | null {
    return this.rows.get(key) ?? null;
  }

  *scan(prefix: string): Generator<{ key: string; value: Buffer }, void, undefined> {
    const keys = [...this.rows.keys()].filter((key) => key.startsWith(prefix)).sort(byBytes);
    for (const key of keys) {
      const value = this.rows.get(key);
      if (value !== undefined) yield { key, value };
    }
  }

  write(expected: number, { head, rows, clear }: ViewChange): Promise<boolean> {
    if (expected !== this.version) return Promise.resolve(false);
    if (clear) this.rows.clear();
    for (const [key, value] of rows) {
      if (value === null) this.rows.delete(key);
      else this.rows.set(key, Buffer.from(value));
    }
    this.current = head;
    this.version++;
    return Promise.resolve(true);
  }

  renew(): Promise<void> {
    this.rows.clear();
    [this.current, this.version] = [null, 0];
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.rows.clear();
    return Promise.resolve();
  }
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
