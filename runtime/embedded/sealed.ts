/**
 * Values with checksums: `[CRC-32 of the key][value bytes][CRC-32 of the value]`, little endian. Two of them, because they are asked at
 * different times: a damaged value is told when it is read, while the value of a damaged key would never be found, so keys are looked at
 * when the folder is opened. The key's comes first: it is on the first page of a large value.
 */
import { crc32 } from 'node:zlib';

const CRC = 4;

/** Seals many values into one allocation, which is cheaper than one each: LMDB's thread reads them in place. */
export class Sealer {
  private readonly arena: Buffer;
  private at = 0;

  /** @param values - the values that {@link seal} will get, in any order */
  constructor(values: Iterable<Buffer | null>) {
    let bytes = 0;
    for (const value of values) if (value !== null) bytes += value.length + 2 * CRC;
    this.arena = Buffer.allocUnsafeSlow(bytes);
  }

  seal(key: Buffer, value: Buffer): Buffer {
    const start = this.at;
    const end = start + CRC + value.length;
    this.arena.writeUInt32LE(crc32(key), start);
    this.arena.set(value, start + CRC);
    this.arena.writeUInt32LE(crc32(value), end);
    this.at = end + CRC;
    return this.arena.subarray(start, this.at);
  }
}

/** Seals one value; see {@link Sealer} for many. */
export function seal(key: Buffer, value: Buffer): Buffer {
  return new Sealer([value]).seal(key, value);
}

/** The value without its checksums, `null` when it or its key is not what was sealed. */
export function unseal(key: Uint8Array, sealed: Buffer): Buffer | null {
  const end = sealed.length - CRC;
  if (end < CRC || !isSealedUnder(key, sealed)) return null;
  const value = sealed.subarray(CRC, end);
  return crc32(value) === sealed.readUInt32LE(end) ? value : null;
}

/** False when the key, or what is written of it before the value, is damaged; looks at the first bytes alone. */
export function isSealedUnder(key: Uint8Array, sealed: Buffer): boolean {
  return sealed.length >= CRC && crc32(key) === sealed.readUInt32LE(0);
}
