import { attach } from './attach.js';
import { withValue, type Records } from './record.js';
import type { ReduceOptions } from './reduce.js';
import type { Table } from './topology.js';

/** A table that a topology makes itself, with the stream of its changes. */
export interface ReducedTable<K extends string, S> extends Table<K, S> {
  /** The state of a key after each record that did not delete it, with the event time of that record. */
  readonly changes: Records<K, S>;
}

/**
 * Folds the records of a key into one state, as `reduce` does, and keeps the states as a table that other stages of the task can read:
 * `joinTable`, `foreignKeyChanges`. `null` deletes the row. The row has changed before `changes` tells of it.
 *
 * Cost: one row per key.
 *
 * @example
 * const best = reduceTable('best', events, {
 *   state: schema.double,
 *   initial: 0,
 *   reduce: (state, event) => (event.tag === 'reset' ? null : Math.max(state, event.n)),
 * });
 * others.pipe(joinTable('against-best', best, { miss: 'dead-letter' }, (other, row) => other.n - row))
 * // <- ada@1 5, ada@2 3
 * // <- others: ada@3 7
 * // -> ada@3 2
 * // <- ada@4 'reset'
 * // <- others: ada@5 7
 * // -> dead letter ada@5 SFS_MISS
 */
export function reduceTable<K extends string, V, S>(id: string, source: Records<K, V>, options: ReduceOptions<V, S>): ReducedTable<K, S> {
  const store = { name: `${id}/state`, schema: options.state };
  const [changes, rows] = attach([source], {
    id,
    kind: 'reduce-table',
    parameters: { initial: options.initial },
    stores: [store],
    ports: ['out', 'rows'],
    create: (context) => {
      const states = context.state(store);
      return {
        onRecord: (record) => {
          const state = options.reduce(states.get(record.key) ?? options.initial, record.value as V, record.timestamp);
          if (state === null) states.delete(record.key);
          else states.put(record.key, state);
          context.emit(1, withValue(record, state));
          if (state !== null) context.emit(0, withValue(record, state));
        },
      };
    },
  });
  return { kind: 'table', store, stage: rows, changes } as unknown as ReducedTable<K, S>;
}
