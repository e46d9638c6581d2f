import { SkillForgeError } from '../../schemas/index.js';
import { schema, type ValueSchema } from '../schema.js';
import type { PanedAggregate } from './aggregate.js';
import { placeOf } from './placeOf.js';

/** An item with how often it came. */
export interface TopEntry {
  readonly item: string;
  readonly count: number;
}

/** Sorted by item, each once. */
type Counts = readonly TopEntry[];

/**
 * The `k` most frequent items with their exact counts, greatest first, ties by item (code unit order).
 * State: one count per distinct item of the pane or window; adding copies the list, so the cost of a record grows with
 * the number of distinct items per key and pane.
 *
 * @example
 * events.pipe(tumbling('tens', { sizeMs: 10, late: 'dead-letter' }, { top: topK(2, (event) => event.tag) }))
 * // <- ada@1 'b', ada@2 'c', ada@3 'b', ada@4 'a'
 * // <- end
 * // -> ada@9 { window: { startMs: 0, endMs: 10 }, final: true, value: { top: [{ item: 'b', count: 2 }, { item: 'a', count: 1 }] } }
 * @throws SFS_DURATION when k is not a whole number from 1 on; RangeError for a weight or count that is no safe whole number
 */
export function topK<V>(k: number, of: (value: V) => string, weight: (value: V) => number = () => 1): PanedAggregate<V, Counts, readonly TopEntry[]> {
  if (!Number.isInteger(k) || k < 1) throw new SkillForgeError('SFS_DURATION', `topK takes a whole number from 1 on, not ${k}`);
  return {
    name: 'topK',
    paned: true,
    parameters: { k },
    schema: schema.array(schema.record({ item: schema.string, count: schema.long })),
    zero: () => [],
    add: (counts, value) => plus(counts, of(value), weight(value)),
    merge: (a, b) => b.reduce((counts, { item, count }) => plus(counts, item, count), a),
    // Sorting is stable: ties stay in the order of items.
    result: (counts) => [...counts].sort((a, b) => b.count - a.count).slice(0, k),
  };
}

function plus(counts: Counts, item: string, n: number): Counts {
  const at = placeOf(counts.length, (index) => counts[index]!.item < item);
  const known = counts[at]?.item === item ? counts[at] : undefined;
  const count = (known?.count ?? 0) + n;
  if (!Number.isSafeInteger(n) || !Number.isSafeInteger(count))
    throw new RangeError(`topK counts in safe whole numbers, not ${n} more to make ${count}`);
  const copy = counts.slice();
  copy.splice(at, known ? 1 : 0, { item, count });
  return copy;
}

/**
 * Exact number of distinct values. State: the sorted values of the pane or window; adding a value already seen
 * costs O(log n), a new one O(n).
 *
 * @example
 * events.pipe(tumbling('tens', { sizeMs: 10, late: 'dead-letter' }, { tags: distinctCount((event) => event.tag) }))
 * // <- ada@1 'b', ada@2 'c', ada@3 'b'
 * // <- end
 * // -> ada@9 { window: { startMs: 0, endMs: 10 }, final: true, value: { tags: 2 } }
 */
export function distinctCount<V>(of: (value: V) => string): PanedAggregate<V, readonly string[], number> {
  return {
    name: 'distinctCount',
    paned: true,
    schema: schema.array(schema.string),
    zero: () => [],
    add: (seen, value) => insert(seen, of(value)),
    merge: union,
    result: (seen) => seen.length,
  };
}

function insert(sorted: readonly string[], value: string): readonly string[] {
  const at = placeOf(sorted.length, (index) => sorted[index]! < value);
  return sorted[at] === value ? sorted : [...sorted.slice(0, at), value, ...sorted.slice(at)];
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return [...new Set([...a, ...b])].sort((x, y) => (x < y ? -1 : x > y ? 1 : 0));
}

/**
 * All values as they came, a value for each record; across panes the earlier pane first. For what is sorted or chosen from when the
 * window closes. State: the values of the pane or window; adding copies the list of references.
 *
 * @example
 * events.pipe(tumbling('tens', { sizeMs: 10, late: 'dead-letter' }, { tags: list((event) => event.tag, schema.string) }))
 * // <- ada@1 'b', ada@2 'c', ada@3 'b'
 * // <- end
 * // -> ada@9 { window: { startMs: 0, endMs: 10 }, final: true, value: { tags: ['b', 'c', 'b'] } }
 */
export function list<V, T>(of: (value: V) => T, valueSchema: ValueSchema<T>): PanedAggregate<V, readonly T[], readonly T[]> {
  return {
    name: 'list',
    paned: true,
    schema: schema.array(valueSchema),
    zero: () => [],
    add: (values, value) => [...values, of(value)],
    merge: (earlier, later) => [...earlier, ...later],
    result: (values) => values,
  };
}
