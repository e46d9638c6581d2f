import type { Aggregates } from './aggregates/aggregate.js';
import { combine } from './aggregates/combine.js';
import { attachOne } from './attach.js';
import { withValue, type Records } from './record.js';

/**
 * Aggregates all records of a key since the topology version began; one result per record, with its event time.
 * The interval is (-Infinity, now]: for anything bounded use a window.
 *
 * Cost: one row per key, for ever.
 *
 * @example
 * events.pipe(aggregate('total', { events: count(), n: sum((event) => event.n) }))
 * // <- ada@1 5, bob@2 7, ada@3 1
 * // -> ada@1 { events: 1, n: 5 }
 * // -> bob@2 { events: 1, n: 7 }
 * // -> ada@3 { events: 2, n: 6 }
 */
export function aggregate<K extends string, V, P extends Record<string, unknown>>(
  id: string,
  aggregates: Aggregates<V, P>,
): (source: Records<K, V>) => Records<K, P> {
  const combined = combine<V, P>(aggregates);
  const store = { name: `${id}/totals`, schema: combined.schema };
  return (source) =>
    attachOne([source], {
      id,
      kind: 'aggregate',
      parameters: { aggregates: combined.parameters },
      stores: [store],
      ports: ['out'],
      create: (context) => {
        const rows = context.state(store);
        return {
          onRecord: (record) => {
            const state = combined.add(rows.get(record.key) ?? combined.zero(), record.value as V, record);
            rows.put(record.key, state);
            context.emit(0, withValue(record, combined.result(state)));
          },
        };
      },
    });
}
