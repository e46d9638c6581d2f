/** The columns of a topic in Parquet, typed from its Avro schema. */
import type { ColumnSource } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet';
import { ENVELOPE_FIELD, fullName, isEnvelopeSchema, isUnion, type AvroField, type AvroRecord, type AvroSchema } from '../../schemas/avro-schema.js';
import { jsonOf } from '../commands/output.js';

/** A record of a partition as the archive keeps it. */
export interface ArchivedRecord {
  readonly partition: number;
  readonly offset: number;
  /** Event time, ms since epoch; `null` where the record tells none. */
  readonly eventTimeMs: number | null;
  readonly appendTimeMs: number;
  readonly key: string | null;
  /** `null` for a tombstone, and for what cannot be read. */
  readonly value: Readonly<Record<string, unknown>> | null;
  /** Of a value that cannot be read: why, and its bytes as they are. */
  readonly unreadable: { readonly code: string; readonly bytes: Buffer } | null;
  /** In an archive that stays sealed: the value as it lies. */
  readonly sealed?: Buffer | null;
}

/** A column: its place in the file's schema, and its value in a record. */
export interface Column {
  readonly name: string;
  readonly elements: readonly SchemaElement[];
  /** Of records in which there is nothing to read it is not asked. */
  readonly of: (record: ArchivedRecord) => unknown;
}

type Convert = (value: unknown) => unknown;

/** How values of an Avro type lie in Parquet. */
interface Physical {
  readonly leaf: Omit<SchemaElement, 'name'>;
  readonly convert: Convert;
}

const asIs: Convert = (value) => value;
const asLong: Convert = (value) => BigInt(Math.trunc(value as number));
const TEXT: Physical = { leaf: { type: 'BYTE_ARRAY', converted_type: 'UTF8' }, convert: asIs };
/** What has no flat form: maps, records within records, unions of several types. */
const JSON_TEXT: Physical = { leaf: { type: 'BYTE_ARRAY', converted_type: 'UTF8' }, convert: jsonOf };
/** An instant in UTC. Without a logical type DuckDB takes it for a timestamp without a zone, so that days do not hang on the zone of a session. */
const INSTANT: Physical = { leaf: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }, convert: asLong };
const LONG: Physical = { leaf: { type: 'INT64' }, convert: asLong };
const BYTES: Physical = { leaf: { type: 'BYTE_ARRAY' }, convert: asIs };

const PRIMITIVES: Readonly<Record<string, Physical>> = {
  string: TEXT,
  enum: TEXT,
  boolean: { leaf: { type: 'BOOLEAN' }, convert: asIs },
  int: { leaf: { type: 'INT32' }, convert: asIs },
  long: LONG,
  float: { leaf: { type: 'FLOAT' }, convert: asIs },
  double: { leaf: { type: 'DOUBLE' }, convert: asIs },
  bytes: BYTES,
  fixed: BYTES,
};

const INSTANT_UNIT = 'ms since epoch (UTC)';

/** What every archived topic has, before the columns of its schema. */
const POSITION: readonly Column[] = [
  flat('_partition', PRIMITIVES['int']!, ({ partition }) => partition, 'REQUIRED'),
  flat('_offset', LONG, ({ offset }) => offset, 'REQUIRED'),
  flat('_event_time', INSTANT, ({ eventTimeMs }) => eventTimeMs),
  flat('_append_time', INSTANT, ({ appendTimeMs }) => appendTimeMs, 'REQUIRED'),
  flat('_key', TEXT, ({ key }) => key),
  flat('_tombstone', PRIMITIVES['boolean']!, ({ value, unreadable }) => value === null && unreadable === null, 'REQUIRED'),
  flat('_error', TEXT, ({ unreadable }) => unreadable?.code),
  flat('_bytes', BYTES, ({ unreadable }) => unreadable?.bytes),
];

/** Name of the column that only sealed archives have. */
export const SEALED_COLUMN = '_sealed';

const SEALED = flat(SEALED_COLUMN, BYTES, ({ sealed }) => sealed);

/**
 * The columns of a topic: where a record stood, then each field of the schema, those of the envelope as the others. Names are those of the
 * schema in snake case; an instant in ms is a timestamp, and loses the unit at the end of its name. Arrays of one simple type are lists; maps, records
 * within records and unions of several types are JSON.
 * @param isSealed - of an archive that stays sealed: columns of the envelope are empty, and `_sealed` has the record as it lies
 */
export function columnsOf(schema: AvroRecord, isSealed = false): readonly Column[] {
  const definitions = new Definitions(schema);
  const columns = isSealed ? [...POSITION, SEALED] : [...POSITION];
  const add = (field: AvroField, valueOf: Column['of']): void => {
    const name = columnName(field);
    const isTaken = columns.some((column) => column.name === name);
    columns.push(columnOf(isTaken ? `${ENVELOPE_FIELD}_${name}` : name, field, definitions, valueOf));
  };
  for (const field of schema.fields) {
    if (!isEnvelopeSchema(field.type)) add(field, ({ value }) => value?.[field.name]);
    else {
      const clear = definitions.resolved(field.type[0]) as AvroRecord;
      const inside = ({ value, sealed = null }: ArchivedRecord) =>
        sealed === null ? (value?.[field.name] as Readonly<Record<string, unknown>> | null | undefined) : null;
      for (const member of clear.fields) add(member, (record) => inside(record)?.[member.name]);
    }
  }
  return columns;
}

/** The schema of a file with these columns, in the order that Parquet asks for. */
export function fileSchema(columns: readonly Column[]): SchemaElement[] {
  return [{ name: 'root', num_children: columns.length }, ...columns.flatMap(({ elements }) => elements)];
}

/** The values of some records, column by column. */
export function columnData(columns: readonly Column[], records: readonly ArchivedRecord[]): ColumnSource[] {
  return columns.map(({ name, of }) => ({ name, data: records.map(of) }));
}

const columnName = ({ name, unit }: AvroField): string =>
  (unit === INSTANT_UNIT ? name.replace(/Ms$/, '') : name).replace(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase();

function columnOf(name: string, field: AvroField, definitions: Definitions, valueOf: Column['of']): Column {
  const type = definitions.withoutNull(field.type);
  if (typeof type === 'object' && !isUnion(type) && type.type === 'array') {
    const item = physicalOf(type.items, definitions);
    return item === JSON_TEXT ? flat(name, JSON_TEXT, valueOf) : list(name, item, valueOf);
  }
  const physical = field.unit === INSTANT_UNIT ? INSTANT : physicalOf(type, definitions);
  return flat(name, physical, valueOf);
}

function physicalOf(schema: AvroSchema, definitions: Definitions): Physical {
  const type = definitions.resolved(schema);
  if (typeof type === 'string') return PRIMITIVES[type] ?? JSON_TEXT;
  return isUnion(type) ? JSON_TEXT : (PRIMITIVES[type.type] ?? JSON_TEXT);
}

function flat(name: string, { leaf, convert }: Physical, valueOf: Column['of'], repetition: 'REQUIRED' | 'OPTIONAL' = 'OPTIONAL'): Column {
  return { name, elements: [{ name, repetition_type: repetition, ...leaf }], of: (record) => converted(valueOf(record), convert) };
}

/** The three levels that Parquet wants for a list. */
function list(name: string, { leaf, convert }: Physical, valueOf: Column['of']): Column {
  return {
    name,
    elements: [
      { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'REQUIRED', ...leaf },
    ],
    of: (record) => converted(valueOf(record), (values) => (values as readonly unknown[]).map(convert)),
  };
}

const converted = (value: unknown, convert: Convert): unknown => (value === null || value === undefined ? undefined : convert(value));

/** The named types of a schema: Avro defines each once and names it from then on. */
class Definitions {
  private readonly named = new Map<string, AvroSchema>();

  constructor(schema: AvroSchema) {
    this.collect(schema, undefined);
  }

  /** The definition behind a name. */
  resolved(schema: AvroSchema): AvroSchema {
    return typeof schema === 'string' ? (this.named.get(schema) ?? schema) : schema;
  }

  /** The type of a field that may be null: every column may be. */
  withoutNull(schema: AvroSchema): AvroSchema {
    if (!isUnion(schema)) return this.resolved(schema);
    const others = schema.filter((branch) => branch !== 'null');
    return others.length === 1 ? this.resolved(others[0]!) : schema;
  }

  private collect(schema: AvroSchema, namespace: string | undefined): void {
    if (typeof schema === 'string') return;
    if (isUnion(schema)) {
      for (const branch of schema) this.collect(branch, namespace);
      return;
    }
    if ('name' in schema) this.named.set(schema.name, schema).set(fullName(schema, namespace), schema);
    if ('items' in schema) this.collect(schema.items, namespace);
    if ('values' in schema) this.collect(schema.values, namespace);
    if ('fields' in schema) for (const { type } of schema.fields) this.collect(type, schema.namespace ?? namespace);
  }
}
