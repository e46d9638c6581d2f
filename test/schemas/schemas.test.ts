import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { generateTypes, generatedPath } from '../../scripts/generate-types.js';
import { checkCompatibility, isBroken } from '../../scripts/check-compatibility.js';
import {
  acceptedSchemas,
  findPackageRoot,
  isEnvelopeSchema,
  isUnion,
  loadSchema,
  schemaNames,
  type AvroField,
  type AvroSchema,
} from '../../schemas/index.js';
import { compileSchema } from '../../schemas/wire-schema.js';
import { thrownBy } from './samples.js';

interface Seen {
  readonly path: string;
  readonly field: AvroField;
  readonly enclosed: boolean;
}

/** Every field of a schema, with whether it lies in an envelope. */
function fieldsOf(schema: AvroSchema, path: string, enclosed: boolean): Seen[] {
  if (typeof schema === 'string') return [];
  if (isUnion(schema)) return schema.flatMap((branch) => fieldsOf(branch, path, enclosed || isEnvelopeSchema(schema)));
  if (schema.type === 'array') return fieldsOf(schema.items, path, enclosed);
  if (schema.type === 'map') return fieldsOf(schema.values, path, enclosed);
  if (schema.type !== 'record') return [];
  return schema.fields.flatMap((field) => [
    { path: `${path}.${field.name}`, field, enclosed: enclosed || isEnvelopeSchema(field.type) },
    ...fieldsOf(field.type, `${path}.${field.name}`, enclosed),
  ]);
}

const CLASSES = ['none', 'pseudonym', 'behavioural', 'profile', 'sensitive'];

describe.each(schemaNames())('schemas/avro/%s.avsc', (name) => {
  const seen = fieldsOf(loadSchema(name), name, false);

  it('has a doc line, a unit and a personal-data class on every field', () => {
    const bare = seen.filter(({ field }) => !field.doc || !field.unit || !CLASSES.includes(field.personal ?? ''));
    expect(bare.map((one) => one.path)).toEqual([]);
  });

  it('keeps personal values in its envelope', () => {
    const outside = seen.filter(({ field, enclosed }) => !enclosed && !['none', 'pseudonym'].includes(field.personal ?? ''));
    expect(outside.map((one) => one.path)).toEqual([]);
  });

  it('has one envelope at most, named personal, at the top', () => {
    const envelopes = seen.filter(({ field }) => isEnvelopeSchema(field.type)).map((one) => one.path);
    expect([[], [`${name}.personal`]]).toContainEqual(envelopes);
  });

  it('marks instants as ms since the epoch, and nothing else', () => {
    const wrong = seen.filter(
      ({ field }) =>
        (field.unit === 'ms since epoch (UTC)') !== /(At|Until|From|Start|End|Of|clock|timestamp|watermark|EventTime)Ms$/.test(field.name),
    );
    expect(wrong.map((one) => one.path)).toEqual([]);
  });

  it('compiles', () => {
    expect(compileSchema(loadSchema(name)).name).toBe(`eu.skillforge.${loadSchema(name).name}`);
  });
});

describe('the schemas together', () => {
  it('have generated types that are up to date (npm run generate)', () => {
    expect(readFileSync(generatedPath(), 'utf8')).toBe(generateTypes());
  });

  it('are accepted, so that later versions can read what these write (tsx scripts/check-compatibility.ts --accept)', () => {
    const reports = checkCompatibility(new Map(schemaNames().map((name) => [name, loadSchema(name)])), acceptedSchemas());
    expect(reports.filter((report) => report.status !== 'same' || isBroken(report))).toEqual([]);
  });

  it('are missed with SFS_PACKAGE_BROKEN when the package has none', () => {
    expect(thrownBy(() => findPackageRoot(tmpdir())).code).toBe('SFS_PACKAGE_BROKEN');
    expect(thrownBy(() => loadSchema('no-such-schema')).code).toBe('SFS_PACKAGE_BROKEN');
  });
});
