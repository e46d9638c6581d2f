import type { ItemId, RecommendedItem } from '../../schemas/index.js';
import type { ListName } from '../ports/ranker.js';
import type { Use } from './learnerState.js';
import { betterFirst } from './best.js';
import { Scored } from './lists.js';
import type { SegmentList } from './segmentList.js';
import { whyShared } from './sharedLists.js';

/** Ranks count as 1 / (RANK_OFFSET + rank): the first places differ most, and no list decides alone. */
const RANK_OFFSET = 5;

/** How much a learner's own ranking weighs against the shared list, in [0, 1): n / (n + k), with n days of use, summed over items. */
export function ownWeight(uses: readonly Pick<Use, 'days'>[], evenAfter: number): number {
  const n = uses.reduce((sum, { days }) => sum + days, 0);
  return n / (n + evenAfter);
}

/** Scores in which a learner's own ranking and the shared list stand together. */
export interface Blend {
  /** To rank by; they are no scores of the ranker. */
  readonly scored: Scored;
  /** A list of the record: an item that owes its place to the shared list says so. */
  readonly explained: (list: ListName, items: readonly RecommendedItem[]) => RecommendedItem[];
}

/**
 * Blends what a ranker says of a learner with the list that many share, by weighted reciprocal ranks: each pair of items changes its order once
 * at most while the weight grows, and at either end stands one of the rankings. Items that the shared list does not have share the place after its last.
 * Ranks of `new` are those among what is not opened.
 *
 * @param shared - where there is none, or it weighs nothing, the ranker's scores stay as they are
 * @param own - weight of the learner's own ranking, in [0, 1]
 * @see Cormack, Clarke, Büttcher: Reciprocal rank fusion outperforms Condorcet and individual rank learning methods. SIGIR 2009; the weight is the
 * shrinkage of James and Stein, as in Efron, Morris: Stein's estimation rule and its competitors. JASA 68, 1973
 */
export function blended(scored: Scored, shared: SegmentList | undefined, own: number): Blend {
  if (shared === undefined || own === 1) return { scored, explained: (_, items) => [...items] };
  const parts = { next: blendOf(scored, 'next', shared, own), new: blendOf(scored, 'new', shared, own) };
  const { candidates } = scored;
  const ofSegment = new Map(shared.items.map((one) => [one.item, one]));
  return {
    scored: new Scored(candidates, { next: parts.next.scores, new: parts.new.scores }),
    explained: (list, items) =>
      items.map((one) => {
        const why = ofSegment.get(one.item);
        if (why === undefined || !parts[list].owed.has(one.item)) return one;
        const { source, reason } = whyShared(why);
        return { ...one, source, reasons: [reason, ...one.reasons.filter((other) => other !== reason)].slice(0, Math.max(2, one.reasons.length)) };
      }),
  };
}

interface Part {
  readonly scores: Float32Array;
  /** Items to whose score the shared list contributes more. */
  readonly owed: ReadonlySet<ItemId>;
}

function blendOf(scored: Scored, list: ListName, shared: SegmentList, own: number): Part {
  const { items, rows } = scored.candidates;
  const scores = new Float32Array(rows);
  const owed = new Set<ItemId>();
  const ranked = rowsOf(scored, list);
  const places = placesOf(shared, items, ranked);
  for (let rank = 0; rank < ranked.length; rank++) {
    const row = ranked[rank]!;
    const place = places.get(items[row]!);
    const personal = own / (RANK_OFFSET + rank);
    const popular = (1 - own) / (RANK_OFFSET + (place ?? places.size));
    scores[row] = personal + popular;
    if (place !== undefined && popular > personal) owed.add(items[row]!);
  }
  return { scores, owed };
}

/** Places in the shared list among the items of these rows. */
function placesOf(shared: SegmentList, items: readonly ItemId[], rows: readonly number[]): ReadonlyMap<ItemId, number> {
  const among = new Set<ItemId>();
  for (const row of rows) among.add(items[row]!);
  const places = new Map<ItemId, number>();
  let place = 0;
  for (const { item } of shared.items) if (among.has(item)) places.set(item, place++);
  return places;
}

/** Rows that a list may have, best first; of equal ones the item whose id comes first. */
function rowsOf(scored: Scored, list: ListName): number[] {
  const { items, rows } = scored.candidates;
  const found: number[] = [];
  for (let row = 0; row < rows; row++) if (list === 'next' || !scored.isOpened(row)) found.push(row);
  return found.sort(betterFirst(scored.scores[list], items));
}
