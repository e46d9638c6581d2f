/** Values with a checksum: `[value bytes][CRC-32, little endian]`. */
import { crc32 } from 'node:zlib';

const CHECKSUM_BYTES = 4;

/** Seals many values into one allocation, which is cheaper than one each: LMDB's thread reads them in place. */
export class Sealer {
  private readonly arena: Buffer;
  private at = 0;

  /** @param values - the values that {@link seal} will get, in any order */
  constructor(values: Iterable<Buffer | null>) {
    let bytes = 0;
    for (const value of values) if (value !== null) bytes += value.length + CHECKSUM_BYTES;
    this.arena = Buffer.allocUnsafeSlow(bytes);
  }

  seal(value: Buffer): Buffer {
    const start = this.at;
    this.arena.set(value, start);
    this.arena.writeUInt32LE(crc32(value), start + value.length);
    this.at = start + value.length + CHECKSUM_BYTES;
    return this.arena.subarray(start, this.at);
  }
}

export function seal(value: Buffer): Buffer {
  return new Sealer([value]).seal(value);
}

/** The value without its checksum, `null` when the checksum does not match. */
export function unseal(sealed: Buffer): Buffer | null {
  const length = sealed.length - CHECKSUM_BYTES;
  if (length < 0) return null;
  const value = sealed.subarray(0, length);
  return crc32(value) === sealed.readUInt32LE(length) ? value : null;
}
