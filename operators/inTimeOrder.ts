import { attachOne } from './attach.js';
import { HeldRecords, heldStore } from './held.js';
import type { Records } from './record.js';
import type { ValueSchema } from './schema.js';

/** What `inTimeOrder` holds. */
export interface InTimeOrderOptions<V> {
  /** Shape of the records that wait; a topic's own is `topicSchema(topic)`. */
  readonly value: ValueSchema<V>;
}

/**
 * Hands on the records of a key in order of event time, those of one time in order of arrival: each record of event time t
 * waits until watermark > t. What is made of them then saw exactly what happened up to t, whatever the order of arrival within the
 * lateness of the sources. A late record (watermark > t when it comes) goes on at once, behind those that left before it.
 *
 * Results wait as long as the sources may be late. Cost: the waiting records of a key in one row, with a timer each; made for keys of
 * which few records wait at a time, such as learners.
 *
 * @example
 * source(topics.events, { ...timed, latenessMs: 5 }).pipe(
 *   inTimeOrder('ordered', { value: eventSchema }),
 *   reduce('story', { state: schema.string, initial: '', reduce: (state, event) => state + event.tag }),
 * )
 * // <- ada@2 'b', ada@1 'a', ada@2 'c'
 * // -> nothing
 * // <- ada@8 'd'
 * // -> ada@1 'a'
 * // -> ada@2 'ab'
 * // -> ada@2 'abc'
 * // <- end
 * // -> ada@8 'abcd'
 */
export function inTimeOrder<K extends string, V>(id: string, options: InTimeOrderOptions<V>): (source: Records<K, V>) => Records<K, V> {
  const store = heldStore(`${id}/held`, options.value);
  return (source) =>
    attachOne([source], {
      id,
      kind: 'in-time-order',
      parameters: {},
      stores: [store],
      ports: ['out'],
      create: (context) => {
        const held = new HeldRecords(store, context, 1);
        return {
          onRecord: (record) => (context.watermarkMs > record.timestamp ? context.emit(0, record) : held.hold(record)),
          onTimer: (key, timeMs) => context.emit(0, held.release(key, timeMs)),
        };
      },
    });
}
