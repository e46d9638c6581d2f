import type { Observable } from 'rxjs';
import type { Topic } from '../schemas/index.js';
import { attach } from './attach.js';
import type { Records } from './record.js';

/**
 * Writes every record to a topic, with its key and event time; the end of a pipeline. The value must be the topic's
 * own type, the key its own key: anything else does not compile. What is written becomes visible with the commit of
 * the input that caused it, or not at all.
 */
export function to<K extends string, V>(topic: Topic<K, V>, id = `to-${topic.name}`): (source: Records<K, V>) => Observable<never> {
  return (source) =>
    attach([source], {
      id,
      kind: 'sink',
      parameters: { topic: topic.name },
      stores: [],
      ports: ['out'],
      target: topic as Topic<string, unknown>,
      create: (context) => ({ onRecord: (record) => context.send(topic as Topic<string, unknown>, record) }),
    })[0] as unknown as Observable<never>;
}

/** Marks keys of a topic as deleted: readers see a tombstone. */
export function deleteFrom<K extends string>(topic: Topic<K, never> | Topic<K, unknown>, id = `delete-from-${topic.name}`): (source: Records<K, unknown>) => Observable<never> {
  return (source) =>
    attach([source], {
      id,
      kind: 'sink',
      parameters: { topic: topic.name, tombstones: true },
      stores: [],
      ports: ['out'],
      target: topic as Topic<string, unknown>,
      create: (context) => ({ onRecord: (record) => context.send(topic as Topic<string, unknown>, { ...record, value: null }) }),
    })[0] as unknown as Observable<never>;
}
