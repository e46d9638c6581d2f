import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { schema, type Infer, type ValueSchema } from '../../operators/index.js';
import { StateCodec } from '../../runtime/engine/stateCodec.js';
import type { LearnerId } from '../../schemas/index.js';

const codecOf = <T>(of: ValueSchema<T>): StateCodec<T> => new StateCodec('store', of, []);

/** What a value is after it was written and read. */
const kept = <T>(of: ValueSchema<T>, value: T): T => {
  const codec = codecOf(of);
  return codec.decode(codec.encode(value));
};

const failing = expect.objectContaining({ code: 'SFS_STATE_ENCODE' }) as Error;

describe('a schema of values', () => {
  it.each<[string, ValueSchema<unknown>, readonly unknown[], readonly unknown[]]>([
    ['string', schema.string, ['', 'é', '\u{1F600}'], [1, null, undefined]],
    ['boolean', schema.boolean, [true, false], [0, 'true']],
    ['long', schema.long, [0, -1, 2 ** 53 - 2, -(2 ** 52)], [0.5, 2 ** 53 - 1, -(2 ** 52) - 1, NaN, '1']],
    ['double', schema.double, [0.1, -0, 5e-324, 1.7976931348623157e308, Infinity], ['1', null]],
    ['bytes', schema.bytes, [Buffer.from([0, 255])], ['text']],
    ['branded', schema.branded<LearnerId>(), ['learner'], [1]],
    ['array', schema.array(schema.long), [[], [1, 2, 3]], [[0.5], [null], {}]],
    ['map', schema.map(schema.double), [{}, { a: 1, b: 2.5 }], [{ a: 'x' }]],
    ['nullable', schema.nullable(schema.string), [null, '', 'x'], [1, undefined]],
    ['record', schema.record({ n: schema.long, tags: schema.array(schema.string) }), [{ n: 1, tags: ['x'] }], [{ n: 1 }, { n: 1, tags: null }]],
    ['avro', schema.avro<number>('int'), [5], [0.5]],
  ])('keeps what fits and refuses what does not: %s', (_, of, fitting, unfit) => {
    for (const value of fitting) expect(kept(of, value)).toEqual(value);
    for (const value of unfit) expect(() => codecOf(of).encode(value)).toThrow(failing);
  });

  it('keeps any value of a nested shape', () => {
    const nested = schema.record({
      at: schema.long,
      by: schema.map(schema.array(schema.record({ weight: schema.double, note: schema.nullable(schema.string) }))),
    });
    const entry = fc.record({ weight: fc.double({ noNaN: true }), note: fc.option(fc.string({ unit: 'grapheme' })) });
    const values = fc.record({
      at: fc.integer(),
      by: fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        fc.array(entry, { maxLength: 3 }),
        { noNullPrototype: true },
      ),
    });
    fc.assert(
      fc.property(values, (value) => {
        expect(kept(nested, value)).toEqual(value);
      }),
    );
  });

  it('allows records within records, without names for them', () => {
    const point = schema.record({ x: schema.double, y: schema.double });
    const line = schema.record({ from: point, to: point });
    expect(kept(line, { from: { x: 0, y: 1 }, to: { x: 2, y: 3 } })).toEqual({ from: { x: 0, y: 1 }, to: { x: 2, y: 3 } });
  });

  it('reads rows that were written before a nullable field was added, which is null then', () => {
    const before = codecOf(schema.record({ n: schema.long }));
    const after = new StateCodec('store', schema.record({ n: schema.long, note: schema.nullable(schema.string) }), before.versions);
    expect(after.decode(before.encode({ n: 7 }))).toEqual({ n: 7, note: null });
  });

  it('gives nullable fields alone a default', () => {
    expect(schema.record({ n: schema.long, note: schema.nullable(schema.string) }).avro).toMatchObject({
      fields: [
        { name: 'n', type: 'long' },
        { name: 'note', type: ['null', 'string'], default: null },
      ],
    });
    expect(schema.record({ n: schema.long }).avro).not.toHaveProperty('fields.0.default');
  });

  it('has the type of its values', () => {
    const of = schema.record({ id: schema.branded<LearnerId>(), n: schema.nullable(schema.long), tags: schema.map(schema.array(schema.boolean)) });
    expectTypeOf<Infer<typeof of>>().toEqualTypeOf<{
      readonly id: LearnerId;
      readonly n: number | null;
      readonly tags: Readonly<Record<string, readonly boolean[]>>;
    }>();
    expect(of.avro).toHaveProperty('fields.0.name', 'id');
  });
});
