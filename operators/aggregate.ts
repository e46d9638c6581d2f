import type { Aggregates, AnyAggregate } from './aggregates/aggregate.js';
import { combine } from './aggregates/combine.js';
import { attachOne } from './attach.js';
import { withValue, type Records } from './record.js';

/**
 * Aggregates all records of a key since the topology version began; one result per record, with its event time.
 * The interval is (-Infinity, now]: for anything bounded use a window.
 *
 * Cost: one row per key, for ever.
 */
export function aggregate<K extends string, V, P extends Record<string, unknown>>(
  id: string,
  aggregates: Aggregates<V, P>,
): (source: Records<K, V>) => Records<K, P> {
  const combined = combine<V, P>(aggregates as Readonly<Record<string, AnyAggregate<V, unknown>>>);
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
