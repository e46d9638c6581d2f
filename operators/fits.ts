import type { StreamRecord } from './record.js';

/**
 * What the end of a pipeline asks of a stream of `R` beside being one: nothing when they are records of key `K` and value
 * `V`, else a text, which the compiler prints, that says what does not fit. A plain parameter would have it print, in ten
 * levels, how two Observables differ.
 */
export type Fits<R, K extends string, V> = [R] extends [StreamRecord<K, V>] ? unknown : Misfit<R, K, V>;

type Misfit<R, K, V> =
  R extends StreamRecord<infer GivenKey, infer Given> ? ([GivenKey] extends [K] ? MisfitOfValue<Given, V> : 'the key has another type') : NoRecord<R>;

type NoRecord<R> = R extends PromiseLike<unknown> ? 'asynchronous work belongs in batch' : 'a pipeline passes records on: see withValue';

type MisfitOfValue<Given, Wanted> = {
  [N in keyof Wanted & string]: N extends keyof Given ? MisfitOfField<Given[N], Wanted[N], N> : `the field ${N} is missing`;
}[keyof Wanted & string];

type MisfitOfField<Given, Wanted, Name extends string> = [Given] extends [Wanted] ? never : `the field ${Name} has another type`;
