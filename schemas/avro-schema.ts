/** How the law sees a value: `behavioural`, `profile` and `sensitive` values live in an envelope only. */
export type PersonalClass = 'none' | 'pseudonym' | 'behavioural' | 'profile' | 'sensitive';

/** A field of a record schema; `unit`, `personal` and `keyType` are this project's attributes. */
export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly default?: unknown;
  readonly aliases?: readonly string[];
  readonly doc?: string;
  /** What a number counts, such as `ms`, `count`, `0..1`; `none` where that has no sense. */
  readonly unit?: string;
  readonly personal?: PersonalClass;
  /** Branded type of `schemas/keys.ts` that the generated field takes. */
  readonly keyType?: string;
}

/** A record. */
export interface AvroRecord {
  readonly type: 'record';
  readonly name: string;
  readonly namespace?: string;
  readonly aliases?: readonly string[];
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

/** An enum: one of its symbols. */
export interface AvroEnum {
  readonly type: 'enum';
  readonly name: string;
  readonly namespace?: string;
  readonly aliases?: readonly string[];
  readonly doc?: string;
  readonly symbols: readonly string[];
  readonly default?: string;
}

/** A fixed number of bytes. */
export interface AvroFixed {
  readonly type: 'fixed';
  readonly name: string;
  readonly namespace?: string;
  readonly size: number;
}

/** A list of one type. */
export interface AvroArray {
  readonly type: 'array';
  readonly items: AvroSchema;
}

/** Values of one type by string keys. */
export interface AvroMap {
  readonly type: 'map';
  readonly values: AvroSchema;
}

/** A primitive type with attributes. */
export interface AvroPrimitive {
  readonly type: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';
}

/** A schema as it stands in an `.avsc` file: a name, a union, or a definition. */
export type AvroSchema = string | readonly AvroSchema[] | AvroRecord | AvroEnum | AvroFixed | AvroArray | AvroMap | AvroPrimitive;

/** Full name of the shared record that holds ciphertext. */
export const SEALED_NAME = 'eu.skillforge.Sealed';
/** Name of the one field of a record that may be sealed. */
export const ENVELOPE_FIELD = 'personal';

/** Whether a schema is a union. */
export function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}

/** Whether a schema defines a record. */
export function isRecord(schema: AvroSchema): schema is AvroRecord {
  return typeof schema === 'object' && !isUnion(schema) && schema.type === 'record';
}

/** Full name of a named definition; `namespace` is that of the enclosing definition. */
export function fullName(schema: { readonly name: string; readonly namespace?: string }, namespace?: string): string {
  const space = schema.namespace ?? namespace;
  return schema.name.includes('.') || space === undefined || space === '' ? schema.name : `${space}.${schema.name}`;
}

/** Whether a branch is the shared sealed record, by name or by definition. */
export function isSealedSchema(schema: AvroSchema | undefined): boolean {
  if (schema === undefined) return false;
  return schema === SEALED_NAME || (typeof schema === 'object' && isRecord(schema) && schema.name !== undefined && fullName(schema) === SEALED_NAME);
}

/** Whether a type is an envelope: a union of one record in clear and the sealed record, in this order. */
export function isEnvelopeSchema(schema: AvroSchema): schema is readonly [AvroSchema, AvroSchema] {
  return isUnion(schema) && schema.length === 2 && isSealedSchema(schema[1]);
}

/** Whether records of a schema carry an envelope. */
export function hasEnvelope(schema: AvroRecord): boolean {
  return schema.fields.some((field) => field.name === ENVELOPE_FIELD && isEnvelopeSchema(field.type));
}
