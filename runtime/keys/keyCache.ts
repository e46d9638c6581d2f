import type { DataKey } from '../../schemas/index.js';

/** How many unwrapped keys a process holds, and for how long. */
export interface CacheBounds {
  /** Keys (50,000). */
  readonly mostKeys: number;
  /** ms from the unwrapping (60,000): a key that another process deleted is of use here no longer than that. */
  readonly timeToLiveMs: number;
}

/** Bounds where nothing else is said. */
export const DEFAULT_BOUNDS: CacheBounds = { mostKeys: 50_000, timeToLiveMs: 60_000 };

/** Under its id and its owner's name it is the same one. */
interface Kept {
  readonly key: DataKey;
  readonly untilMs: number;
  isDropped: boolean;
}

/** Unwrapped keys by their ids, and by the names of their owners: the newest ones, within their time. */
export class KeyCache {
  private readonly byId = new Map<string, Kept>();
  private readonly byName = new Map<string, Kept>();

  constructor(
    private readonly bounds: CacheBounds,
    private readonly clock: () => number,
  ) {}

  /** Unwrapped keys in memory. */
  get size(): number {
    return this.byId.size;
  }

  ofId(id: string): DataKey | null {
    return this.take(this.byId, id);
  }

  ofOwner(name: string): DataKey | null {
    return this.take(this.byName, name);
  }

  put(key: DataKey): void {
    this.place(this.byId, key.id, { key, untilMs: this.clock() + this.bounds.timeToLiveMs, isDropped: false });
  }

  /** Keeps a key under the name of its owner, too; its time goes on from the unwrapping. */
  name(name: string, key: DataKey): void {
    if (this.ofId(key.id) === null) this.put(key);
    this.place(this.byName, name, this.byId.get(key.id)!);
  }

  /** Forgets a key. */
  drop(id: string): void {
    const kept = this.byId.get(id);
    if (kept !== undefined) kept.isDropped = true;
    this.byId.delete(id);
  }

  private take(from: Map<string, Kept>, at: string): DataKey | null {
    const kept = from.get(at);
    if (kept === undefined) return null;
    if (!kept.isDropped && kept.untilMs > this.clock()) return kept.key;
    from.delete(at);
    return null;
  }

  /** The oldest goes: what is used again is unwrapped again, at some microseconds. */
  private place(into: Map<string, Kept>, at: string, kept: Kept): void {
    if (into.size >= this.bounds.mostKeys && !into.has(at)) into.delete(into.keys().next().value!);
    into.set(at, kept);
  }
}
