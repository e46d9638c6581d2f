import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalSchemaIds, schemaCodec, schemaOf, selfContained, topics, type AvroRecord, type Topic } from '../../../schemas/index.js';
import { JsonValues } from '../../../scripts/commands/jsonValues.js';
import { jsonOf } from '../../../scripts/commands/output.js';
import { arbitraryValue } from '../../schemas/arbitrary-value.js';

const INNER = { type: 'record', name: 'Inner', fields: [{ name: 'n', type: 'long', default: 7 }] } as const;
const SCHEMA: AvroRecord = {
  type: 'record',
  name: 'Sample',
  namespace: 'example',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'bytes', type: ['null', 'bytes'], default: null },
    { name: 'inner', type: INNER, default: {} },
    { name: 'more', type: { type: 'array', items: 'Inner' }, default: [] },
    { name: 'named', type: { type: 'map', values: 'example.Inner' }, default: {} },
  ],
};
const read = (text: string): unknown => new JsonValues(SCHEMA).read(Buffer.from(text));

describe('a line of JSON', () => {
  it('takes the defaults of what it leaves out, in definitions that are used again too, and bytes from base64', () => {
    expect(read('{ "id": "a" }')).toEqual({ id: 'a', bytes: null, inner: { n: 7 }, more: [], named: {} });
    expect(read('{ "id": "a", "bytes": "aGk=", "more": [{}], "named": { "x": { "n": 1 } } }')).toEqual({
      id: 'a',
      bytes: Buffer.from('hi'),
      inner: { n: 7 },
      more: [{ n: 7 }],
      named: { x: { n: 1 } },
    });
  });

  it('keeps a null, and leaves what is missing to the codec', () => {
    expect(read('{ "id": null, "bytes": null }')).toMatchObject({ id: null, bytes: null });
    expect(read('{}')).toMatchObject({ id: undefined });
  });

  it('is refused with a field that the schema does not have, by its path', () => {
    expect(() => read('{ "idd": "a" }')).toThrow('the schema has no field "idd"');
    expect(() => read('{ "id": "a", "more": [{}, { "m": 1 }] }')).toThrow('the schema has no field "more[1].m"');
  });

  it.each([
    ['{ "id": "Ada Lovelace', /^the line is no JSON/],
    ['[1]', /^the line is no JSON object$/],
    ['"Ada Lovelace"', /^the line is no JSON object$/],
  ])('that is %s is refused, without its text in the reason: it may be personal', (text, message) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: 'SFS_LINE_INVALID', message: expect.stringMatching(message) as string }) as Error,
    );
    expect(() => read(text)).not.toThrow(/Ada/);
  });
});

describe('a line that was refused', () => {
  const kept = (text: string): string => new JsonValues(SCHEMA).withoutUnknown(Buffer.from(text)).toString();

  it('is kept without the fields that the schema does not have, and what is in them', () => {
    expect(kept('{ "more": [{ "n": 1, "mail": "ada@x" }, "b"], "id": "a", "mail": "ada@x" }')).toBe('{"more":[{"n":1},"b"],"id":"a"}');
    expect(
      kept('{ "id": { "mail": "ada@x" }, "bytes": { "mail": "ada@x" }, "inner": ["ada@x"], "named": { "x": { "n": 1, "mail": "ada@x" } } }'),
    ).toBe('{"named":{"x":{"n":1}}}');
  });

  it.each(['{ "bytes": null,  "id": 7 }', '{ "inner": { "n": "x" }, "id": "a" }', '{ "id": "Ada', '["a"]'])(
    'stays as it is without any: %s',
    (text) => {
      expect(kept(text)).toBe(text);
    },
  );
});

describe('what `topics read` prints of a record', () => {
  const written: readonly Topic<string, unknown>[] = [topics.clicks, topics.quizResults, topics.lmsEvents, topics.catalogue, topics.profiles];

  it.each(written.map((topic) => [topic.name, topic] as const))('can be written again: %s', (_, topic) => {
    const codec = schemaCodec(topic, LocalSchemaIds.withAccepted());
    const values = new JsonValues(schemaOf(topic));
    fc.assert(
      fc.property(arbitraryValue(selfContained(schemaOf(topic))).map(tame), (value) => {
        const bytes = codec.encode(value);
        expect(codec.encode(values.read(Buffer.from(jsonOf(codec.decode(bytes)))))).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });
});

/** JSON has no infinity and no negative zero. */
function tame(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : 1;
  if (Array.isArray(value)) return value.map(tame);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, tame(part)]));
}
