const OFFSETS = [0x811c9dc5, 0x9747b28c] as const;
const PRIME = 0x01000193;

/**
 * 64 bits of a text in hexadecimal, the same everywhere: two runs of FNV-1a (32 bits, over UTF-16 units) from different offsets, each through
 * the finaliser of MurmurHash3. For sampling and identities, not against forgery.
 *
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function hashOf(text: string): string {
  return hexOf(hash32(text, OFFSETS[0])) + hexOf(hash32(text, OFFSETS[1]));
}

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
/** 32 bits in hexadecimal. */
const hexOf = (bits: number): string => BYTES[bits >>> 24]! + BYTES[(bits >>> 16) & 255]! + BYTES[(bits >>> 8) & 255]! + BYTES[bits & 255]!;

/** A share in [0, 1) that depends on the text alone. */
export const shareOf = (text: string): number => hash32(text, OFFSETS[0]) / 2 ** 32;

function hash32(text: string, offset: number): number {
  let hash: number = offset;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
