import type { CurriculumItem } from '../../../schemas/index.js';
import { itemFeatures } from '../../features/itemFeatures.js';
import type { ListName } from '../../ports/ranker.js';
import type { ItemEmbeddings } from '../../ports/retrieval.js';
import { bestOf, betterFirst } from '../best.js';
import { MOST_LISTED } from '../candidates.js';
import type { CourseTable } from '../courseTable.js';
import type { Scored } from '../lists.js';
import { diversified } from './diversity.js';
import { EXPLORED_PLACES, EXPLORED_POOL, drawPlaces } from './exploration.js';
import { likenessIn } from './likeness.js';
import type { Policy } from './policy.js';
import { weigh } from './worth.js';

const COMPLETED = itemFeatures.column('completed');
/** Every list is chosen from so many of the best candidates. */
const POOL = 2 * MOST_LISTED;

/** What the lists of a course are arranged for. */
export interface Arrangement {
  readonly policy: Policy;
  readonly table: CourseTable;
  readonly embeddings: ItemEmbeddings | null;
  /** Decides what is drawn, together with the name of the list. */
  readonly seed: string;
  /** Whether this decision draws. */
  readonly explores: boolean;
  /** Whether anybody asks for the propensities. */
  readonly isLogged: boolean;
}

/** A list: rows of candidates, best first, and the probability of each to be there. */
export interface Arranged {
  readonly rows: readonly number[];
  /** By place; meaningless where the decision is not logged. */
  readonly propensities: readonly number[];
}

/**
 * Makes a list of scored candidates: of all for `next`, of those not opened for `new`, 20 at most. What is done once and completed is not for
 * `next`. The order is that of the scores, with the boost of new items, with likes apart, and with the last places drawn where the decision
 * explores. Pure: the same candidates, scores and seed give the same list.
 */
export function arranged(scored: Scored, list: ListName, arrangement: Arrangement): Arranged {
  const { policy, seed, explores, isLogged } = arrangement;
  const { items, numbers } = scored.candidates;
  const { places } = arrangement.table;
  const itemOf = (row: number): CurriculumItem | undefined => places[numbers[row]!];
  const rows = rowsFor(scored, list, policy, itemOf);
  if (worths.length < scored.candidates.rows) worths = new Float64Array(2 * scored.candidates.rows);
  weigh(scored, list, rows, policy, worths);
  const draws = policy.explorationShare > 0 && (explores || isLogged);
  const best = bestOf(rows, draws ? MOST_LISTED + EXPLORED_POOL : POOL, betterFirst(worths, items));
  const pool = best.slice(0, POOL);
  const likeness = likenessIn(arrangement.embeddings);
  const chosen = diversified({ rows: pool, worth: worths, items: pool.map(itemOf) }, MOST_LISTED, policy, likeness).map((place) => pool[place]!);
  if (!draws) return { rows: chosen, propensities: chosen.map(() => 1) };
  const firsts = chosen.slice(0, MOST_LISTED - EXPLORED_PLACES);
  const others = best.filter((row) => !chosen.includes(row));
  const draw = { seed: `${seed}|${list}`, explores, share: policy.explorationShare };
  const lasts = drawPlaces(chosen.slice(firsts.length), others, worths, draw);
  return { rows: [...firsts, ...lasts.map(({ row }) => row)], propensities: [...firsts.map(() => 1), ...lasts.map(({ propensity }) => propensity)] };
}

/** By row. Serves one list after the other; nothing in it outlives one. */
let worths = new Float64Array(256);

/** The rows that a list may have. */
function rowsFor(scored: Scored, list: ListName, { kinds }: Policy, itemOf: (row: number) => CurriculumItem | undefined): number[] {
  const isDone = (row: number): boolean => {
    if (scored.feature(row, COMPLETED) === 0) return false;
    const item = itemOf(row);
    return item !== undefined && kinds[item.kind]?.repeats === 'until completed';
  };
  const rows: number[] = [];
  for (let row = 0; row < scored.candidates.rows; row++) if (list === 'new' ? !scored.isOpened(row) : !isDone(row)) rows.push(row);
  return rows;
}
