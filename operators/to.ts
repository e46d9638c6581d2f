import type { Observable } from 'rxjs';
import { SkillForgeError, keyOf, type Topic } from '../schemas/index.js';
import { attach } from './attach.js';
import type { Fits } from './fits.js';
import type { StreamRecord } from './record.js';

/** The end of a pipeline. It takes records of key `K` and value `V`; the message of the compiler names the field that does not fit. */
export type Sink<K extends string, V> = <R>(source: Observable<R> & Fits<R, K, V>) => Observable<never>;

/**
 * Writes every record to a topic, with its key and event time; the end of a pipeline. The value must be the topic's
 * own type, the key its own key: anything else does not compile, and the message names the field. A record whose key is
 * not the one that its value gives goes to the dead letters, with SFS_KEY_MISMATCH: no reader of the topic could use it.
 * What is written becomes visible with the commit of the input that caused it, or not at all.
 *
 * @example
 * events.pipe(to(topics.derived))
 * // <- ada@1 5
 * // -> ada@1 { key: 'ada', atMs: 1, n: 5, tag: '' }
 */
export function to<K extends string, V>(topic: Topic<K, V>, id = `to-${topic.name}`): Sink<K, V> {
  return (source) =>
    attach([source], {
      id,
      kind: 'sink',
      parameters: { topic: topic.name },
      stores: [],
      ports: ['out'],
      target: topic,
      create: (context) => ({
        onRecord: (record) => {
          assertKey(topic, record);
          context.send(topic, record);
        },
      }),
    })[0] as unknown as Observable<never>;
}

function assertKey<K extends string, V>(topic: Topic<K, V>, { key, value }: StreamRecord<string, unknown>): void {
  if (value === null) return;
  const own = keyOf(topic, value as V);
  if (own !== key) throw new SkillForgeError('SFS_KEY_MISMATCH', `key "${key}" of a record for ${topic.name} is not the key in the value: "${own}"`);
}

/**
 * Marks keys of a topic as deleted: readers see a tombstone.
 *
 * @example
 * events.pipe(deleteFrom(topics.results))
 * // <- ada@1
 * // -> ada@1 null
 */
export function deleteFrom<K extends string>(topic: Topic<K, never> | Topic<K, unknown>, id = `delete-from-${topic.name}`): Sink<K, unknown> {
  return (source) =>
    attach([source], {
      id,
      kind: 'sink',
      parameters: { topic: topic.name, tombstones: true },
      stores: [],
      ports: ['out'],
      target: topic,
      create: (context) => ({ onRecord: (record) => context.send(topic, { ...record, value: null }) }),
    })[0] as unknown as Observable<never>;
}
