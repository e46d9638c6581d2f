/** Places of the table, as a power of two: what is asked for again after some thousand others is as good as new. */
const PLACE_BITS = 12;
/** Fibonacci hashing (Knuth, volume 3, 6.4): addresses that end alike lie apart. */
const GOLDEN = 0x9e3779b1;
/** FNV-1a (Fowler, Noll, Vo), 32 bits. */
const [FNV_OFFSET, FNV_PRIME] = [0x811c9dc5, 0x01000193];
/** In the lowest bit of a place: nobody else has asked for it yet. */
const FRESH = 1;

/**
 * Which addresses were asked for lately. A table of hashes, each in the one place that it has, until another address comes there for the second time: two that are
 * asked for in turn would else never be seen. It does not grow, and keeps no text that a collector of garbage would have to move. Two addresses of one hash are
 * taken for one, once in some billions.
 */
export class AskedBefore {
  private readonly places = new Uint32Array(2 ** PLACE_BITS);

  /** Returns whether the address is among them, and notes that it was asked for. */
  add(address: string): boolean {
    const hash = hashOf(address);
    const place = Math.imul(hash, GOLDEN) >>> (32 - PLACE_BITS);
    const found = this.places[place]!;
    if ((found | FRESH) >>> 0 === (hash | FRESH) >>> 0) return true;
    this.places[place] = (found & FRESH) === 0 ? hash | FRESH : found & ~FRESH;
    return false;
  }
}

function hashOf(text: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash;
}
