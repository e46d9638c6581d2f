import { describe, expect, it } from 'vitest';
import { combine } from '../../../operators/aggregates/combine.js';
import { count, ewma, last, max, schema, sum, topK } from '../../../operators/index.js';

interface Totals {
  readonly n: number;
  readonly sum: number;
}
const combined = combine<number, Totals>({ n: count<number>(), sum: sum<number>((value) => value) });
const at = (timestamp: number) => ({ key: 'k', timestamp });
const stretch = (startMs: number, ...values: readonly number[]) => ({
  startMs,
  state: values.reduce((state, value) => combined.add(state, value, at(startMs)), combined.zero()),
});

describe('several aggregates as one', () => {
  it('fold and read by name', () => {
    const { state } = stretch(0, 2, 3);
    expect(state).toEqual({ n: 2, sum: 5 });
    expect(combined.result(state)).toEqual({ n: 2, sum: 5 });
    expect(combined.result(combined.zero())).toEqual({ n: 0, sum: 0 });
    expect(combined.result(combined.merge(state, stretch(1, 4).state))).toEqual({ n: 3, sum: 9 });
  });

  it('keep their accumulators in a record of their names', () => {
    expect(combined.schema.avro).toMatchObject({ type: 'record', fields: [{ name: 'n' }, { name: 'sum' }] });
  });

  it('can be paned when each can', () => {
    expect(combined.paned).toBe(true);
    expect(combine<number, unknown>({ n: count<number>(), recent: ewma<number>((value) => value, 5) }).paned).toBe(false);
  });

  it('name what plan compares', () => {
    const of = combine<string, unknown>({
      top: topK<string>(3, (item) => item),
      n: count<string>(),
      last: last<string, string>((value) => value, schema.string),
    });
    expect(of.parameters).toEqual({ top: { aggregate: 'topK', k: 3 }, n: { aggregate: 'count' }, last: { aggregate: 'last' } });
  });

  it('know key and event time of a record', () => {
    const seen: unknown[] = [];
    const spy = { ...count<number>(), add: (n: number, _: number, input: unknown) => (seen.push(input), n + 1) };
    combine<number, unknown>({ spy }).add({ spy: 0 }, 7, at(5));
    expect(seen).toEqual([{ key: 'k', timestamp: 5 }]);
  });
});

describe('results over stretches', () => {
  const stretches = [stretch(0, 1), stretch(10, 2, 3), stretch(25, 4)];

  it('take those that start in [end - size, end) for each size', () => {
    expect(combined.results(stretches, 30, [5, 10, 20, 30])).toEqual([
      { n: 1, sum: 4 },
      { n: 1, sum: 4 },
      { n: 3, sum: 9 },
      { n: 4, sum: 10 },
    ]);
    expect(combined.results(stretches, 25, [10, 15, 16])).toEqual([null, { n: 2, sum: 5 }, { n: 2, sum: 5 }]);
  });

  it('are null where there is none', () => {
    expect(combined.results([], 10, [5, 10])).toEqual([null, null]);
    expect(combined.results(stretches, 0, [100])).toEqual([null]);
    expect(combined.results(stretches, 100, [10, 76])).toEqual([null, { n: 1, sum: 4 }]);
  });

  it('merge each stretch once, the earlier on the left', () => {
    const merges: string[] = [];
    const words = combine<string, { text: string }>({
      text: {
        ...max<string>(() => 0),
        schema: schema.string,
        zero: () => '',
        add: (text: string, word: string) => text + word,
        merge: (earlier: string, later: string) => (merges.push(`${earlier}|${later}`), earlier + later),
        result: (text: string) => text,
      },
    });
    const parts = ['a', 'b', 'c'].map((text, index) => ({ startMs: index, state: { text } }));
    expect(words.results(parts, 3, [1, 2, 3])).toEqual([{ text: 'c' }, { text: 'bc' }, { text: 'abc' }]);
    expect(merges).toEqual(['b|c', 'a|bc']);
  });
});
