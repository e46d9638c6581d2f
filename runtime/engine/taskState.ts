import type { KeyedState, StoreSpec } from '../../operators/ports/stage.js';
import type { Awaitable, StateWrite, TaskStore } from '../ports.js';
import { Halt, isHalt } from './halt.js';
import { RowAwaited } from './rowAwaited.js';
import { assertKeyLength, hasKeyLength } from './keyLength.js';
import { Journal } from './journal.js';
import type { StateCodec } from './stateCodec.js';

interface Entry {
  readonly key: string;
  row: unknown;
  dirty: boolean;
  /** The backend has a row. */
  stored: boolean;
  /** In the list of changes. */
  listed: boolean;
}

interface Undo {
  readonly store: CachedStore;
  readonly entry: Entry;
  readonly row: unknown;
  readonly dirty: boolean;
}

/**
 * The rows of one store of one task: read through, written back per commit, coalesced per key. A row that came and went leaves no trace.
 * One that the backend has to be asked for is awaited, see {@link RowAwaited}.
 */
class CachedStore implements KeyedState<unknown> {
  private readonly entries = new Map<string, Entry>();
  private changes: Entry[] = [];
  /** A row was awaited under the key of the input at hand: those of the inputs to come are worth asking for ahead. */
  isKeyedByInput = false;

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
    const bytes = this.read(key);
    if (bytes instanceof Promise) throw new RowAwaited(this.name, key, this.awaited(key, bytes));
    return this.place(key, bytes);
  }

  private read(key: string): Awaitable<Buffer | null> {
    try {
      return this.backend.get(this.task, this.name, key);
    } catch (cause) {
      throw new Halt(cause);
    }
  }

  private async awaited(key: string, bytes: Promise<Buffer | null>): Promise<void> {
    this.place(key, await bytes);
  }

  private place(key: string, bytes: Buffer | null): Entry {
    try {
      const row = bytes === null ? undefined : this.codec.decode(bytes);
      const entry = { key, row, dirty: false, stored: row !== undefined, listed: false };
      this.entries.set(key, entry);
      return entry;
    } catch (cause) {
      throw new Halt(cause);
    }
  }

  /** Asks for a row that will be needed, where it is not at hand. */
  ask(key: string): Promise<void>[] {
    if (this.entries.has(key) || !hasKeyLength(key)) return [];
    const bytes = this.read(key);
    if (bytes instanceof Promise) return [this.awaited(key, bytes)];
    this.place(key, bytes);
    return [];
  }

  private change(key: string, row: unknown): void {
    const entry = this.load(key);
    this.journal.add({ store: this, entry, row: entry.row, dirty: entry.dirty });
    entry.row = row;
    entry.dirty = true;
    if (entry.listed) return;
    entry.listed = true;
    this.changes.push(entry);
  }

  /** Rows that are in memory. */
  get size(): number {
    return this.entries.size;
  }

  verify({ row }: Entry): void {
    if (row !== undefined) this.codec.encode(row);
  }

  drain(into: StateWrite[]): void {
    for (const entry of this.changes) {
      entry.listed = false;
      if (!entry.dirty) continue;
      entry.dirty = false;
      const { key, row } = entry;
      if (row !== undefined || entry.stored) into.push(this.writeOf(key, row));
      entry.stored = row !== undefined;
    }
    this.changes = [];
  }

  private writeOf(key: string, row: unknown): StateWrite {
    const write = { store: this.name, key, value: row === undefined ? null : this.codec.encode(row) };
    return this.codec.namesLearners ? { ...write, isOfSeveral: true } : write;
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

  /**
   * Waits for a row, and asks in the same turn for those that the inputs to come will need: the rows under their keys, in every store that
   * had to be waited for under the key of an input.
   * @param inputKey - the key of the record, or of the timer, that awaits the row
   * @param keysToCome - keys of the next inputs
   */
  async bring({ store, key, arrival }: RowAwaited, inputKey: string, keysToCome: Iterable<string>): Promise<void> {
    if (key === inputKey) this.stores.get(store)!.isKeyedByInput = true;
    const keyed = [...this.stores.values()].filter(({ isKeyedByInput }) => isKeyedByInput);
    const asked = [arrival];
    for (const toCome of keysToCome) for (const one of keyed) asked.push(...one.ask(toCome));
    try {
      await Promise.all(asked);
    } catch (error) {
      throw isHalt(error) ? error.cause : error;
    }
  }

  /** Rows that are in memory, those that the store does not have included. */
  get cachedRows(): number {
    let rows = 0;
    for (const { size } of this.stores.values()) rows += size;
    return rows;
  }

  /** What came before can no longer be undone. */
  mark(): void {
    this.journal.clear();
  }

  /** Takes back every change since the mark. */
  undo(): void {
    this.journal.takeBack(({ entry, row, dirty }) => {
      entry.row = row;
      entry.dirty = dirty;
    });
  }

  /** Encodes the rows changed since the mark. @throws SFS_STATE_ENCODE */
  verify(): void {
    this.journal.forEach(({ store, entry }) => store.verify(entry));
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
