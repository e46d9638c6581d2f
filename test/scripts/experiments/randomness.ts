/** Random numbers by a seed. @see Marsaglia: Xorshift RNGs. Journal of Statistical Software 8(14), 2003 */
export function randomFrom(seed: number): () => number {
  let state = Math.imul(seed, 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
