import { attachOne } from './attach.js';
import type { Records } from './record.js';

/**
 * All records of two to four streams of one key type, in the task's merge order; values may be of several types. Stateless.
 *
 * @example
 * merge('both', events, others).pipe(map((record) => withValue(record, record.value.n)))
 * // <- ada@2 2
 * // <- others: ada@1 1
 * // -> ada@1 1
 * // -> ada@2 2
 */
export function merge<K extends string, A, B = A, C = A, D = A>(
  id: string,
  first: Records<K, A>,
  second: Records<K, B>,
  third?: Records<K, C>,
  fourth?: Records<K, D>,
): Records<K, A | B | C | D> {
  const streams = [first, second, ...(third ? [third] : []), ...(fourth ? [fourth] : [])];
  return attachOne(streams, {
    id,
    kind: 'merge',
    parameters: {},
    stores: [],
    ports: ['out'],
    create: (context) => ({ onRecord: (record) => context.emit(0, record) }),
  });
}
