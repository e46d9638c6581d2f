import { assertPositive } from '../assert.js';
import { schema } from '../schema.js';
import type { Aggregate } from './aggregate.js';

interface EwmaState {
  /** Weighted sum and sum of weights, both as of `atMs`. */
  readonly weighted: number;
  readonly weights: number;
  readonly atMs: number;
}

/**
 * Mean weighted by age: a value of event time t weighs 2^(-(T - t) / halfLifeMs), T the greatest event time seen.
 * Rounding depends on the order of records, so it is not paned: hopping windows refuse it in its type; tumbling windows
 * and unwindowed aggregates take it (sessions merge, so they refuse it too). `null` of nothing.
 *
 * @example
 * events.pipe(aggregate('total', { n: ewma((event) => event.n, 10) }))
 * // <- ada@0 0, ada@10 3
 * // -> ada@0 { n: 0 }
 * // -> ada@10 { n: 2 }
 * @throws SFS_DURATION
 */
export function ewma<V>(of: (value: V) => number, halfLifeMs: number): Aggregate<V, EwmaState, number | null> & { readonly paned: false } {
  assertPositive('halfLifeMs', halfLifeMs);
  return {
    name: 'ewma',
    paned: false,
    parameters: { halfLifeMs },
    schema: schema.record({ weighted: schema.double, weights: schema.double, atMs: schema.long }),
    zero: () => ({ weighted: 0, weights: 0, atMs: 0 }),
    add: (state, value, { timestamp }) => addDecayed(state, of(value), timestamp, halfLifeMs),
    result: (state) => (state.weights === 0 ? null : state.weighted / state.weights),
  };
}

function addDecayed(state: EwmaState, value: number, timestamp: number, halfLifeMs: number): EwmaState {
  if (!Number.isFinite(value)) throw new RangeError(`an aggregate takes finite numbers, not ${value}`);
  if (state.weights === 0) return { weighted: value, weights: 1, atMs: timestamp };
  const atMs = Math.max(state.atMs, timestamp);
  const keep = 2 ** ((state.atMs - atMs) / halfLifeMs);
  const weight = 2 ** ((timestamp - atMs) / halfLifeMs);
  const weighted = state.weighted * keep + value * weight;
  if (!Number.isFinite(weighted)) throw new RangeError('a weighted sum is beyond the range of numbers');
  return { weighted, weights: state.weights * keep + weight, atMs };
}
