import { attach } from '../attach.js';
import { withValue, type Records } from '../record.js';
import { connectRoute, missOf, routeParameter, sendAlong } from '../route.js';
import type { GlobalTable } from '../topology.js';
import type { JoinOptions } from './joinTable.js';

/** Under which key a record looks for its row, and where misses go. */
export interface LookupOptions<K extends string, V, K2 extends string> extends JoinOptions<K, V> {
  /** Key of the row, from the value of the record. */
  readonly key: (value: V) => K2;
}

/**
 * Joins each record with the row of a global table under a key taken from the value, as the table stands in the task's
 * merge order. Every task holds the whole table: for tables of up to some 100,000 rows.
 *
 * @example
 * events.pipe(lookup('weighed', globalTable(topics.others, timed), { key: (event) => event.tag, miss: 'dead-letter' }, (event, row) => event.n * row.n))
 * // <- others: double@0 2
 * // <- ada@1 { n: 5, tag: 'double' }, bob@2 'triple'
 * // -> ada@1 10
 * // -> dead letter bob@2 SFS_MISS
 */
export function lookup<K extends string, V, K2 extends string, T, R>(
  id: string,
  table: GlobalTable<K2, T>,
  options: LookupOptions<K, V, K2>,
  join: (value: V, row: T, timestamp: number) => R,
): (source: Records<K, V>) => Records<K, R> {
  return (source) => {
    const outputs = attach([source, table.stage], {
      id,
      kind: 'lookup',
      parameters: { table: table.store.name, miss: routeParameter(options.miss) },
      stores: [],
      ports: ['out', 'miss'],
      create: (context) => {
        const rows = context.state(table.store);
        return {
          onRecord: (record, input) => {
            if (input !== 0) return;
            const key = options.key(record.value as V);
            const row = rows.get(key);
            if (row !== undefined) context.emit(0, withValue(record, join(record.value as V, row, record.timestamp)));
            else sendAlong(context, options.miss as never, 1, record, missOf(id, key, record.value as V));
          },
        };
      },
    });
    connectRoute(options.miss, outputs[1]);
    return outputs[0] as unknown as Records<K, R>;
  };
}
