import { createHash } from 'node:crypto';
import type { AvroRecord } from './avro-schema.js';
import { SkillForgeError } from './errors.js';
import { acceptedSchemas } from './load.js';
import { compileSchema } from './wire-schema.js';

/** A schema with its name, as a registry keeps it. */
export interface NamedSchema {
  readonly name: string;
  readonly schema: AvroRecord;
}

/** Where the schema ids of the wire format come from. */
export interface SchemaIds {
  /** Id of a schema, registered if it is new. */
  idOf(schemaName: string, schema: AvroRecord): number;
  /** The schema that an id stands for, `null` when unknown. */
  schemaOf(id: number): NamedSchema | null;
}

/** Ids by content: the first 31 bits of a SHA-256 of the canonical schema, so that processes agree without a registry. */
export class LocalSchemaIds implements SchemaIds {
  readonly #schemas = new Map<number, NamedSchema>();

  /** Knows every accepted version of the project's schemas, so that older records stay readable. */
  static withAccepted(): LocalSchemaIds {
    const ids = new LocalSchemaIds();
    for (const { name, schema } of acceptedSchemas()) ids.idOf(name, schema);
    return ids;
  }

  /** @throws SFS_SCHEMA_ID_CLASH when another schema has the same id (one in two thousand million) */
  idOf(schemaName: string, schema: AvroRecord): number {
    const { canonical } = compileSchema(schema);
    const id = createHash('sha256').update(canonical).digest().readUInt32BE(0) >>> 1;
    const known = this.#schemas.get(id);
    if (known === undefined) this.#schemas.set(id, { name: schemaName, schema });
    else if (compileSchema(known.schema).canonical !== canonical) throw clash(id, known.name, schemaName);
    return id;
  }

  schemaOf(id: number): NamedSchema | null {
    return this.#schemas.get(id) ?? null;
  }

  /** Every schema known, to be kept beside the records that it wrote. */
  entries(): NamedSchema[] {
    return [...this.#schemas.values()];
  }
}

function clash(id: number, first: string, second: string): SkillForgeError {
  return new SkillForgeError('SFS_SCHEMA_ID_CLASH', `Schemas ${first} and ${second} have the same id ${String(id)}`, {
    context: { id, first, second },
  });
}
