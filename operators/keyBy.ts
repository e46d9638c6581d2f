import { assertCount } from './assert.js';
import { throughInternalTopic } from './internalTopic.js';
import type { Records, StreamRecord } from './record.js';
import type { ValueSchema } from './schema.js';

/** The new key, and the shape in which records travel to its task. */
export interface KeyByOptions<K extends string, V, K2 extends string> {
  /** The new key of a record. */
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
 *
 * @example
 * events.pipe(
 *   keyBy('by-tag', { key: (event) => event.tag, value: eventSchema }),
 *   aggregate('total', { n: sum((event) => event.n) }),
 * )
 * // <- ada@1 { n: 1, tag: 'x' }, bob@2 { n: 2, tag: 'x' }, ada@3 { n: 4, tag: 'y' }
 * // -> x@1 { n: 1 }
 * // -> x@2 { n: 3 }
 * // -> y@3 { n: 4 }
 * @throws SFS_DURATION when partitions is not a whole number above 0
 */
export function keyBy<K extends string, V, K2 extends string>(
  id: string,
  options: KeyByOptions<K, V, K2>,
): (source: Records<K, V>) => Records<K2, V> {
  if (options.partitions !== undefined) assertCount('partitions', options.partitions);
  return (source) =>
    throughInternalTopic<K2, V, V>(source, {
      id,
      kind: 'repartition',
      value: options.value,
      partitions: options.partitions,
      keyOf: (record) => options.key(record.value, record as StreamRecord<K, V>),
      parameters: {},
    });
}
