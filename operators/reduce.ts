import { attachOne } from './attach.js';
import { withValue, type Records } from './record.js';
import type { ValueSchema } from './schema.js';

/** The state that `reduce` keeps for each key, and how a record changes it. */
export interface ReduceOptions<V, S> {
  /** Shape of the state; a field added as nullable migrates by itself. */
  readonly state: ValueSchema<S>;
  /** State of a key before its first record. */
  readonly initial: S;
  /** Must be pure and return a new state; `null` forgets the key (and publishes nothing). */
  readonly reduce: (state: S, value: V, timestamp: number) => S | null;
}

/**
 * Folds the records of a key into one state; publishes the state after each record, with its event time.
 * Order of folding is the task's merge order.
 *
 * @example
 * events.pipe(
 *   reduce('best', {
 *     state: schema.record({ best: schema.double }),
 *     initial: { best: 0 },
 *     reduce: (state, event) => (event.tag === 'reset' ? null : { best: Math.max(state.best, event.n) }),
 *   }),
 * )
 * // <- ada@1 5, ada@2 3, ada@3 'reset', ada@4 1
 * // -> ada@1 { best: 5 }
 * // -> ada@2 { best: 5 }
 * // -> ada@4 { best: 1 }
 */
export function reduce<K extends string, V, S>(id: string, options: ReduceOptions<V, S>): (source: Records<K, V>) => Records<K, S> {
  const store = { name: `${id}/state`, schema: options.state };
  return (source) =>
    attachOne([source], {
      id,
      kind: 'reduce',
      parameters: { initial: options.initial },
      stores: [store],
      ports: ['out'],
      create: (context) => {
        const rows = context.state(store);
        return {
          onRecord: (record) => {
            const state = options.reduce(rows.get(record.key) ?? options.initial, record.value as V, record.timestamp);
            if (state === null) return rows.delete(record.key);
            rows.put(record.key, state);
            context.emit(0, withValue(record, state));
          },
        };
      },
    });
}
