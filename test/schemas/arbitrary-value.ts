import fc from 'fast-check';
import { fullName, isUnion, type AvroRecord, type AvroSchema } from '../../schemas/index.js';

type Names = ReadonlyMap<string, AvroSchema>;

/** Values of a self-contained schema, unions unwrapped. */
export function arbitraryValue(schema: AvroSchema): fc.Arbitrary<unknown> {
  return valueOf(schema, collectNames(schema, new Map()));
}

function collectNames(schema: AvroSchema, names: Map<string, AvroSchema>): Map<string, AvroSchema> {
  if (typeof schema === 'string') return names;
  if (isUnion(schema)) for (const branch of schema) collectNames(branch, names);
  else if (schema.type === 'array') collectNames(schema.items, names);
  else if (schema.type === 'map') collectNames(schema.values, names);
  else if (schema.type === 'record') {
    names.set(fullName(schema, 'eu.skillforge'), schema);
    for (const field of schema.fields) collectNames(field.type, names);
  }
  return names;
}

const primitives: Readonly<Record<string, () => fc.Arbitrary<unknown>>> = {
  null: () => fc.constant(null),
  boolean: () => fc.boolean(),
  int: () => fc.integer(),
  long: () => fc.integer({ min: -(2 ** 52), max: Number.MAX_SAFE_INTEGER - 1 }),
  float: () => fc.float({ noNaN: true }),
  double: () => fc.double({ noNaN: true }),
  string: () => fc.string({ unit: 'grapheme' }),
  bytes: () => fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
};

function valueOf(schema: AvroSchema, names: Names): fc.Arbitrary<unknown> {
  if (typeof schema === 'string') return primitives[schema]?.() ?? valueOf(names.get(schema) as AvroSchema, names);
  if (isUnion(schema)) return fc.oneof(...schema.map((branch) => valueOf(branch, names)));
  if (schema.type === 'array') return fc.array(valueOf(schema.items, names), { maxLength: 5 });
  if (schema.type === 'map')
    return fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      valueOf(schema.values, names),
      { maxKeys: 5, noNullPrototype: true },
    );
  if (schema.type === 'enum') return fc.constantFrom(...schema.symbols);
  if (schema.type === 'record') return recordOf(schema, names);
  return valueOf(schema.type, names);
}

function recordOf(schema: AvroRecord, names: Names): fc.Arbitrary<unknown> {
  return fc.record(Object.fromEntries(schema.fields.map((field) => [field.name, valueOf(field.type, names)])), { noNullPrototype: true });
}
