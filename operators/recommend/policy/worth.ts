import { itemFeatures } from '../../features/itemFeatures.js';
import type { ListName } from '../../ports/ranker.js';
import type { Scored } from '../lists.js';
import { NEW_HALF_LIFE_DAYS, type Policy } from './policy.js';

const ITEM_AGE = itemFeatures.column('item_age');

/**
 * What each candidate is worth to a list before it is compared with others: its score in spreads, and what its youth adds. A positive factor and
 * an addend for all change no order, whatever unit a ranker's scores have; without the boost it is the order of the scores.
 *
 * @param rows - the candidates that the list may have
 * @param worth - is written, by row
 */
export function weigh(scored: Scored, list: ListName, rows: readonly number[], { newItemBoost }: Policy, worth: Float64Array): void {
  const scores = scored.scores[list];
  const spread = spreadOf(scores, rows) || 1;
  for (const row of rows) {
    const youth = newItemBoost === 0 || scored.isOpened(row) ? 0 : newItemBoost * 2 ** (-scored.feature(row, ITEM_AGE) / NEW_HALF_LIFE_DAYS);
    worth[row] = scores[row]! / spread + youth;
  }
}

/** Standard deviation of the scores of some rows. */
function spreadOf(scores: Float32Array, rows: readonly number[]): number {
  let mean = 0;
  for (const row of rows) mean += scores[row]! / rows.length;
  let squares = 0;
  for (const row of rows) squares += (scores[row]! - mean) ** 2;
  return Math.sqrt(squares / rows.length);
}
