/** What a ranked list is worth against what a learner did next. Nothing is sampled: every item that could have been listed counts. */

/** Places that NDCG, the hit rate and the reciprocal rank look at. */
const TOP = 10;
/** Places that recall and coverage look at, and that a list has at most. */
export const LISTED = 20;

/** Measures of one list. All in [0, 1], 1 is best. */
export interface Measures {
  /** Discounted gain of the first 10 places over that of the best order; gain 1 for an item of the truth. @see Järvelin, Kekäläinen (2002) */
  readonly ndcg: number;
  /** Hits among the first 20 over min(20, items of the truth). */
  readonly recall: number;
  /** 1 where one of the first 10 is a hit. */
  readonly hit: number;
  /** 1 / the place of the first hit among the first 10, counted from 1; 0 without one. */
  readonly reciprocalRank: number;
}

/** Names of the measures, in the order in which they are shown. */
export const MEASURES = ['ndcg', 'recall', 'hit', 'reciprocalRank'] as const satisfies readonly (keyof Measures)[];

const DISCOUNTS = Float64Array.from({ length: TOP }, (_, place) => 1 / Math.log2(place + 2));

/** @param ranking - items, best first, each once. @param truth - not empty */
export function measure(ranking: readonly string[], truth: ReadonlySet<string>): Measures {
  let [gain, ideal, hits, firstHit] = [0, 0, 0, -1];
  ranking.slice(0, LISTED).forEach((item, place) => {
    if (!truth.has(item)) return;
    hits++;
    if (firstHit < 0) firstHit = place;
    gain += DISCOUNTS[place] ?? 0;
  });
  for (let place = 0; place < Math.min(TOP, truth.size); place++) ideal += DISCOUNTS[place]!;
  const isHit = firstHit >= 0 && firstHit < TOP;
  return {
    ndcg: gain / ideal,
    recall: hits / Math.min(LISTED, truth.size),
    hit: isHit ? 1 : 0,
    reciprocalRank: isHit ? 1 / (firstHit + 1) : 0,
  };
}

/** Mean of each measure. @param all - not empty */
export function meanOf(all: readonly Measures[]): Measures {
  const mean = (name: keyof Measures): number => all.reduce((sum, one) => sum + one[name], 0) / all.length;
  return { ndcg: mean('ndcg'), recall: mean('recall'), hit: mean('hit'), reciprocalRank: mean('reciprocalRank') };
}
