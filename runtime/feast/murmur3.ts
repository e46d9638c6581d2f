const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
const mixed = (block: number): number => Math.imul(rotated(Math.imul(block, C1), 15), C2);

/**
 * MurmurHash3 for 32-bit machines, seed 0, as an unsigned number.
 * @see https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp (Austin Appleby, public domain)
 */
export function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 4);
  let hash = 0;
  for (let at = 0; at < whole; at += 4) hash = (Math.imul(rotated(hash ^ mixed(view.getUint32(at, true)), 13), 5) + 0xe6546b64) | 0;
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8) | bytes[at]!;
  if (bytes.length > whole) hash ^= mixed(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
