import { attach } from './attach.js';
import type { Records, StreamRecord } from './record.js';

type Predicates<K extends string, V> = Readonly<Record<string, (record: StreamRecord<K, V>) => boolean>>;

/** The name of what no branch took. */
interface NotOtherwise {
  readonly otherwise?: never;
}

/**
 * Splits a stream: each record goes to the first branch whose predicate holds, and to `otherwise` where none does.
 * Stateless.
 *
 * @example
 * const { big, otherwise } = branch('by-size', events, { big: (record) => record.value.n > 10 });
 * merge('sizes', big.pipe(map((record) => withValue(record, 'big'))), otherwise.pipe(map((record) => withValue(record, 'small'))))
 * // <- ada@1 50, ada@2 5
 * // -> ada@1 'big'
 * // -> ada@2 'small'
 */
export function branch<K extends string, V, P extends Predicates<K, V>>(
  id: string,
  source: Records<K, V>,
  predicates: P & Predicates<K, V> & NotOtherwise,
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
