import type { KeyedState, StoreSpec } from '../../operators/ports/stage.js';
import type { StateWrite, TaskStore } from '../ports.js';
import { Halt } from './halt.js';
import { assertKeyLength } from './keyLength.js';
import { Journal } from './journal.js';
import type { StateCodec } from './stateCodec.js';

interface Entry {
  row: unknown;
  dirty: boolean;
}

interface Undo {
  readonly store: CachedStore;
  readonly key: string;
  readonly row: unknown;
  readonly dirty: boolean;
}

/** The rows of one store of one task: read through, written back per commit, coalesced per key. */
class CachedStore implements KeyedState<unknown> {
  readonly entries = new Map<string, Entry>();

  constructor(
    readonly name: string,
    private readonly codec: StateCodec<unknown>,
    private readonly task: string,
    private readonly backend: TaskStore,
    private readonly journal: Journal<Undo>,
  ) {}

  get(key: string): unknown {
    return this.load(key).row;
  }

  put(key: string, row: unknown): void {
    this.change(key, row);
  }

  delete(key: string): void {
    if (this.load(key).row !== undefined) this.change(key, undefined);
  }

  private load(key: string): Entry {
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    assertKeyLength(key);
    const entry = { row: this.stored(key), dirty: false };
    this.entries.set(key, entry);
    return entry;
  }

  private stored(key: string): unknown {
    try {
      const bytes = this.backend.get(this.task, this.name, key);
      return bytes === null ? undefined : this.codec.decode(bytes);
    } catch (cause) {
      throw new Halt(cause);
    }
  }

  private change(key: string, row: unknown): void {
    const entry = this.load(key);
    this.journal.add({ store: this, key, row: entry.row, dirty: entry.dirty });
    entry.row = row;
    entry.dirty = true;
  }

  restore(undo: Undo): void {
    const entry = this.entries.get(undo.key)!;
    entry.row = undo.row;
    entry.dirty = undo.dirty;
  }

  verify(key: string): void {
    const { row } = this.entries.get(key)!;
    if (row !== undefined) this.codec.encode(row);
  }

  drain(into: StateWrite[]): void {
    for (const [key, entry] of this.entries) {
      if (!entry.dirty) continue;
      into.push({ store: this.name, key, value: entry.row === undefined ? null : this.codec.encode(entry.row) });
      entry.dirty = false;
    }
  }

  /** Forgets the oldest clean rows above `most`. */
  trim(most: number): void {
    let excess = this.entries.size - most;
    for (const [key, entry] of this.entries) {
      if (excess <= 0) return;
      if (entry.dirty) continue;
      this.entries.delete(key);
      excess--;
    }
  }
}

/** State of one task: write-back caches over the backend, with an undo journal per input record. */
export class TaskState {
  private readonly stores = new Map<string, CachedStore>();
  private readonly journal = new Journal<Undo>();

  constructor(
    private readonly task: string,
    private readonly backend: TaskStore,
    private readonly codecOf: (store: StoreSpec<unknown>) => StateCodec<unknown>,
  ) {}

  store(spec: StoreSpec<unknown>): KeyedState<unknown> {
    let store = this.stores.get(spec.name);
    if (store === undefined) {
      store = new CachedStore(spec.name, this.codecOf(spec), this.task, this.backend, this.journal);
      this.stores.set(spec.name, store);
    }
    return store;
  }

  /** What came before can no longer be undone. */
  mark(): void {
    this.journal.clear();
  }

  /** Takes back every change since the mark. */
  undo(): void {
    this.journal.takeBack((entry) => entry.store.restore(entry));
  }

  /** Encodes the rows changed since the mark. @throws SFS_STATE_ENCODE */
  verify(): void {
    this.journal.forEach(({ store, key }) => store.verify(key));
  }

  /** The changed rows; the caller commits them. */
  drain(): StateWrite[] {
    const writes: StateWrite[] = [];
    for (const store of this.stores.values()) store.drain(writes);
    return writes;
  }

  /** Bounds memory after a commit: at most `mostRows` rows stay cached, shared evenly by the stores. */
  trim(mostRows: number): void {
    const share = Math.ceil(mostRows / Math.max(1, this.stores.size));
    for (const store of this.stores.values()) store.trim(share);
  }
}
