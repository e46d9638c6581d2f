import type avsc from 'avsc';
import type { AvroRecord } from './avro-schema.js';
import { identityEnvelope, type EnvelopeCodec, type Sealable } from './envelope.js';
import { SkillForgeError, errorMessageOf } from './errors.js';
import type { SchemaIds } from './schema-ids.js';
import { schemaOf, type Topic } from './topic.js';
import { isWhole, keyIdOfWhole } from './sealing/wholeValue.js';
import { compileSchema } from './wire-schema.js';

/** Magic byte and big-endian schema id, before the Avro binary. */
const HEADER_BYTES = 5;
const SCRATCH_BYTES = 1 << 16;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

type Resolver = ReturnType<avsc.Type['createResolver']>;

/** Encodes and decodes records of one schema in the Confluent wire format: 0, id (4 bytes), Avro binary. `W` is the wire type, envelope sealed or not. */
export class SchemaCodec<W> {
  /** Id that this codec writes. */
  readonly schemaId: number;
  readonly #type: avsc.Type;
  readonly #canonical: string;
  /** By writer's id; `undefined` for a writer whose bytes are read as they are. */
  readonly #resolvers = new Map<number, Resolver | undefined | SkillForgeError>();

  constructor(
    readonly schemaName: string,
    schema: AvroRecord,
    private readonly ids: SchemaIds,
  ) {
    ({ type: this.#type, canonical: this.#canonical } = compileSchema(schema));
    this.schemaId = ids.idOf(schemaName, schema);
  }

  /** The bytes of a record; the caller owns them. @throws SFS_ENCODE_FAILED with the path of the field that does not fit */
  encode(value: W): Buffer {
    let end: number;
    try {
      end = this.#type.encode(value, scratch, HEADER_BYTES);
    } catch (cause) {
      throw this.#encodeError(value, cause);
    }
    return end > 0 ? this.#finish(scratch, end) : this.#encodeLarge(value, scratch.length - end);
  }

  /**
   * The record in some bytes, also of an older or newer compatible schema.
   * @throws SFS_WIRE_FORMAT, SFS_SCHEMA_UNKNOWN, SFS_SCHEMA_INCOMPATIBLE, SFS_DECODE_FAILED
   */
  decode(bytes: Buffer): W {
    const id = wireSchemaId(bytes);
    const resolver = id === this.schemaId ? undefined : this.#resolverOf(id);
    let decoded: { value: unknown; offset: number };
    try {
      decoded = this.#type.decode(bytes, HEADER_BYTES, resolver);
    } catch (cause) {
      throw this.#decodeError(id, errorMessageOf(cause), cause);
    }
    if (decoded.offset < 0) throw this.#decodeError(id, 'the bytes end too early');
    if (decoded.offset !== bytes.length) throw this.#decodeError(id, `${String(bytes.length - decoded.offset)} bytes are left over`);
    return decoded.value as W;
  }

  /** Which field of a value does not fit, such as `personal.clicks`; `null` when all do. */
  invalidPath(value: unknown): string | null {
    let found: string | null = null;
    this.#type.isValid(value, { errorHook: (path) => (found ??= path.join('.')) });
    return found;
  }

  #finish(buffer: Buffer, end: number): Buffer {
    buffer[0] = 0;
    buffer.writeUInt32BE(this.schemaId, 1);
    const bytes = Buffer.allocUnsafe(end);
    buffer.copy(bytes, 0, 0, end);
    return bytes;
  }

  #encodeLarge(value: W, size: number): Buffer {
    const buffer = Buffer.allocUnsafeSlow(size);
    const end = this.#type.encode(value, buffer, HEADER_BYTES);
    buffer[0] = 0;
    buffer.writeUInt32BE(this.schemaId, 1);
    return buffer.subarray(0, end);
  }

  #resolverOf(id: number): Resolver | undefined {
    const known = this.#resolvers.has(id) ? this.#resolvers.get(id) : this.#resolve(id);
    if (known instanceof SkillForgeError) throw known;
    return known;
  }

  #resolve(id: number): Resolver | undefined | SkillForgeError {
    const writer = this.ids.schemaOf(id);
    // Not remembered: a registry may learn the id later.
    if (writer === null) return this.#failure('SFS_SCHEMA_UNKNOWN', `has the unknown schema id ${String(id)}`, id);
    const result = this.#resolverFor(writer.schema, id);
    this.#resolvers.set(id, result);
    return result;
  }

  #resolverFor(writer: AvroRecord, id: number): Resolver | undefined | SkillForgeError {
    try {
      const { type, canonical } = compileSchema(writer);
      return canonical === this.#canonical ? undefined : this.#type.createResolver(type);
    } catch (cause) {
      return this.#failure(
        'SFS_SCHEMA_INCOMPATIBLE',
        `was written with schema ${String(id)}, which this version cannot read: ${errorMessageOf(cause)}`,
        id,
        cause,
      );
    }
  }

  #decodeError(id: number, reason: string, cause?: unknown): SkillForgeError {
    return this.#failure('SFS_DECODE_FAILED', `cannot be decoded: ${reason}`, id, cause);
  }

  #failure(code: `SFS_${string}`, message: string, schemaId: number, cause?: unknown): SkillForgeError {
    return new SkillForgeError(code, `A record of ${this.schemaName} ${message}`, { cause, context: { schemaName: this.schemaName, schemaId } });
  }

  #encodeError(value: W, cause: unknown): SkillForgeError {
    const path = this.invalidPath(value) ?? '';
    return new SkillForgeError('SFS_ENCODE_FAILED', `A record of ${this.schemaName} does not fit its schema at "${path}"`, {
      cause,
      context: { schemaName: this.schemaName, path },
    });
  }
}

/** The schema id of a record in the wire format. @throws SFS_WIRE_FORMAT when it is too short or has another magic byte; SFS_SEALED for a value that is sealed as a whole */
export function wireSchemaId(bytes: Buffer): number {
  if (bytes.length < HEADER_BYTES) throw new SkillForgeError('SFS_WIRE_FORMAT', `${String(bytes.length)} bytes are too few for the wire format`);
  if (isWhole(bytes)) throw new SkillForgeError('SFS_SEALED', `The value is sealed and this process has no key "${keyIdOfWhole(bytes)}"`);
  if (bytes[0] !== 0) throw new SkillForgeError('SFS_WIRE_FORMAT', `The first byte is ${String(bytes[0])} instead of 0: not the wire format`);
  return bytes.readUInt32BE(1);
}

/** The codec of a topic's records as they lie on the wire. */
export function schemaCodec<K extends string, V>(of: Topic<K, V>, ids: SchemaIds): SchemaCodec<Sealable<V>> {
  return new SchemaCodec<Sealable<V>>(of.schemaName, schemaOf(of), ids);
}

/** Records of a topic between memory (envelope open) and wire (sealed). `owner` is the person whose key seals: for most topics, the record's key. */
export interface TopicCodec<V> {
  readonly schemaId: number;
  /** @throws SFS_ENCODE_FAILED */
  encode(owner: string, value: V): Buffer;
  /** @throws SFS_SEALED, SFS_WIRE_FORMAT, SFS_SCHEMA_UNKNOWN, SFS_SCHEMA_INCOMPATIBLE, SFS_DECODE_FAILED */
  decode(owner: string, bytes: Buffer): V;
}

/** The codec of a topic with its envelope: what a runtime reads and writes with. */
export function topicCodec<K extends string, V>(of: Topic<K, V>, ids: SchemaIds, envelope: EnvelopeCodec = identityEnvelope): TopicCodec<V> {
  const wire = schemaCodec(of, ids);
  return {
    schemaId: wire.schemaId,
    encode: (owner, value) => wire.encode(envelope.seal<V>(owner, value)),
    decode: (owner, bytes) => envelope.open<V>(owner, wire.decode(bytes)),
  };
}
