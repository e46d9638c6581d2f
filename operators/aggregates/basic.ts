import { schema, type ValueSchema } from '../schema.js';
import type { PanedAggregate } from './aggregate.js';
import { addExact, mergeExact, roundExact, type ExactSum } from './exactSum.js';

const exactSum: ValueSchema<ExactSum> = schema.avro(['double', { type: 'array', items: 'double' }]);

/**
 * Number of records. `result`: a whole number.
 *
 * @example
 * events.pipe(aggregate('total', { events: count() }))
 * // <- ada@1, ada@2, bob@3
 * // -> ada@1 { events: 1 }
 * // -> ada@2 { events: 2 }
 * // -> bob@3 { events: 1 }
 */
export function count<V>(): PanedAggregate<V, number, number> {
  return {
    name: 'count',
    paned: true,
    schema: schema.long,
    zero: () => 0,
    add: (total) => total + 1,
    merge: (a, b) => a + b,
    result: (total) => total,
  };
}

/**
 * Number of records for which `predicate` holds.
 *
 * @example
 * events.pipe(aggregate('total', { opened: countWhere((event) => event.tag === 'open') }))
 * // <- ada@1 'open', ada@2 'close'
 * // -> ada@1 { opened: 1 }
 * // -> ada@2 { opened: 1 }
 */
export function countWhere<V>(predicate: (value: V) => boolean): PanedAggregate<V, number, number> {
  return { ...count<V>(), name: 'countWhere', add: (total, value) => (predicate(value) ? total + 1 : total) };
}

/**
 * Exact sum of finite numbers, rounded once at the end; the order of records does not matter.
 *
 * @example
 * events.pipe(aggregate('total', { n: sum((event) => event.n) }))
 * // <- ada@1 1e16, ada@2 1, ada@3 -1e16
 * // -> ada@1 { n: 1e16 }
 * // -> ada@2 { n: 1e16 }
 * // -> ada@3 { n: 1 }
 */
export function sum<V>(of: (value: V) => number): PanedAggregate<V, ExactSum, number> {
  return {
    name: 'sum',
    paned: true,
    schema: exactSum,
    zero: () => 0,
    add: (total, value) => addExact(total, finite(of(value))),
    merge: mergeExact,
    result: roundExact,
  };
}

/** @throws RangeError for NaN and infinities: they would poison the sum for ever; the record goes to the dead letters instead */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`an aggregate takes finite numbers, not ${value}`);
  return value;
}

interface MeanState {
  readonly total: ExactSum;
  readonly count: number;
}

/**
 * Arithmetic mean (exact sum over count); `null` of nothing.
 *
 * @example
 * events.pipe(aggregate('total', { n: mean((event) => event.n) }))
 * // <- ada@1 1, ada@2 2
 * // -> ada@1 { n: 1 }
 * // -> ada@2 { n: 1.5 }
 */
export function mean<V>(of: (value: V) => number): PanedAggregate<V, MeanState, number | null> {
  return {
    name: 'mean',
    paned: true,
    schema: schema.record({ total: exactSum, count: schema.long }),
    zero: () => ({ total: 0, count: 0 }),
    add: (state, value) => ({ total: addExact(state.total, finite(of(value))), count: state.count + 1 }),
    merge: (a, b) => ({ total: mergeExact(a.total, b.total), count: a.count + b.count }),
    result: (state) => (state.count === 0 ? null : roundExact(state.total) / state.count),
  };
}

function extreme<V>(name: string, of: (value: V) => number, pick: (a: number, b: number) => number): PanedAggregate<V, number | null, number | null> {
  const merge = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : pick(a, b));
  return {
    name,
    paned: true,
    schema: schema.nullable(schema.double),
    zero: () => null,
    add: (best, value) => merge(best, finite(of(value))),
    merge,
    result: (best) => best,
  };
}

/**
 * Least value; `null` of nothing.
 *
 * @example
 * events.pipe(aggregate('total', { n: min((event) => event.n) }))
 * // <- ada@1 3, ada@2 5
 * // -> ada@1 { n: 3 }
 * // -> ada@2 { n: 3 }
 */
export const min = <V>(of: (value: V) => number): PanedAggregate<V, number | null, number | null> => extreme('min', of, Math.min);

/**
 * Greatest value; `null` of nothing.
 *
 * @example
 * events.pipe(aggregate('total', { n: max((event) => event.n) }))
 * // <- ada@1 3, ada@2 5
 * // -> ada@1 { n: 3 }
 * // -> ada@2 { n: 5 }
 */
export const max = <V>(of: (value: V) => number): PanedAggregate<V, number | null, number | null> => extreme('max', of, Math.max);

interface LastState<T> {
  readonly atMs: number;
  readonly value: T;
}

/**
 * The value with the greatest event time; of several at one time, the one processed last. `null` of nothing.
 *
 * @example
 * events.pipe(tumbling('tens', { sizeMs: 10, late: 'dead-letter' }, { tag: last((event) => event.tag, schema.string) }))
 * // <- ada@5 'newer', ada@3 'older'
 * // <- end
 * // -> ada@9 { window: { startMs: 0, endMs: 10 }, final: true, value: { tag: 'newer' } }
 */
export function last<V, T>(of: (value: V) => T, valueSchema: ValueSchema<T>): PanedAggregate<V, LastState<T> | null, T | null> {
  type State = LastState<T> | null;
  const merge = (a: State, b: State): State => (a === null || (b !== null && b.atMs >= a.atMs) ? b : a);
  return {
    name: 'last',
    paned: true,
    schema: schema.nullable(schema.record({ atMs: schema.long, value: valueSchema })),
    zero: () => null,
    add: (state, value, input) => merge(state, { atMs: input.timestamp, value: of(value) }),
    merge,
    result: (state) => state?.value ?? null,
  };
}
