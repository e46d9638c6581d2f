import { attachOne } from '../attach.js';
import { shareOf } from '../hash.js';
import type { KeyedState, StageContext, StageLogic, StoreSpec } from '../ports/stage.js';
import type { Records, StreamRecord } from '../record.js';
import { schema } from '../schema.js';
import type { GlobalTable, GlobalVersionedTable, Table, Versions } from '../topology.js';

/** Which rows of the right table a left row refers to, and what of a right row matters. */
export interface ForeignKeyOptions<L, K2 extends string, R> {
  /** Keys of the right rows that a left row refers to, whether they exist or not; one that is named twice counts once. */
  readonly keys: (row: L) => readonly K2[];
  /** What of a right row matters to the left rows: while it stays the same, nobody is told. */
  readonly signature: (row: R) => string;
}

/**
 * Tells the left rows of changes in the right rows that they refer to: when the signature of a right row changes at event time t (it
 * appears and is removed, too), every left key that refers to it when watermark > t comes out with its row as it stands then, at
 * event time t, once however many of its right rows changed at t. A late change (watermark > t when it comes) is told of at once.
 * Changes of left rows cause no output: `reduceTable` has `changes`.
 *
 * Of a `globalVersionedTable`, a version that comes when a later one is known changes the past alone, and nobody is told. The right
 * rows themselves do not come out: `lookupAll` on the results finds them, as of t where the table is versioned.
 *
 * A left row that is made from records in their order (`inTimeOrder`) has seen exactly what happened up to t by then, so none is
 * missed: what comes to refer later looks for itself.
 *
 * Cost: per left row its references; per right row an index of the left keys of this task, in 64 rows; per change of a signature a
 * timer for each left key that refers to it, so that a change that concerns 100,000 of them spreads over commits and survives a crash.
 *
 * @example
 * const last = reduceTable('last', events, { state: eventSchema, initial: { key: '', atMs: 0, n: 0, tag: '' }, reduce: (state, event) => event });
 * foreignKeyChanges('repriced', last, globalVersionedTable(topics.others, timed), {
 *   keys: (event) => [event.tag],
 *   signature: (price) => String(price.n),
 * })
 * // <- others: pen@0 2
 * // <- ada@5 'pen', bob@6 'ink', cyd@7 'pen'
 * // -> nothing
 * // <- others: pen@10 3, pen@11 3
 * // <- watermark 12
 * // -> ada@10 { key: 'ada', atMs: 5, n: 1, tag: 'pen' }
 * // -> cyd@10 { key: 'cyd', atMs: 7, n: 1, tag: 'pen' }
 * @see Kafka Streams' foreign-key joins (KIP-213), of which this is the half that starts at the right table
 */
export function foreignKeyChanges<K extends string, L, K2 extends string, R>(
  id: string,
  left: Table<K, L>,
  right: GlobalTable<K2, R> | GlobalVersionedTable<K2, R>,
  options: ForeignKeyOptions<L, K2, R>,
): Records<K, L> {
  const stores = storesOf(id);
  return attachOne([left.stage, right.stage], {
    id,
    kind: 'foreign-key-changes',
    parameters: { left: left.store.name, right: right.store.name },
    stores: [stores.references, stores.index, stores.rights],
    ports: ['out'],
    create: (context) => new ForeignKeyLogic<L, R>({ stores, left: left.store, right, options }, context),
  });
}

/** What is known of a right row, whether it exists or not. */
interface Right {
  /** `null` while there is no row. */
  readonly signature: string | null;
  /** The index rows of the key that are not empty, in order. */
  readonly buckets: readonly number[];
}

interface Stores {
  /** By left key, the right keys that it is indexed under. */
  readonly references: StoreSpec<readonly string[]>;
  /** By bucket and right key, the left keys in order. */
  readonly index: StoreSpec<readonly string[]>;
  readonly rights: StoreSpec<Right>;
}

function storesOf(id: string): Stores {
  const keys = schema.array(schema.string);
  const right = schema.record({ signature: schema.nullable(schema.string), buckets: schema.array(schema.long) });
  return {
    references: { name: `${id}/references`, schema: keys },
    index: { name: `${id}/index`, schema: keys },
    rights: { name: `${id}/rights`, schema: right },
  };
}

/** What of the right table the stage reads. */
type RightTable<R> =
  | { readonly kind: 'global-table'; readonly store: StoreSpec<R> }
  | { readonly kind: 'global-versioned-table'; readonly store: StoreSpec<Versions<R>> };

interface ForeignKeyStage<L, R> {
  readonly stores: Stores;
  readonly left: StoreSpec<L>;
  readonly right: RightTable<R>;
  readonly options: ForeignKeyOptions<L, string, R>;
}

/** Rows of the index per right key: each stays small, and a timer has little to do, where 100,000 left keys refer to one. */
const BUCKETS = 64;
/** Tags of the timers, all at t + 1: a right key has changed; a left key is to be told. The number of a bucket is one, too. */
const CHANGED = 'changed';
const LEFT = 'left';
/** Before the right keys of timers, which go by key: all changes of a time come before the first left key, so that it is told once. */
const FIRST = '\0';
const NOBODY: Right = { signature: null, buckets: [] };

class ForeignKeyLogic<L, R> implements StageLogic {
  private readonly left: KeyedState<L>;
  private readonly references: KeyedState<readonly string[]>;
  private readonly index: KeyedState<readonly string[]>;
  private readonly rights: KeyedState<Right>;
  /** The right row of a key as it stands. */
  private readonly rowOf: (key: string) => R | null | undefined;

  constructor(
    private readonly stage: ForeignKeyStage<L, R>,
    private readonly context: StageContext,
  ) {
    this.left = context.state(stage.left);
    this.references = context.state(stage.stores.references);
    this.index = context.state(stage.stores.index);
    this.rights = context.state(stage.stores.rights);
    this.rowOf = currentRows(stage.right, context);
  }

  onRecord(record: StreamRecord<string, unknown>, input: number): void {
    if (input === 0) this.refer(record.key, record.value as L | null);
    else this.compare(record.key, record.timestamp);
  }

  onTimer(key: string, timeMs: number, tag: string): void {
    const { timers } = this.context;
    if (tag === LEFT) return this.tell(key, timeMs - 1);
    const right = key.slice(FIRST.length);
    if (tag !== CHANGED) return this.eachOf(Number(tag), right, (left) => timers.set(left, timeMs, LEFT));
    for (const bucket of this.rights.get(right)?.buckets ?? []) timers.set(key, timeMs, String(bucket));
  }

  private tell(key: string, timestamp: number): void {
    const value = this.left.get(key);
    if (value !== undefined) this.context.emit(0, { key, value, timestamp });
  }

  private compare(key: string, changedMs: number): void {
    const row = this.rowOf(key);
    const signature = row === undefined || row === null ? null : this.stage.options.signature(row);
    const known = this.rights.get(key) ?? NOBODY;
    if (signature === known.signature) return;
    this.putRight(key, { ...known, signature });
    this.context.timers.set(`${FIRST}${key}`, changedMs + 1, CHANGED);
  }

  private refer(left: string, row: L | null): void {
    const before = this.references.get(left) ?? [];
    const now = row === null ? [] : [...new Set(this.stage.options.keys(row))].sort();
    if (now.length === before.length && now.every((key, at) => key === before[at])) return;
    for (const key of before) if (!now.includes(key)) this.unlist(left, key);
    for (const key of now) if (!before.includes(key)) this.list(left, key);
    if (now.length === 0) this.references.delete(left);
    else this.references.put(left, now);
  }

  private list(left: string, right: string): void {
    const bucket = bucketOf(left);
    const row = indexKey(bucket, right);
    const lefts = this.index.get(row) ?? [];
    this.index.put(row, lefts.toSpliced(placeOf(left, lefts), 0, left));
    if (lefts.length > 0) return;
    const known = this.rights.get(right) ?? NOBODY;
    this.putRight(right, { ...known, buckets: [...known.buckets, bucket].sort((a, b) => a - b) });
  }

  private unlist(left: string, right: string): void {
    const bucket = bucketOf(left);
    const row = indexKey(bucket, right);
    const lefts = this.index.get(row)!;
    if (lefts.length > 1) return this.index.put(row, lefts.toSpliced(placeOf(left, lefts), 1));
    this.index.delete(row);
    const known = this.rights.get(right)!;
    this.putRight(right, { ...known, buckets: known.buckets.filter((other) => other !== bucket) });
  }

  private putRight(key: string, right: Right): void {
    if (right.signature === null && right.buckets.length === 0) this.rights.delete(key);
    else this.rights.put(key, right);
  }

  private eachOf(bucket: number, right: string, visit: (left: string) => void): void {
    for (const left of this.index.get(indexKey(bucket, right)) ?? []) visit(left);
  }
}

/** Reads a right row as it stands: of a versioned table, the newest version. */
function currentRows<R>(table: RightTable<R>, context: StageContext): (key: string) => R | null | undefined {
  if (table.kind === 'global-table') {
    const rows = context.state(table.store);
    return (key) => rows.get(key);
  }
  const rows: KeyedState<Versions<R>> = context.state(table.store);
  return (key) => rows.get(key)?.at(-1)?.value;
}

const indexKey = (bucket: number, right: string): string => `${String(bucket).padStart(2, '0')}${right}`;

/** Where a key stands, or belongs, in a list in order. */
function placeOf(key: string, sorted: readonly string[]): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle]! < key) from = middle + 1;
    else to = middle;
  }
  return from;
}

const bucketOf = (key: string): number => Math.floor(shareOf(key) * BUCKETS);
