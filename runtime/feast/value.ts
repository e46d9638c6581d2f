/**
 * Values as Feast stores them: the message `feast.types.Value`, with a field for each type; a list is a message of its own in the field that is
 * ten higher. No field at all is a value that is empty.
 */
import { SkillForgeError } from '../../schemas/errors.js';
import { SCALAR_TYPES, type FeatureType, type FeatureValue, type ScalarType, type ScalarValue } from '../../operators/featureViews/featureView.js';
import { FieldReader, WIRE, field, unreadable, varint, type Field } from './protobuf.js';

/** A value with its type, as it was stored. */
export interface StoredValue {
  /** `null` where the value is empty: empty values have no type. */
  readonly type: FeatureType | null;
  readonly value: FeatureValue;
}

/** How values of a type lie on the wire. */
interface Scalar {
  readonly wire: number;
  readonly accepts: (value: unknown) => boolean;
  readonly encode: (value: ScalarValue) => Buffer;
  readonly decode: (field: Pick<Field, 'whole' | 'bytes'>) => ScalarValue;
}

const isWhole = (value: unknown, bits: number): boolean =>
  typeof value === 'bigint'
    ? BigInt.asIntN(bits, value) === value
    : Number.isSafeInteger(value) && BigInt.asIntN(bits, BigInt(value as number)) === BigInt(value as number);

/** A number where it is exact. */
function wholeOf(bits: bigint): number | bigint {
  const value = BigInt.asIntN(64, bits);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const LONG: Scalar = {
  wire: WIRE.varint,
  accepts: (value) => isWhole(value, 64),
  encode: (value) => varint(value as number | bigint),
  decode: ({ whole }) => wholeOf(whole),
};

/** What Feast stores for an instant that is empty. */
const NO_INSTANT = -(2n ** 63n);

const SCALARS: Readonly<Record<ScalarType, Scalar>> = {
  BYTES: {
    wire: WIRE.bytes,
    accepts: (value) => value instanceof Uint8Array,
    encode: (value) => Buffer.from(value as Uint8Array),
    decode: ({ bytes }) => bytes,
  },
  STRING: {
    wire: WIRE.bytes,
    accepts: (value) => typeof value === 'string',
    encode: (value) => Buffer.from(value as string),
    decode: ({ bytes }) => bytes.toString(),
  },
  INT32: { ...LONG, accepts: (value) => isWhole(value, 32), decode: ({ whole }) => Number(BigInt.asIntN(32, whole)) },
  INT64: LONG,
  DOUBLE: {
    wire: WIRE.fixed64,
    accepts: (value) => typeof value === 'number',
    encode: (value) => numberBytes(8, (bytes) => bytes.writeDoubleLE(value as number)),
    decode: ({ bytes }) => bytes.readDoubleLE(),
  },
  FLOAT: {
    wire: WIRE.fixed32,
    accepts: (value) => typeof value === 'number',
    encode: (value) => numberBytes(4, (bytes) => bytes.writeFloatLE(value as number)),
    decode: ({ bytes }) => bytes.readFloatLE(),
  },
  BOOL: {
    wire: WIRE.varint,
    accepts: (value) => typeof value === 'boolean',
    encode: (value) => varint(value === true ? 1 : 0),
    decode: ({ whole }) => whole !== 0n,
  },
  UNIX_TIMESTAMP: { ...LONG, accepts: (value) => isWhole(value, 64) && value !== NO_INSTANT },
};

function numberBytes(size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  write(bytes);
  return bytes;
}

const LIST = '_LIST';
const LIST_OFFSET = 10;
/** The values of a list message. */
const ELEMENTS = 1;
const NULL_FIELD = 19;

const fieldOf = (type: ScalarType): number => SCALAR_TYPES.indexOf(type) + 1;
const TYPE_OF_FIELD = new Map(SCALAR_TYPES.map((type) => [fieldOf(type), type]));

/** The type of a list's elements; that of a single value is its own. */
const elementOf = (type: FeatureType): ScalarType => (isList(type) ? (type.slice(0, -LIST.length) as ScalarType) : (type as ScalarType));
const isList = (type: FeatureType): boolean => type.endsWith(LIST);

/** Bytes of a value; none for `null`. Numbers of type FLOAT are rounded to 32 bits. @throws SFS_FEATURE_VALUE for a value that is not of the type */
export function encodeValue(type: FeatureType, value: FeatureValue): Buffer {
  if (value === null) return Buffer.alloc(0);
  const element = elementOf(type);
  const scalar = SCALARS[element];
  if (!isList(type)) return field(fieldOf(element), scalar.wire, scalar.encode(checked(type, scalar, value)));
  if (!Array.isArray(value)) throw unfit(type, value);
  const elements = (value as readonly unknown[]).map((one) => scalar.encode(checked(type, scalar, one)));
  return field(fieldOf(element) + LIST_OFFSET, WIRE.bytes, listOf(scalar, elements));
}

/** Numbers are packed: one field for all of them. */
function listOf({ wire }: Scalar, elements: readonly Buffer[]): Buffer {
  if (wire === WIRE.bytes) return Buffer.concat(elements.map((one) => field(ELEMENTS, wire, one)));
  return elements.length === 0 ? Buffer.alloc(0) : field(ELEMENTS, WIRE.bytes, Buffer.concat(elements));
}

function checked(type: FeatureType, scalar: Scalar, value: unknown): ScalarValue {
  if (scalar.accepts(value)) return value as ScalarValue;
  throw unfit(type, value);
}

function unfit(type: FeatureType, value: unknown): SkillForgeError {
  const shown = typeof value === 'number' || typeof value === 'bigint' ? ` ${value}` : '';
  return new SkillForgeError('SFS_FEATURE_VALUE', `a ${typeof value}${shown} is no value of type ${type}`, { context: { type } });
}

/** What bytes hold. @throws SFS_FEATURE_BYTES for bytes that are no value, or one of a type that is not supported, such as a map */
export function decodeValue(bytes: Buffer): StoredValue {
  const reader = new FieldReader(bytes);
  let stored: StoredValue = { type: null, value: null };
  // The last field counts: the message holds one of them.
  while (!reader.isDone) stored = storedOf(reader.next());
  return stored;
}

function storedOf(read: Field): StoredValue {
  const { number } = read;
  if (number === NULL_FIELD) return { type: null, value: null };
  const single = TYPE_OF_FIELD.get(number);
  if (single !== undefined) return singleOf(single, decoded(single, read));
  const element = TYPE_OF_FIELD.get(number - LIST_OFFSET);
  if (element === undefined) throw unreadable(`field ${number} is none of the types that are supported`);
  if (read.wire !== WIRE.bytes) throw unreadable(`a list has wire type ${read.wire}`);
  return { type: `${element}${LIST}`, value: elementsOf(element, read.bytes) };
}

const singleOf = (type: ScalarType, value: ScalarValue): StoredValue =>
  type === 'UNIX_TIMESTAMP' && value === NO_INSTANT ? { type: null, value: null } : { type, value };

function decoded(type: ScalarType, read: Field): ScalarValue {
  if (read.wire === SCALARS[type].wire) return SCALARS[type].decode(read);
  throw unreadable(`a value of type ${type} has wire type ${read.wire}`);
}

/** Packed or not: both are allowed. */
function elementsOf(type: ScalarType, bytes: Buffer): ScalarValue[] {
  const reader = new FieldReader(bytes);
  const elements: ScalarValue[] = [];
  while (!reader.isDone) {
    const read = reader.next();
    if (read.number !== ELEMENTS) throw unreadable(`a list has a field ${read.number}`);
    const isPacked = read.wire === WIRE.bytes && SCALARS[type].wire !== WIRE.bytes;
    if (isPacked) elements.push(...unpacked(SCALARS[type], read.bytes));
    else elements.push(decoded(type, read));
  }
  return elements;
}

function* unpacked({ wire, decode }: Scalar, bytes: Buffer): Generator<ScalarValue> {
  const reader = new FieldReader(bytes);
  while (!reader.isDone) {
    if (wire === WIRE.varint) yield decode({ whole: reader.varint(), bytes });
    else yield decode({ whole: 0n, bytes: reader.take(wire === WIRE.fixed64 ? 8 : 4) });
  }
}
