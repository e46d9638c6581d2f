/**
 * Writes `schemas/generated/types.ts` from `schemas/avro/*.avsc`.
 * `--check` writes nothing and exits 1 when the committed file differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isUnion, type AvroEnum, type AvroField, type AvroRecord, type AvroSchema } from '../schemas/avro-schema.js';
import { loadSchema, packageRoot, schemaNames } from '../schemas/load.js';

const PRIMITIVES: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  string: 'string',
  bytes: 'Buffer',
};

interface Output {
  readonly keyTypes: Set<string>;
  /** Source text of each type by name, in the order of first definition. */
  readonly types: Map<string, string>;
}

/** The text of `schemas/generated/types.ts`. */
export function generateTypes(names: readonly string[] = schemaNames()): string {
  const output: Output = { keyTypes: new Set(), types: new Map() };
  for (const name of names) define(loadSchema(name), output);
  return (
    [
      '// Generated from schemas/avro by scripts/generate-types.ts: do not edit.',
      `import type { ${[...output.keyTypes].sort().join(', ')} } from '../keys.js';`,
      ...output.types.values(),
      schemaMap(names),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

function schemaMap(names: readonly string[]): string {
  const lines = names.map((name) => `  readonly '${name}': ${loadSchema(name).name};`);
  return ['/** The wire type of each schema, by file name. */', 'export interface SchemaTypes {', ...lines, '}'].join('\n');
}

function define(schema: AvroRecord | AvroEnum, output: Output): void {
  if (output.types.has(schema.name)) throw new Error(`Two definitions of ${schema.name}`);
  output.types.set(schema.name, '');
  const text = schema.type === 'record' ? recordText(schema, output) : enumText(schema);
  // Set again so that nested types stand before the type that uses them.
  output.types.delete(schema.name);
  output.types.set(schema.name, `/** ${schema.doc ?? ''} */\n${text}`);
}

function enumText(schema: AvroEnum): string {
  return `export type ${schema.name} = ${schema.symbols.map((symbol) => `'${symbol}'`).join(' | ')};`;
}

function recordText(schema: AvroRecord, output: Output): string {
  const fields = schema.fields.map((field) => `  /** ${fieldDoc(field)} */\n  readonly ${field.name}: ${fieldType(field, output)};`);
  return [`export interface ${schema.name} {`, ...fields, '}'].join('\n');
}

function fieldDoc(field: AvroField): string {
  const unit = field.unit === undefined || field.unit === 'none' ? '' : ` Unit: ${field.unit}.`;
  const personal = field.personal === undefined || field.personal === 'none' ? '' : ` Personal: ${field.personal}.`;
  return `${field.doc ?? ''}${unit}${personal}`;
}

function fieldType(field: AvroField, output: Output): string {
  if (field.keyType !== undefined) output.keyTypes.add(field.keyType);
  return typeText(field.type, field.keyType ?? 'string', output);
}

/** `text` is the type that strings take. */
function typeText(schema: AvroSchema, text: string, output: Output): string {
  if (typeof schema === 'string') return schema === 'string' ? text : (PRIMITIVES[schema] ?? schema.slice(schema.lastIndexOf('.') + 1));
  if (isUnion(schema))
    return nullLast(schema)
      .map((branch) => typeText(branch, text, output))
      .join(' | ');
  if (schema.type === 'array') return `readonly ${elementText(schema.items, text, output)}[]`;
  if (schema.type === 'map') return `Readonly<Record<string, ${typeText(schema.values, text, output)}>>`;
  if (schema.type === 'fixed') return 'Buffer';
  if (schema.type !== 'record' && schema.type !== 'enum') return typeText(schema.type, text, output);
  define(schema, output);
  return schema.name;
}

function elementText(items: AvroSchema, text: string, output: Output): string {
  const element = typeText(items, text, output);
  return element.includes(' ') ? `(${element})` : element;
}

function nullLast(union: readonly AvroSchema[]): AvroSchema[] {
  return [...union.filter((branch) => branch !== 'null'), ...union.filter((branch) => branch === 'null')];
}

/** Path of the generated file. */
export function generatedPath(): string {
  return join(packageRoot(), 'schemas', 'generated', 'types.ts');
}

function main(args: readonly string[]): number {
  const text = generateTypes();
  if (!args.includes('--check')) {
    writeFileSync(generatedPath(), text);
    return 0;
  }
  if (readFileSync(generatedPath(), 'utf8') === text) return 0;
  console.error('schemas/generated/types.ts is out of date: run npm run generate');
  return 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main(process.argv.slice(2));
