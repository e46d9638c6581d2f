/**
 * The part of Protocol Buffers that feature values need.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
import { SkillForgeError } from '../../schemas/errors.js';

/** How the payload of a field lies on the wire. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const CONTINUES = 0x80;
const LOW_BITS = 0x7f;
const WIRE_BITS = 3;
/** Of 64 bits, 7 to a byte. */
const LONGEST_VARINT = 10;

/** A whole number of 64 bits, seven bits to a byte, the least first; negative ones as their two's complement. */
export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > BigInt(LOW_BITS)) {
    bytes.push(Number(rest & BigInt(LOW_BITS)) | CONTINUES);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** A field with its payload; `bytes` gets its length before it. */
export function field(number: number, wire: number, payload: Uint8Array): Buffer {
  const tag = varint((number << WIRE_BITS) | wire);
  return Buffer.concat(wire === WIRE.bytes ? [tag, varint(payload.length), payload] : [tag, payload]);
}

/** A field as it was read: of a varint the number, of all else the bytes. */
export interface Field {
  readonly number: number;
  readonly wire: number;
  readonly whole: bigint;
  readonly bytes: Buffer;
}

const NO_BYTES = Buffer.alloc(0);

/** Reads fields one after the other. */
export class FieldReader {
  private at = 0;

  constructor(private readonly buffer: Buffer) {}

  /** Whether nothing is left. */
  get isDone(): boolean {
    return this.at >= this.buffer.length;
  }

  /** The next field. @throws SFS_FEATURE_BYTES where the bytes end before it does, or have a wire type that is not used any more */
  next(): Field {
    const tag = Number(this.varint());
    const [number, wire] = [tag >>> WIRE_BITS, tag & 7];
    if (wire === WIRE.varint) return { number, wire, whole: this.varint(), bytes: NO_BYTES };
    if (wire === WIRE.fixed64) return { number, wire, whole: 0n, bytes: this.take(8) };
    if (wire === WIRE.fixed32) return { number, wire, whole: 0n, bytes: this.take(4) };
    if (wire === WIRE.bytes) return { number, wire, whole: 0n, bytes: this.take(Number(this.varint())) };
    throw unreadable(`wire type ${wire} at byte ${this.at}`);
  }

  /** The next number, of a packed list. @throws SFS_FEATURE_BYTES */
  varint(): bigint {
    let value = 0n;
    for (let n = 0; n < LONGEST_VARINT; n++) {
      const byte = this.take(1)[0]!;
      value |= BigInt(byte & LOW_BITS) << BigInt(7 * n);
      if ((byte & CONTINUES) === 0) return BigInt.asUintN(64, value);
    }
    throw unreadable(`a number of more than ${LONGEST_VARINT} bytes`);
  }

  /** The next bytes. @throws SFS_FEATURE_BYTES */
  take(count: number): Buffer {
    const end = this.at + count;
    if (end > this.buffer.length) throw unreadable(`${this.buffer.length} bytes where ${end} are needed`);
    const bytes = this.buffer.subarray(this.at, end);
    this.at = end;
    return bytes;
  }
}

/** Bytes that are not what Feast writes. */
export function unreadable(reason: string): SkillForgeError {
  return new SkillForgeError('SFS_FEATURE_BYTES', `a stored feature cannot be read: ${reason}`);
}
