import type { Observable } from 'rxjs';

/** One element of a stream: what RxJS operators see. Immutable; `map` a new one instead of changing it. */
export interface StreamRecord<K extends string, V> {
  readonly key: K;
  readonly value: V;
  /** Event time, ms since epoch (UTC). */
  readonly timestamp: number;
}

/** A stream of keyed records: what sources give and every operator takes. */
export type Records<K extends string, V> = Observable<StreamRecord<K, V>>;

/**
 * The same key and event time with another value.
 *
 * @example
 * events.pipe(map((record) => withValue(record, record.value.n * 2)))
 * // <- ada@1 5
 * // -> ada@1 10
 */
export function withValue<K extends string, V>(record: StreamRecord<K, unknown>, value: V): StreamRecord<K, V> {
  return { key: record.key, value, timestamp: record.timestamp };
}

/** Where the input record came from that is being processed; the identity of everything derived from it. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}
