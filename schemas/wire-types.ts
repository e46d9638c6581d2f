/**
 * Avro types that refuse corrupt bytes at once. avsc trusts the counts it reads: one bad byte can make it loop over 2^50 items.
 * They override methods that avsc 5 keeps internal, hence its version is exact in package.json and `test/schemas/codec.test.ts` guards them.
 */
import avsc from 'avsc';
import { isEnvelopeSchema, type AvroSchema } from './avro-schema.js';

/** The reading and writing position that avsc passes to its types. */
interface Tap {
  pos: number;
  readonly buf: Buffer;
  readLong(): number;
  writeLong(value: number): void;
  readString(): string;
  skipString(): void;
}

/** The methods that every avsc type has. */
interface Inner {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
  _write(tap: Tap, value: unknown): void;
  _check(value: unknown, flags: unknown, hook: unknown, path: unknown): boolean;
  _copy(value: unknown, options: unknown): unknown;
  createResolver(writer: avsc.Type, options: unknown): Inner;
}

const inner = (type: unknown): Inner => type as Inner;
const isSealedValue = (value: unknown): boolean => (value as { ciphertext?: unknown }).ciphertext !== undefined;

/** Count of the next block; every item takes a byte at least, so a greater count than bytes left is corrupt. */
function readCount(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    if (tap.readLong() < 0) throw new Error('negative block size');
  }
  if (count > tap.buf.length - tap.pos) throw new Error('more items than bytes left');
  return count;
}

class CheckedArray extends avsc.types.ArrayType {
  _read(tap: Tap): unknown[] {
    // `this` may be a resolver of avsc's, which has the same `itemsType`.
    const items = inner(this.itemsType);
    const values: unknown[] = [];
    for (let count = readCount(tap); count !== 0; count = readCount(tap)) {
      while (count-- > 0) values.push(items._read(tap));
    }
    return values;
  }

  _skip(tap: Tap): void {
    const items = inner(this.itemsType);
    for (let count = readCount(tap); count !== 0; count = readCount(tap)) while (count-- > 0) items._skip(tap);
  }
}

class CheckedMap extends avsc.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values = inner(this.valuesType);
    const map: Record<string, unknown> = {};
    for (let count = readCount(tap); count !== 0; count = readCount(tap)) {
      while (count-- > 0) {
        const key = tap.readString();
        if (key === '__proto__') throw new Error('map key "__proto__"');
        map[key] = values._read(tap);
      }
    }
    return map;
  }

  _skip(tap: Tap): void {
    const values = inner(this.valuesType);
    for (let count = readCount(tap); count !== 0; count = readCount(tap)) {
      while (count-- > 0) {
        tap.skipString();
        values._skip(tap);
      }
    }
  }
}

const LEAST_LONG = -(2 ** 52);

/** avsc's zigzag loses a bit below -2^52; such longs are refused rather than changed. */
class CheckedLong extends avsc.types.LongType {
  _read(tap: Tap): number {
    const value = tap.readLong();
    if (value < LEAST_LONG || value > Number.MAX_SAFE_INTEGER - 1) throw new Error('long outside of the safe integers');
    return value;
  }

  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < LEAST_LONG || value > Number.MAX_SAFE_INTEGER - 1) {
      throw new Error(`invalid "long": ${String(value)}`);
    }
    tap.writeLong(value);
  }
}

/** A union of a record in clear and the sealed record, whose values are not wrapped: `ciphertext` tells them apart. */
class EnvelopeUnion extends avsc.types.WrappedUnionType {
  private branchOf(value: unknown): Inner {
    if (typeof value !== 'object' || value === null) throw new Error('invalid envelope: not a record');
    return inner(this.types[isSealedValue(value) ? 1 : 0]);
  }

  _read(tap: Tap): unknown {
    const branch = this.types[tap.readLong()];
    if (branch === undefined) throw new Error('invalid union index');
    return inner(branch)._read(tap);
  }

  _write(tap: Tap, value: unknown): void {
    const branch = this.branchOf(value);
    tap.writeLong(isSealedValue(value) ? 1 : 0);
    branch._write(tap, value);
  }

  _check(value: unknown, flags: unknown, hook: ((value: unknown, type: unknown) => void) | undefined, path: unknown): boolean {
    if (typeof value === 'object' && value !== null) return this.branchOf(value)._check(value, flags, hook, path);
    hook?.(value, this);
    return false;
  }

  _copy(value: unknown, options: unknown): unknown {
    return this.branchOf(value)._copy(value, options);
  }

  _update(resolver: { _read: (tap: Tap) => unknown }, writer: avsc.Type, options: unknown): void {
    for (const branch of this.types) {
      const resolved = resolverOrNull(inner(branch), writer, options);
      if (resolved === null) continue;
      resolver._read = (tap) => resolved._read(tap);
      return;
    }
  }
}

function resolverOrNull(reader: Inner, writer: avsc.Type, options: unknown): Inner | null {
  try {
    return reader.createResolver(writer, options);
  } catch {
    return null;
  }
}

const checkedLong = new CheckedLong();

/** avsc's `typeHook`: puts the checked types in place of its own. */
export function checkedType(schema: unknown, options: unknown): avsc.Type | undefined {
  const node = schema as AvroSchema;
  const name = typeof node === 'object' && !Array.isArray(node) ? (node as { type: string }).type : node;
  if (name === 'long') return checkedLong;
  if (name === 'array') return new CheckedArray(schema as avsc.Schema, options);
  if (name === 'map') return new CheckedMap(schema as avsc.Schema, options);
  return isEnvelopeSchema(node) ? new EnvelopeUnion(schema as avsc.Schema, options) : undefined;
}
