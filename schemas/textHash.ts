const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * 32 bits of a text, the same everywhere: FNV-1a over UTF-16 units, and then what murmur3 ends with, so that the bits of short ids that count up do not
 * stay together. For sampling and counting, not against forgery.
 */
export function textHash(text: string): number {
  let hash = OFFSET;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
