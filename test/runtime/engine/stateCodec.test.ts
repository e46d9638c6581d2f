import { describe, expect, it } from 'vitest';
import { schema, topicSchema, type ValueSchema } from '../../../operators/index.js';
import { StateCodec, withSingleDefinitions } from '../../../runtime/engine/stateCodec.js';
import { topics, type AvroSchema } from '../../../schemas/index.js';

const small = schema.record({ n: schema.long });
const wider = schema.record({ n: schema.long, note: schema.nullable(schema.string) });
const renamed = schema.record({ count: schema.long });

const codec = <S>(of: ValueSchema<S>, known: readonly AvroSchema[] = []): StateCodec<S> => new StateCodec('counts/rows', of, known);

describe('a state codec', () => {
  it('brings a row back as it was, behind the number of its schema', () => {
    const rows = codec(small);
    const bytes = rows.encode({ n: 12 });
    expect([...bytes]).toEqual([0, 24]);
    expect(rows.decode(bytes)).toEqual({ n: 12 });
  });

  it('takes rows larger than its scratch buffer', () => {
    const texts = codec(schema.record({ text: schema.string }));
    const row = { text: 'ä'.repeat(70_000) };
    const bytes = texts.encode(row);
    expect(bytes.length).toBe(140_000 + 4);
    expect(texts.decode(bytes)).toEqual(row);
    expect(texts.decode(texts.encode({ text: '' }))).toEqual({ text: '' });
  });

  it('numbers schemas in the order of their first use, and keeps the number of one that comes back', () => {
    const first = codec(small);
    const second = codec(wider, first.versions);
    const third = codec(small, second.versions);
    expect([first, second, third].map((one) => one.versions.length)).toEqual([1, 2, 2]);
    expect(second.encode({ n: 1, note: null })[0]).toBe(1);
    expect(third.encode({ n: 1 })[0]).toBe(0);
  });

  it('migrates a row of an older schema when it is read: new nullable fields are null', () => {
    const older = codec(small).encode({ n: 3 });
    expect(codec(wider, codec(small).versions).decode(older)).toEqual({ n: 3, note: null });
  });

  it('migrates back: fields that are gone are left out', () => {
    const before = codec(small);
    const after = codec(wider, before.versions);
    expect(codec(small, after.versions).decode(after.encode({ n: 3, note: 'x' }))).toEqual({ n: 3 });
  });

  it('reads rows of several older schemas side by side', () => {
    const one = codec(schema.long);
    const two = codec(schema.double, one.versions);
    const three = codec(schema.nullable(schema.double), two.versions);
    expect([one.encode(1), two.encode(2.5), three.encode(null)].map((bytes) => three.decode(bytes))).toEqual([1, 2.5, null]);
  });

  it('refuses a row that does not fit its schema, and names the store', () => {
    expect(() => codec(small).encode({ n: 'three' } as never)).toThrow(expect.objectContaining({ code: 'SFS_STATE_ENCODE' }));
    expect(() => codec(small).encode({} as never)).toThrow(/store counts\/rows/);
  });

  it('refuses rows of a schema that it cannot migrate, that it does not know, and damaged ones', () => {
    const older = codec(small);
    const refusal = (code: string): unknown => expect.objectContaining({ code });
    expect(() => codec(renamed, older.versions).decode(older.encode({ n: 1 }))).toThrow(refusal('SFS_STATE_SCHEMA'));
    expect(() => older.decode(Buffer.from([9, 2]))).toThrow(refusal('SFS_STATE_SCHEMA'));
    expect(() => older.decode(Buffer.from([0]))).toThrow(refusal('SFS_STATE_DECODE'));
    expect(() => older.decode(Buffer.from([0, 2, 2]))).toThrow(refusal('SFS_STATE_DECODE'));
  });

  it('refuses more schemas than a byte can number', () => {
    const known = Array.from({ length: 256 }, (_, n) => schema.record({ [`field${n}`]: schema.long }).avro);
    expect(codec(small, known.slice(1)).encode({ n: 1 })[0]).toBe(255);
    expect(() => codec(small, known)).toThrow(expect.objectContaining({ code: 'SFS_STATE_VERSIONS' }));
  });

  it('takes a named schema that stands twice in one row', () => {
    const click = topicSchema(topics.clicks);
    const pair = schema.record({ first: schema.nullable(click), last: schema.nullable(click) });
    const pairs = codec(pair);
    expect(pairs.decode(pairs.encode({ first: null, last: null }))).toEqual({ first: null, last: null });
  });
});

describe('withSingleDefinitions', () => {
  it('turns the second definition of a name into a reference, in unions, arrays, maps and fields', () => {
    const a = { type: 'record', name: 'A', namespace: 'x', fields: [{ name: 'n', type: 'long' }] };
    const twice = {
      type: 'record',
      name: 'B',
      fields: [
        { name: 'one', type: a },
        { name: 'two', type: ['null', a] },
        { name: 'three', type: { type: 'array', items: a } },
        { name: 'four', type: { type: 'map', values: a } },
      ],
    } as unknown as AvroSchema;
    expect(withSingleDefinitions(twice)).toEqual({
      type: 'record',
      name: 'B',
      fields: [
        { name: 'one', type: a },
        { name: 'two', type: ['null', 'x.A'] },
        { name: 'three', type: { type: 'array', items: 'x.A' } },
        { name: 'four', type: { type: 'map', values: 'x.A' } },
      ],
    });
  });
});
