import { attach } from './attach.js';
import type { Records, StreamRecord } from './record.js';

type Predicates<K extends string, V> = Readonly<Record<string, (record: StreamRecord<K, V>) => boolean>>;

/**
 * Splits a stream: each record goes to the first branch whose predicate holds, and to `otherwise` where none does.
 * Stateless.
 */
export function branch<K extends string, V, P extends Predicates<K, V>>(
  id: string,
  source: Records<K, V>,
  predicates: P & Predicates<K, V>,
): { readonly [N in keyof P | 'otherwise']: Records<K, V> } {
  const names = [...Object.keys(predicates), 'otherwise'];
  const tests = Object.values(predicates);
  const outputs = attach([source], {
    id,
    kind: 'branch',
    parameters: { branches: names },
    stores: [],
    ports: names,
    create: (context) => ({
      onRecord: (record) => {
        const found = tests.findIndex((test) => test(record as StreamRecord<K, V>));
        context.emit(found < 0 ? tests.length : found, record);
      },
    }),
  });
  return Object.fromEntries(names.map((name, port) => [name, outputs[port]])) as never;
}
