/** Folds of values by an aggregate alone, without a topology. */
import { expect } from 'vitest';
import type { Aggregate, AnyAggregate, PanedAggregate } from '../../../operators/index.js';

/** A value with the event time that it came at. */
export type Timed<V> = readonly [value: V, timestamp: number];

/** Values at event times 0, 1, 2, ... */
export const inTurn = <V>(values: readonly V[]): Timed<V>[] => values.map((value, timestamp) => [value, timestamp] as const);

/** The accumulator after some values. */
export function fold<V, A>(aggregate: Aggregate<V, A, unknown>, values: readonly Timed<V>[]): A {
  return values.reduce((state, [value, timestamp]) => aggregate.add(state, value, { key: 'k', timestamp }), aggregate.zero());
}

/** What an aggregate gives for values at event times 0, 1, 2, ... */
export function resultOf<V, R>(aggregate: AnyAggregate<V, R>, values: readonly V[]): R {
  return aggregate.result(fold(aggregate, inTurn(values)));
}

/** Splits values into three panes at every place. */
function panes<T>(values: readonly T[]): (readonly [readonly T[], readonly T[], readonly T[]])[] {
  const cuts = Array.from({ length: values.length + 1 }, (_, cut) => cut);
  return cuts.flatMap((first) =>
    cuts.filter((second) => second >= first).map((second) => [values.slice(0, first), values.slice(first, second), values.slice(second)] as const),
  );
}

/** `merge` is associative, `zero` neutral, and panes give what one fold over all values gives, wherever they are cut. */
export function expectPaned<V, A, R>(aggregate: PanedAggregate<V, A, R>, values: readonly Timed<V>[]): void {
  const whole = aggregate.result(fold(aggregate, values));
  const zero = aggregate.zero();
  for (const parts of panes(values)) {
    const [a, b, c] = parts.map((part) => fold(aggregate, part)) as [A, A, A];
    expect(aggregate.result(aggregate.merge(aggregate.merge(a, b), c))).toEqual(whole);
    expect(aggregate.result(aggregate.merge(a, aggregate.merge(b, c)))).toEqual(whole);
    expect(aggregate.result(aggregate.merge(zero, a))).toEqual(aggregate.result(a));
    expect(aggregate.result(aggregate.merge(a, zero))).toEqual(aggregate.result(a));
  }
}

/** Folding leaves the accumulators that it was given as they were: undo relies on it. */
export function expectImmutable<V, A>(aggregate: Aggregate<V, A, unknown>, values: readonly Timed<V>[]): void {
  const before = fold(aggregate, values);
  const copy = structuredClone(before);
  for (const [value, timestamp] of values) aggregate.add(before, value, { key: 'k', timestamp: timestamp + 1 });
  aggregate.merge?.(before, fold(aggregate, values));
  aggregate.result(before);
  expect(before).toEqual(copy);
}
