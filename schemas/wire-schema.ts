import avsc from 'avsc';
import type { AvroSchema } from './avro-schema.js';
import { SkillForgeError, errorMessageOf } from './errors.js';
import { selfContained } from './load.js';
import { checkedType } from './wire-types.js';

/** A schema ready to read and write. */
export interface CompiledSchema {
  /** Full name of the record. */
  readonly name: string;
  /** avsc's type; internal to this room. */
  readonly type: avsc.Type;
  /** Parsing canonical form: equal for two schemas that write equal bytes. */
  readonly canonical: string;
}

const compiled = new WeakMap<object, CompiledSchema>();

/** Compiles a schema, once per object. Unions are never wrapped. @throws SFS_SCHEMA_INVALID */
export function compileSchema(schema: AvroSchema): CompiledSchema {
  const known = typeof schema === 'object' ? compiled.get(schema) : undefined;
  if (known !== undefined) return known;
  const type = compileType(schema);
  const result = { name: type.name ?? type.typeName, type, canonical: JSON.stringify(type.schema()) };
  if (typeof schema === 'object') compiled.set(schema, result);
  return result;
}

function compileType(schema: AvroSchema): avsc.Type {
  try {
    return avsc.Type.forSchema(selfContained(schema) as avsc.Schema, { wrapUnions: 'never', omitRecordMethods: true, typeHook: checkedType });
  } catch (cause) {
    throw new SkillForgeError('SFS_SCHEMA_INVALID', `The schema does not compile: ${errorMessageOf(cause)}`, { cause });
  }
}
