/** How much two lists agree in their first places. */

/** Places that are looked at: what a page shows. */
export const DEPTH = 10;
/** Weight of a place, by that of the place before it: nine tenths of all weight lies on the first ten. */
const PERSISTENCE = 0.9;

/** Share of the first places whose items stand in the first places of the other list, too; of a shorter list all. 0 to 1. */
export function overlap(one: readonly number[], other: readonly number[]): number {
  const places = Math.min(DEPTH, Math.max(one.length, other.length));
  return places === 0 ? 1 : sharedIn(one, other, places) / places;
}

/**
 * Rank-biased overlap of the first places: the overlap at each depth, weighted by how far a reader gets. Cut off at the last place and
 * scaled to 1 for equal lists.
 *
 * @see Webber, Moffat, Zobel, "A Similarity Measure for Indefinite Rankings", ACM TOIS 28 (2010)
 */
export function rankBiasedOverlap(one: readonly number[], other: readonly number[]): number {
  const places = Math.min(DEPTH, Math.max(one.length, other.length));
  if (places === 0) return 1;
  let [sum, weights] = [0, 0];
  for (let depth = 1, weight = 1; depth <= places; depth++, weight *= PERSISTENCE) {
    sum += (weight * sharedIn(one, other, depth)) / depth;
    weights += weight;
  }
  return sum / weights;
}

/** Items in the first places of both. */
function sharedIn(one: readonly number[], other: readonly number[], places: number): number {
  const first = new Set(one.slice(0, places));
  return other.slice(0, places).filter((item) => first.has(item)).length;
}
