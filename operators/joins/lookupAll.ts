import { attach } from '../attach.js';
import { HeldRecords, heldStore, type HeldStore } from '../held.js';
import type { KeyedState, StageContext, StageLogic, StoreSpec } from '../ports/stage.js';
import { withValue, type Records, type StreamRecord } from '../record.js';
import type { ValueSchema } from '../schema.js';
import type { StageOutput } from '../stage.js';
import type { GlobalTable, GlobalVersionedTable, Versions } from '../topology.js';

/** Tables that `lookupAll` can read, by the names that its join function sees them under. */
export type LookupTables = Readonly<Record<string, { readonly kind: 'global-table' | 'global-versioned-table' }>>;

/** Type of the keys of a global table. */
type KeyIn<T> = T extends GlobalTable<infer K, infer _> ? K : T extends GlobalVersionedTable<infer K, infer _> ? K : never;
/** Type of its rows. */
type RowIn<T> = T extends GlobalTable<infer _, infer R> ? R : T extends GlobalVersionedTable<infer _, infer R> ? R : never;

/** Under which keys of each table a record looks. */
export interface LookupAllOptions<V, T extends LookupTables> {
  /** Keys of the rows, from the value of the record; a key that is named twice counts once. */
  readonly keys: { readonly [N in keyof T]: (value: V) => readonly KeyIn<T[N]>[] };
}

/** What `lookupAll` must know beside: the shape of the records that wait, where a table is versioned. */
export type LookupAllWait<V, T extends LookupTables> = 'global-versioned-table' extends T[keyof T]['kind']
  ? { readonly value: ValueSchema<V> }
  : { readonly value?: undefined };

/** The rows that were found, by table and key; a key without a row is absent. */
export type LookupRows<T extends LookupTables> = { readonly [N in keyof T]: ReadonlyMap<KeyIn<T[N]>, RowIn<T[N]>> };

/**
 * Joins each record with any number of rows of global tables, under keys taken from its value.
 *
 * Of a `globalTable`, the rows as they stand in the task's merge order. Of a `globalVersionedTable`, the rows that held at the record's
 * event time t, the version of greatest event time v <= t: the record waits until the watermark of the sources > t, which includes the
 * watermark of the table's writer, so that the rows can no longer change and a replay never reads the future. A record that has waited
 * already, in `inTimeOrder` or for a window to close, and a late one, waits no more. Nothing is a miss: a key without a row, or whose
 * history is forgotten, is absent from the map.
 *
 * Cost: a look-up per key; the waiting records of a key in one row, with a timer each.
 *
 * @example
 * events.pipe(
 *   lookupAll(
 *     'prices',
 *     { prices: globalVersionedTable(topics.others, timed) },
 *     { keys: { prices: (event) => event.tag.split(' ') }, value: eventSchema },
 *     (event, { prices }) => [...prices].map(([item, price]) => `${item} ${price.n * event.n}`),
 *   ),
 * )
 * // <- others: pen@0 2, ink@0 5, pen@10 3
 * // <- ada@5 { n: 1, tag: 'pen ink' }, ada@12 { n: 10, tag: 'pen nib' }
 * // -> ada@5 ['pen 2', 'ink 5']
 * // <- end
 * // -> ada@12 ['pen 30']
 */
export function lookupAll<K extends string, V, T extends LookupTables, R>(
  id: string,
  tables: T,
  options: LookupAllOptions<V, T> & LookupAllWait<V, T>,
  join: (value: V, rows: LookupRows<T>, timestamp: number) => R,
): (source: Records<K, V>) => Records<K, R> {
  const read = Object.entries(tables).map(([name, table]) => ({ name, table: table as unknown as ReadTable, keys: options.keys[name]! }));
  const held = options.value === undefined ? null : heldStore(`${id}/waiting`, options.value);
  return (source) =>
    attach([source, ...read.map(({ table }) => table.stage)], {
      id,
      kind: 'lookup-all',
      parameters: { tables: Object.fromEntries(read.map(({ name, table }) => [name, table.store.name])) },
      stores: held === null ? [] : [held],
      ports: ['out'],
      create: (context) => new LookupAllLogic<V, LookupRows<T>, R>({ read, held, join }, context),
    })[0] as unknown as Records<K, R>;
}

/** A table as the stage reads it. */
interface ReadTable {
  readonly kind: 'global-table' | 'global-versioned-table';
  readonly stage: StageOutput<string, unknown>;
  readonly store: StoreSpec<unknown>;
}

interface Read<V> {
  readonly name: string;
  readonly table: ReadTable;
  readonly keys: (value: V) => readonly string[];
}

interface LookupAllStage<V, A, R> {
  readonly read: readonly Read<V>[];
  /** `null` where no table is versioned: nothing waits. */
  readonly held: HeldStore<V> | null;
  readonly join: (value: V, rows: A, timestamp: number) => R;
}

/** Finds a row as of a time. */
type Find = (key: string, atMs: number) => unknown;

class LookupAllLogic<V, A, R> implements StageLogic {
  private readonly held: HeldRecords<V> | null;
  private readonly lookups: readonly { readonly name: string; readonly keys: (value: V) => readonly string[]; readonly find: Find }[];

  constructor(
    private readonly stage: LookupAllStage<V, A, R>,
    private readonly context: StageContext,
  ) {
    this.held = stage.held === null ? null : new HeldRecords(stage.held, context, 1);
    this.lookups = stage.read.map(({ name, keys, table }) => ({ name, keys, find: finder(table, context) }));
  }

  onRecord(record: StreamRecord<string, unknown>, input: number): void {
    if (input !== 0) return;
    // The rows come from sources: their watermark decides, even where the stages before this one are still catching up with it.
    if (this.held === null || this.context.sourceWatermarkMs > record.timestamp) this.join(record as StreamRecord<string, V>);
    else this.held.hold(record);
  }

  onTimer(key: string, timeMs: number): void {
    const record = this.held!.release(key, timeMs);
    if (!this.context.muted) this.join(record);
  }

  private join(record: StreamRecord<string, V>): void {
    const { value, timestamp } = record;
    const rows = Object.fromEntries(this.lookups.map(({ name, keys, find }) => [name, found(keys(value), find, timestamp)]));
    this.context.emit(0, withValue(record, this.stage.join(value, rows as A, timestamp)));
  }
}

function found(keys: readonly string[], find: Find, atMs: number): ReadonlyMap<string, unknown> {
  const rows = new Map<string, unknown>();
  for (const key of keys) {
    const row = find(key, atMs);
    if (row !== undefined && row !== null) rows.set(key, row);
  }
  return rows;
}

function finder({ kind, store }: ReadTable, context: StageContext): Find {
  if (kind === 'global-table') {
    const rows = context.state(store);
    return (key) => rows.get(key);
  }
  const rows = context.state(store) as KeyedState<Versions<unknown>>;
  return (key, atMs) => rows.get(key)?.findLast((version) => version.fromMs <= atMs)?.value;
}
