import type { ValueSchema } from '../schema.js';

/** What an aggregate may know of the record besides its value. */
export interface AggregateInput {
  readonly key: string;
  /** Event time, ms. */
  readonly timestamp: number;
}

/**
 * Folds values of type `V` into an accumulator `A` and reads a result `R` from it. Accumulators are immutable.
 *
 * An aggregate with `merge` can be kept in panes: `merge` is associative, its left side the earlier pane, and
 * `zero()` is its neutral element. One without (`paned: false`) is refused by hopping windows, in its type.
 */
export interface Aggregate<V, A, R> {
  readonly name: string;
  readonly paned: boolean;
  readonly schema: ValueSchema<A>;
  zero(): A;
  add(accumulator: A, value: V, input: AggregateInput): A;
  merge?(earlier: A, later: A): A;
  result(accumulator: A): R;
  /** Parameters that `plan` compares. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** An aggregate whose accumulators merge: it can be kept in panes, and in sessions that grow together. */
export interface PanedAggregate<V, A, R> extends Aggregate<V, A, R> {
  readonly paned: true;
  merge(earlier: A, later: A): A;
}

/** Any paned aggregate over `V` with result `R`, whatever its accumulator. */
export type Paned<V, R> = PanedAggregate<V, unknown, R>;
/** Any aggregate over `V` with result `R`, paned or not. */
export type AnyAggregate<V, R> = Aggregate<V, unknown, R>;

/** Aggregates by name: the results form a record of the same names. */
export type Aggregates<V, P extends Record<string, unknown>> = { readonly [N in keyof P]: AnyAggregate<V, P[N]> };
/** Paned aggregates by name: the results form a record of the same names. */
export type PanedAggregates<V, P extends Record<string, unknown>> = { readonly [N in keyof P]: Paned<V, P[N]> };
