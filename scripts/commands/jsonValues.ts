/** Turns a line of JSON into a value of a schema: the way back of `topics read --json`. */
import {
  SkillForgeError,
  errorMessageOf,
  fullName,
  isEnvelopeSchema,
  isUnion,
  selfContained,
  type AvroRecord,
  type AvroSchema,
} from '../../schemas/index.js';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads lines as records of a schema: bytes are base64, fields that are left out take their default, and a field that the schema
 * does not have is refused, because it would be lost. Whether the values fit is for the codec to say.
 */
export class JsonValues {
  /** Definitions by full name: a schema names those that it uses again. */
  private readonly named = new Map<string, AvroSchema>();

  private readonly schema: AvroSchema;

  /** @throws SFS_PACKAGE_BROKEN when a schema of the project that it names is missing */
  constructor(schema: AvroRecord) {
    this.schema = selfContained(schema);
    this.collect(this.schema, schema.namespace);
  }

  /** @throws SFS_LINE_INVALID without the text of the line: it may hold personal values */
  read(line: Buffer): unknown {
    const json = parsed(line);
    if (!isObject(json)) throw new SkillForgeError('SFS_LINE_INVALID', 'the line is no JSON object');
    return this.value(this.schema, json, '');
  }

  /**
   * A line as it may be kept where it was refused: fields that the schema does not have are taken out, with what is in them. What is no JSON object
   * has no fields, and stays as it is.
   */
  withoutUnknown(line: Buffer): Buffer {
    let json: unknown;
    try {
      json = parsed(line);
    } catch {
      return line;
    }
    if (!isObject(json)) return line;
    const known = this.known(this.schema, json);
    return JSON.stringify(known) === JSON.stringify(json) ? line : Buffer.from(JSON.stringify(known));
  }

  private known(schema: AvroSchema, json: unknown): unknown {
    const defined = this.definitionOf(schema);
    if (isUnion(defined)) return this.known(this.branchFor(defined, json) ?? 'string', json);
    if (typeof json !== 'object' || json === null) return json;
    // An object in the place of a text or a number has fields of its own, which nobody knows.
    return typeof defined === 'string' ? undefined : this.knownWithin(defined, json);
  }

  private knownWithin(schema: Exclude<AvroSchema, string | readonly AvroSchema[]>, json: object): unknown {
    if (Array.isArray(json)) return schema.type === 'array' ? json.map((item) => this.known(schema.items, item)) : undefined;
    if (!isObject(json)) return undefined;
    if (schema.type === 'map') return mapped(json, (item) => this.known(schema.values, item));
    return schema.type === 'record' ? this.knownOf(schema, json) : undefined;
  }

  private knownOf({ fields }: AvroRecord, json: JsonObject): JsonObject {
    const types = new Map(fields.map(({ name, type }) => [name, type]));
    return Object.fromEntries(
      Object.entries(json).flatMap(([name, value]) => (types.has(name) ? [[name, this.known(types.get(name)!, value)]] : [])),
    );
  }

  private value(schema: AvroSchema, json: unknown, path: string): unknown {
    if (isUnion(schema)) return json === null ? null : this.unionValue(schema, json, path);
    if (typeof schema !== 'string') return this.definedValue(schema, json, path);
    const definition = this.named.get(schema);
    return definition === undefined ? primitiveValue(schema, json) : this.value(definition, json, path);
  }

  private definedValue(schema: Exclude<AvroSchema, string | readonly AvroSchema[]>, json: unknown, path: string): unknown {
    switch (schema.type) {
      case 'record':
        return isObject(json) ? this.recordValue(schema, json, path) : json;
      case 'array':
        return Array.isArray(json) ? json.map((item, at) => this.value(schema.items, item, `${path}[${at}]`)) : json;
      case 'map':
        return isObject(json) ? mapped(json, (item, key) => this.value(schema.values, item, pathOf(path, key))) : json;
      default:
        return primitiveValue(schema.type, json);
    }
  }

  private recordValue({ fields }: AvroRecord, json: JsonObject, path: string): unknown {
    const unknown = Object.keys(json).find((name) => !fields.some((field) => field.name === name));
    if (unknown !== undefined) throw new SkillForgeError('SFS_LINE_INVALID', `the schema has no field "${pathOf(path, unknown)}"`);
    const entries = fields.map((field) => [field.name, this.value(field.type, givenOrDefault(field, json), pathOf(path, field.name))]);
    return Object.fromEntries(entries);
  }

  private unionValue(branches: readonly AvroSchema[], json: unknown, path: string): unknown {
    const branch = this.branchFor(branches, json);
    return branch === undefined ? json : this.value(branch, json, path);
  }

  private branchFor(branches: readonly AvroSchema[], json: unknown): AvroSchema | undefined {
    if (isEnvelopeSchema(branches)) return branches[isObject(json) && 'ciphertext' in json ? 1 : 0];
    return branches.find((one) => takes(this.definitionOf(one), json));
  }

  private definitionOf(schema: AvroSchema): AvroSchema {
    return typeof schema === 'string' ? (this.named.get(schema) ?? schema) : schema;
  }

  private collect(schema: AvroSchema, namespace: string | undefined): void {
    if (typeof schema === 'string') return;
    if (isUnion(schema)) return schema.forEach((branch) => this.collect(branch, namespace));
    if (schema.type === 'array') return this.collect(schema.items, namespace);
    if (schema.type === 'map') return this.collect(schema.values, namespace);
    if (schema.type !== 'record' && schema.type !== 'enum' && schema.type !== 'fixed') return;
    this.named.set(fullName(schema, namespace), schema).set(schema.name, schema);
    if (schema.type === 'record') for (const field of schema.fields) this.collect(field.type, schema.namespace ?? namespace);
  }
}

const isObject = (json: unknown): json is JsonObject => typeof json === 'object' && json !== null && !Array.isArray(json);

const pathOf = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const mapped = (json: JsonObject, change: (item: unknown, key: string) => unknown): JsonObject =>
  Object.fromEntries(Object.entries(json).map(([key, item]) => [key, change(item, key)]));

const primitiveValue = (type: string, json: unknown): unknown =>
  (type === 'bytes' || type === 'fixed') && typeof json === 'string' ? Buffer.from(json, 'base64') : json;

/** A field that is written as null stays null. */
function givenOrDefault(field: AvroRecord['fields'][number], json: JsonObject): unknown {
  return Object.hasOwn(json, field.name) ? json[field.name] : field.default;
}

/** Whether a branch of a union is the one for a JSON value, by the kind of both. */
function takes(schema: AvroSchema, json: unknown): boolean {
  const type = typeof schema === 'string' || isUnion(schema) ? schema : schema.type;
  if (typeof json === 'string') return type === 'string' || type === 'bytes' || type === 'fixed' || type === 'enum';
  if (Array.isArray(json)) return type === 'array';
  return typeof json === 'object' && (type === 'record' || type === 'map');
}

function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString().replace(/^\uFEFF/, '')) as unknown;
  } catch (cause) {
    // The parser's message quotes the text.
    const position = /position \d+/.exec(errorMessageOf(cause))?.[0];
    throw new SkillForgeError('SFS_LINE_INVALID', `the line is no JSON${position === undefined ? '' : `, at ${position}`}`);
  }
}
