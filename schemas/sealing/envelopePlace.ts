/** Finds the envelope within the bytes of a record: the fields before it are passed over, none is decoded. */
import { ENVELOPE_FIELD, hasEnvelope, isEnvelopeSchema, isUnion, type AvroRecord, type AvroSchema } from '../avro-schema.js';
import type { SchemaIds } from '../schema-ids.js';

/** Magic byte and schema id. */
const HEADER_BYTES = 5;
/** First byte of the envelope, the branch of the union: what is in clear, and what is sealed. */
const CLEAR_BRANCH = 0x00;
const SEALED_BRANCH = 0x02;

/** An envelope in a record. */
export interface EnvelopePlace {
  /** Where the union begins: its branch. What follows goes on to the end of the record. */
  readonly at: number;
  readonly isSealed: boolean;
}

type Skip = (bytes: Buffer, at: number) => number;

/** Finds envelopes by the schema ids of records. */
export class EnvelopePlaces {
  /** What passes over the fields before the envelope; `null` for schemas without one. */
  private readonly skips = new Map<number, Skip | null>();

  constructor(private readonly ids: SchemaIds) {}

  /** `null` for what has no envelope, what is of an unknown schema, and what is no record: nothing there is known to be personal. */
  placeOf(bytes: Buffer): EnvelopePlace | null {
    if (bytes.length <= HEADER_BYTES || bytes[0] !== 0) return null;
    const skip = this.skipOf(bytes.readUInt32BE(1));
    if (skip === null) return null;
    const at = skip(bytes, HEADER_BYTES);
    const branch = bytes[at];
    return branch === CLEAR_BRANCH || branch === SEALED_BRANCH ? { at, isSealed: branch === SEALED_BRANCH } : null;
  }

  /** Whether it is a record of a schema that is known here: whatever else lies among them may hold anything. */
  isKnown(bytes: Buffer): boolean {
    return bytes.length > HEADER_BYTES && bytes[0] === 0 && this.ids.schemaOf(bytes.readUInt32BE(1)) !== null;
  }

  private skipOf(id: number): Skip | null {
    const known = this.skips.get(id);
    if (known !== undefined) return known;
    const schema = this.ids.schemaOf(id)?.schema;
    // Not remembered: a registry may learn the id later.
    if (schema === undefined) return null;
    const skip = hasEnvelope(schema) ? skipBefore(schema) : null;
    this.skips.set(id, skip);
    return skip;
  }
}

/** `null` where something follows the envelope, or stands before it that no schema of the project has there. */
function skipBefore({ fields }: AvroRecord): Skip | null {
  const before = fields.slice(0, -1).map(({ type }) => skipOf(type));
  const last = fields.at(-1)!;
  if (last.name !== ENVELOPE_FIELD || !isEnvelopeSchema(last.type) || before.includes(null)) return null;
  return (bytes, at) => (before as Skip[]).reduce((place, skip) => skip(bytes, place), at);
}

const skipLong: Skip = (bytes, at) => {
  let place = at;
  while ((bytes[place++] ?? 0) >= 0x80);
  return place;
};
const skipBytes: Skip = (bytes, at) => {
  const [length, place] = longAt(bytes, at);
  return place + Math.max(0, length);
};
const fixed =
  (size: number): Skip =>
  (_, at) =>
    at + size;

const PRIMITIVES: Readonly<Record<string, Skip>> = {
  null: fixed(0),
  boolean: fixed(1),
  int: skipLong,
  long: skipLong,
  enum: skipLong,
  float: fixed(4),
  double: fixed(8),
  bytes: skipBytes,
  string: skipBytes,
};

function skipOf(schema: AvroSchema): Skip | null {
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? null;
  if (isUnion(schema)) return skipUnion(schema.map(skipOf));
  return PRIMITIVES[(schema as { readonly type: string }).type] ?? null;
}

function skipUnion(branches: readonly (Skip | null)[]): Skip | null {
  if (branches.includes(null)) return null;
  return (bytes, at) => {
    const [branch, place] = longAt(bytes, at);
    return branches[branch]?.(bytes, place) ?? bytes.length;
  };
}

/** A number in Avro's variable length, with the place after it. */
export function longAt(bytes: Buffer, at: number): readonly [value: number, next: number] {
  let [value, scale, place] = [0, 1, at];
  for (;;) {
    const byte = bytes[place++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    scale *= 0x80;
  }
  return [value % 2 === 0 ? value / 2 : -(value + 1) / 2, place];
}
