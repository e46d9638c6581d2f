import { throughInternalTopic } from './internalTopic.js';
import type { Records, StreamRecord } from './record.js';
import type { ValueSchema } from './schema.js';

export interface KeyByOptions<K extends string, V, K2 extends string> {
  readonly key: (value: V, record: StreamRecord<K, V>) => K2;
  /** Shape of the value on its way; only what later stages need should travel. */
  readonly value: ValueSchema<V>;
  /** Partitions of the repartition topic. Default: those of the topology's sources. */
  readonly partitions?: number;
}

/**
 * Gives every record a new key and moves it, through a repartition topic, to the task that owns that key: what follows
 * is a subtopology of its own. Event time stays. Order of records of one upstream task and new key stays; records of
 * several upstream tasks merge by stream time (see `docs/explanation/time.md`), never by chance of arrival.
 *
 * Cost: one write and one read of the value per record.
 */
export function keyBy<K extends string, V, K2 extends string>(id: string, options: KeyByOptions<K, V, K2>): (source: Records<K, V>) => Records<K2, V> {
  return (source) =>
    throughInternalTopic<K2, V, V>(source as unknown as Records<string, V>, {
      id,
      kind: 'repartition',
      value: options.value,
      partitions: options.partitions,
      keyOf: (record) => options.key(record.value, record as StreamRecord<K, V>),
      parameters: {},
    });
}
