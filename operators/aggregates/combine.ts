import { schema, type ValueSchema } from '../schema.js';
import type { AggregateInput, AnyAggregate } from './aggregate.js';

/** Accumulators of several aggregates by name. */
export type Accumulators = Readonly<Record<string, unknown>>;

/** Accumulators of a stretch of event time. */
export interface Stretch {
  readonly startMs: number;
  readonly state: Accumulators;
}

/** Several named aggregates as one: accumulators and results are records of the names. */
export interface Combined<V, P> {
  readonly schema: ValueSchema<Accumulators>;
  readonly paned: boolean;
  readonly parameters: Readonly<Record<string, unknown>>;
  zero(): Accumulators;
  add(accumulators: Accumulators, value: V, input: AggregateInput): Accumulators;
  merge(earlier: Accumulators, later: Accumulators): Accumulators;
  result(accumulators: Accumulators): P;
  /**
   * Results over the stretches (ascending) that start in [endMs - size, endMs), for each size (ascending); `null` where
   * there is none. Each stretch is merged once, however many sizes hold it.
   */
  results(stretches: readonly Stretch[], endMs: number, sizesMs: readonly number[]): (P | null)[];
}

type Part = AnyAggregate<never, unknown>;

/** State is a record of the aggregates' names, so Avro resolution carries the others over when one is added or removed. */
export function combine<V, P>(aggregates: Readonly<Record<string, AnyAggregate<V, unknown>>>): Combined<V, P> {
  return new NamedAggregates<V, P>(Object.keys(aggregates), Object.values(aggregates));
}

/** Loops instead of callbacks: this runs for every record and every window. */
class NamedAggregates<V, P> implements Combined<V, P> {
  readonly schema: ValueSchema<Accumulators>;
  readonly paned: boolean;
  readonly parameters: Readonly<Record<string, unknown>>;

  constructor(
    private readonly names: readonly string[],
    private readonly parts: readonly Part[],
  ) {
    const named = <T>(of: (part: Part) => T): Record<string, T> => Object.fromEntries(names.map((name, index) => [name, of(parts[index]!)]));
    this.schema = schema.record(named((part) => part.schema));
    this.paned = parts.every((part) => part.paned);
    this.parameters = named((part) => ({ aggregate: part.name, ...part.parameters }));
  }

  readonly zero = (): Accumulators => {
    const zeros: Record<string, unknown> = {};
    for (let index = 0; index < this.parts.length; index++) zeros[this.names[index]!] = this.parts[index]!.zero();
    return zeros;
  };

  add(accumulators: Accumulators, value: V, input: AggregateInput): Accumulators {
    const added: Record<string, unknown> = {};
    for (let index = 0; index < this.parts.length; index++) {
      const name = this.names[index]!;
      added[name] = this.parts[index]!.add(accumulators[name], value as never, input);
    }
    return added;
  }

  merge(earlier: Accumulators, later: Accumulators): Accumulators {
    const merged: Record<string, unknown> = {};
    for (let index = 0; index < this.parts.length; index++) {
      const name = this.names[index]!;
      merged[name] = this.parts[index]!.merge!(earlier[name], later[name]);
    }
    return merged;
  }

  result(accumulators: Accumulators): P {
    const results: Record<string, unknown> = {};
    for (let index = 0; index < this.parts.length; index++) {
      const name = this.names[index]!;
      results[name] = this.parts[index]!.result(accumulators[name]);
    }
    return results as P;
  }

  results(stretches: readonly Stretch[], endMs: number, sizesMs: readonly number[]): (P | null)[] {
    let next = stretches.length - 1;
    while (next >= 0 && stretches[next]!.startMs >= endMs) next--;
    let merged: Accumulators | null = null;
    let last: P | null = null;
    return sizesMs.map((sizeMs) => {
      const before = next;
      for (; next >= 0 && stretches[next]!.startMs >= endMs - sizeMs; next--) {
        const { state } = stretches[next]!;
        merged = merged === null ? state : this.merge(state, merged);
      }
      if (next !== before) last = this.result(merged!);
      return last;
    });
  }
}
