import { attach } from '../attach.js';
import { withValue, type Records } from '../record.js';
import { connectRoute, routeParameter, sendAlong } from '../route.js';
import type { GlobalTable } from '../topology.js';
import { missOf, type JoinOptions } from './joinTable.js';

export interface LookupOptions<K extends string, V, K2 extends string> extends JoinOptions<K, V> {
  readonly key: (value: V) => K2;
}

/**
 * Joins each record with the row of a global table under a key taken from the value, as the table stands in the task's
 * merge order. Every task holds the whole table: for tables of up to some 100,000 rows.
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
      parameters: { table: table.store.name, miss: routeParameter(options.miss as never) },
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
