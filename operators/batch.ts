import { assertCount } from './assert.js';
import { throughInternalTopic } from './internalTopic.js';
import type { Records, StreamRecord } from './record.js';
import type { ValueSchema } from './schema.js';

/** What a batch stage works on, and how. */
export interface BatchOptions<K extends string, V, R> {
  /** Shape of the values that wait for the work. */
  readonly value: ValueSchema<V>;
  /** Most records in one call of `run`. */
  readonly maxRecords: number;
  /**
   * The asynchronous work: one result per record, in order; an `Error` in a place sends that record to the dead letters.
   * A rejected promise makes the engine try the records one by one. Each result must depend on its own record alone,
   * since batches are cut anew on a restart.
   */
  readonly run: (records: readonly StreamRecord<K, V>[]) => Promise<readonly (R | Error)[]>;
}

/**
 * Maps records by asynchronous work (inference, look-ups), in batches, keeping their order. The records pass through
 * an internal topic, and the work is done by the task that reads it, between its merge and its synchronous part: so
 * batch boundaries never show in the output.
 *
 * @example
 * events.pipe(
 *   batch('scored', {
 *     value: eventSchema,
 *     maxRecords: 100,
 *     run: (records) => Promise.resolve(records.map(({ value }) => (value.n < 0 ? new RangeError('negative') : value.n * 2))),
 *   }),
 * )
 * // <- ada@1 5, ada@2 -1, ada@3 7
 * // -> ada@1 10
 * // -> dead letter ada@2 SFS_BATCH_FAILED
 * // -> ada@3 14
 * @throws SFS_DURATION when maxRecords is not a whole number above 0
 */
export function batch<K extends string, V, R>(id: string, options: BatchOptions<K, V, R>): (source: Records<K, V>) => Records<K, R> {
  assertCount('maxRecords', options.maxRecords);
  return (source) =>
    throughInternalTopic<K, V, R>(source, {
      id,
      kind: 'batch',
      value: options.value,
      partitions: undefined,
      batch: { stage: id, maxRecords: options.maxRecords, run: options.run as never },
      parameters: { maxRecords: options.maxRecords },
    });
}
