import { attach } from '../attach.js';
import { withValue, type Records } from '../record.js';
import { connectRoute, missOf, routeParameter, sendAlong, type Route } from '../route.js';
import type { Table } from '../topology.js';

/** What every join with a table must say. */
export interface JoinOptions<K extends string, V> {
  /** Where records go that find no row. */
  readonly miss: Route<K, V>;
}

/**
 * Joins each record with the row of its key as it stands in the task's merge order: every update whose stream time is
 * before the record's has been seen. Updates do not cause output. Keys of both sides must be of one type, and both
 * topics have the same number of partitions (`plan` checks).
 *
 * @example
 * events.pipe(joinTable('named', table(topics.others, timed), { miss: 'dead-letter' }, (event, row) => `${row.tag} ${event.n}`))
 * // <- others: ada@0 'Ada'
 * // <- ada@1 5, bob@2 7
 * // -> ada@1 'Ada 5'
 * // -> dead letter bob@2 SFS_MISS
 * // <- others: ada@3 'Countess'
 * // <- ada@4 8
 * // -> ada@4 'Countess 8'
 */
export function joinTable<K extends string, V, T, R>(
  id: string,
  table: Table<K, T>,
  options: JoinOptions<K, V>,
  join: (value: V, row: T, timestamp: number) => R,
): (source: Records<K, V>) => Records<K, R> {
  return (source) => {
    const outputs = attach([source, table.stage], {
      id,
      kind: 'join-table',
      parameters: { table: table.store.name, miss: routeParameter(options.miss) },
      stores: [],
      ports: ['out', 'miss'],
      create: (context) => {
        const rows = context.state(table.store);
        return {
          onRecord: (record, input) => {
            if (input !== 0) return;
            const row = rows.get(record.key);
            if (row !== undefined) context.emit(0, withValue(record, join(record.value as V, row, record.timestamp)));
            else sendAlong(context, options.miss as Route<never, V>, 1, record, missOf(id, record.key, record.value as V));
          },
        };
      },
    });
    connectRoute(options.miss, outputs[1]);
    return outputs[0] as unknown as Records<K, R>;
  };
}
