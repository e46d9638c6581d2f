/** Shapes of JSON values, made from Avro schemas: they check what comes in, and describe it in OpenAPI. */
import { isRecord, isUnion, type AvroField, type AvroRecord, type AvroSchema } from '../schemas/index.js';
import { invalid, notAllowed } from './refusal.js';

/** A JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a value must be. */
export interface Shape {
  /** The value as the schema has it, defaults filled in. @throws SFS_EVENT_INVALID, SFS_FIELD_REFUSED */
  readonly check: (value: unknown, path: string) => unknown;
  /** The same as JSON Schema. */
  readonly description: object;
}

/** Longest text of a field, UTF-16 units: what readers take as an id. */
export const LONGEST_TEXT = 256;
/** Most items of a list. */
export const MOST_ITEMS = 1_000;

/** Texts end up in logs and on terminals of others. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** A text that is not empty, has no control characters, and is not too long. @throws SFS_EVENT_INVALID */
export function textOf(value: unknown, path: string, longest = LONGEST_TEXT): string {
  if (typeof value !== 'string') throw invalid(path, 'must be a text');
  if (value === '') throw invalid(path, 'is empty');
  if (value.length > longest) throw invalid(path, `has more than ${longest} characters`);
  if (CONTROL.test(value)) throw invalid(path, 'holds control characters');
  return value;
}

/** The shape of a schema's values. Numbers are not negative: no field of an event counts below 0. */
export function shapeOf(schema: AvroSchema, field?: AvroField): Shape {
  if (isUnion(schema))
    return nullable(
      shapeOf(
        schema.find((branch) => branch !== 'null')!,
        field,
      ),
    );
  if (typeof schema === 'string') return primitive(schema, field);
  if (isRecord(schema)) return recordShape(schema);
  if (schema.type === 'array') return listOf(shapeOf(schema.items));
  if (schema.type === 'enum') return oneOf(schema.symbols);
  return primitive(schema.type, field);
}

/** The shape of a record: no other fields than its own. @param optional - fields that may be left out without a default; they are left out of the value, too */
export function recordShape(schema: Pick<AvroRecord, 'fields' | 'doc'>, optional: readonly string[] = []): Shape {
  const fields = schema.fields.map((field) => ({ field, shape: shapeOf(field.type, field), mayMiss: optional.includes(field.name) }));
  const names = new Set(schema.fields.map(({ name }) => name));
  const required = fields.filter(({ field, mayMiss }) => !mayMiss && field.default === undefined).map(({ field }) => field.name);
  const properties = fields.map(({ field, shape }) => [field.name, described(shape, field)]);
  return {
    description: { type: 'object', properties: Object.fromEntries(properties) as object, required, additionalProperties: false },
    check: (value, path) => {
      if (!isObject(value)) throw invalid(path === '' ? 'event' : path, 'must be an object');
      for (const name in value) if (!names.has(name)) throw notAllowed(within(path, name));
      const read: Record<string, unknown> = {};
      for (const { field, shape, mayMiss } of fields) {
        const given = value[field.name];
        if (given !== undefined) read[field.name] = shape.check(given, within(path, field.name));
        else if (field.default !== undefined) read[field.name] = field.default;
        else if (!mayMiss) throw invalid(within(path, field.name), 'is missing');
      }
      return read;
    },
  };
}

const within = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const described = ({ description }: Shape, { doc, default: filled }: AvroField): object => ({
  ...description,
  ...(doc === undefined ? {} : { description: doc }),
  ...(filled === undefined ? {} : { default: filled }),
});

function primitive(type: string, field: AvroField | undefined): Shape {
  if (type === 'string') return text(field);
  if (type === 'boolean') {
    return { description: { type: 'boolean' }, check: (value, path) => (typeof value === 'boolean' ? value : fail(path, 'must be true or false')) };
  }
  const isWhole = type === 'int' || type === 'long';
  const most = type === 'int' ? 2 ** 31 - 1 : isWhole ? Number.MAX_SAFE_INTEGER - 1 : field?.unit === '0..1' ? 1 : Infinity;
  const what = `must be a ${isWhole ? 'whole ' : ''}number from 0 on${most === 1 ? ', at most 1' : ''}`;
  return {
    description: { type: isWhole ? 'integer' : 'number', minimum: 0, ...(most === 1 ? { maximum: 1 } : {}) },
    check: (value, path) =>
      typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= most && (!isWhole || Number.isInteger(value))
        ? value
        : fail(path, what),
  };
}

/** A text whose default is the empty one may be given as such. */
function text(field: AvroField | undefined): Shape {
  const mayBeEmpty = field?.default === '';
  return {
    description: { type: 'string', ...(mayBeEmpty ? {} : { minLength: 1 }), maxLength: LONGEST_TEXT },
    check: (value, path) => (mayBeEmpty && value === '' ? value : textOf(value, path)),
  };
}

const oneOf = (symbols: readonly string[]): Shape => ({
  description: { type: 'string', enum: symbols },
  check: (value, path) => (symbols.includes(value as string) ? value : fail(path, `must be one of ${symbols.join(', ')}`)),
});

const listOf = (item: Shape): Shape => ({
  description: { type: 'array', items: item.description, maxItems: MOST_ITEMS },
  check: (value, path) => {
    if (!Array.isArray(value)) throw invalid(path, 'must be a list');
    if (value.length > MOST_ITEMS) throw invalid(path, `has more than ${MOST_ITEMS} items`);
    return value.map((one: unknown, at) => item.check(one, `${path}.${at}`));
  },
});

const nullable = (shape: Shape): Shape => ({
  description: { anyOf: [shape.description, { type: 'null' }] },
  check: (value, path) => (value === null ? null : shape.check(value, path)),
});

function fail(path: string, what: string): never {
  throw invalid(path, what);
}
