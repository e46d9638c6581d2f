/** On which partition a key lies: writers and readers of a topic must agree. */
const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/**
 * MurmurHash2 as Kafka's default partitioner computes it (32 bits, seed 0x9747b28c), so that a key lands on the same
 * partition whoever writes it.
 *
 * @see A. Appleby, MurmurHash2; `org.apache.kafka.common.utils.Utils.murmur2`
 */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  let hash = SEED ^ length;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    let word = bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24);
    word = Math.imul(word, M);
    word ^= word >>> 24;
    word = Math.imul(word, M);
    hash = Math.imul(hash, M) ^ word;
  }
  const rest = length - index;
  if (rest === 3) hash ^= bytes[index + 2]! << 16;
  if (rest >= 2) hash ^= bytes[index + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[index]!, M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return (hash ^ (hash >>> 15)) | 0;
}

/** The partition of a key, as Kafka's clients choose it. */
export const partitionOf = (key: Uint8Array, partitions: number): number => (murmur2(key) & 0x7fffffff) % partitions;
