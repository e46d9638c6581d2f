import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSealedSchema, type AvroRecord, type AvroSchema } from './avro-schema.js';
import { SkillForgeError } from './errors.js';

let root: string | undefined;
let accepted: readonly AcceptedSchema[] | undefined;
const loaded = new Map<string, AvroRecord>();

/**
 * Folder of the package that holds `schemas/avro`, from the source tree or from the built package.
 * @throws SFS_PACKAGE_BROKEN when no folder above this file has it
 */
export function packageRoot(): string {
  return (root ??= findPackageRoot(dirname(fileURLToPath(import.meta.url))));
}

/** Version of this package. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { readonly version: string }).version;
}

/** The first folder from `start` upwards that holds the schemas. @throws SFS_PACKAGE_BROKEN */
export function findPackageRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'schemas', 'avro', 'sealed.avsc'))) return folder;
    if (dirname(folder) === folder) break;
  }
  throw new SkillForgeError('SFS_PACKAGE_BROKEN', `No schemas/avro in any folder above ${start}: the package is incomplete`, { context: { start } });
}

/** Names of the project's schemas (file names without `.avsc`), sorted. */
export function schemaNames(folder = join(packageRoot(), 'schemas', 'avro')): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.avsc'))
    .map((file) => file.slice(0, -'.avsc'.length))
    .sort();
}

/** A schema of the project as it stands in its file. @throws SFS_PACKAGE_BROKEN when there is none or it cannot be read */
export function loadSchema(name: string): AvroRecord {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const schema = readSchemaFile(join(packageRoot(), 'schemas', 'avro', `${name}.avsc`));
  loaded.set(name, schema);
  return schema;
}

/** Reads one `.avsc` file. @throws SFS_PACKAGE_BROKEN */
export function readSchemaFile(path: string): AvroRecord {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as AvroRecord;
  } catch (cause) {
    throw new SkillForgeError('SFS_PACKAGE_BROKEN', `Cannot read the schema ${path}`, { cause, context: { path } });
  }
}

/** An accepted version of a schema of the project, kept so that what it wrote stays readable. */
export interface AcceptedSchema {
  readonly name: string;
  /** 1 for the first. */
  readonly version: number;
  readonly schema: AvroRecord;
}

/** Every accepted version, by name and version, from `<name>.<version>.avsc`. The package's own, in `schemas/accepted`, are read once. */
export function acceptedSchemas(folder?: string): readonly AcceptedSchema[] {
  if (folder !== undefined) return readAccepted(folder);
  return (accepted ??= readAccepted(join(packageRoot(), 'schemas', 'accepted')));
}

function readAccepted(folder: string): readonly AcceptedSchema[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((file) => /^(.+)\.(\d+)\.avsc$/.exec(file))
    .filter((match) => match !== null)
    .map((match) => ({ name: String(match[1]), version: Number(match[2]), schema: readSchemaFile(join(folder, match[0])) }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en') || a.version - b.version);
}

/** A schema that needs no other file: the first reference to the sealed record is replaced by its definition. */
export function selfContained<S extends AvroSchema>(schema: S): S {
  const state = { defined: isSealedSchema(schema) };
  return inlineSealed(schema, state) as S;
}

function inlineSealed(node: unknown, state: { defined: boolean }): unknown {
  if (Array.isArray(node)) return node.map((child) => inlineSealed(child, state));
  if (typeof node === 'string') return isSealedSchema(node) && !state.defined ? defineSealed(state) : node;
  if (typeof node !== 'object' || node === null) return node;
  if (isSealedSchema(node as AvroSchema)) state.defined = true;
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, SCHEMA_KEYS.has(key) ? inlineSealed(child, state) : child]));
}

const SCHEMA_KEYS: ReadonlySet<string> = new Set(['type', 'fields', 'items', 'values']);

function defineSealed(state: { defined: boolean }): AvroRecord {
  state.defined = true;
  return loadSchema('sealed');
}
