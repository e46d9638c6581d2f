import type { RecommendedItem } from '../../schemas/index.js';
import { itemFeatures } from '../features/itemFeatures.js';
import type { ListName, Ranker, Scores } from '../ports/ranker.js';
import type { CandidateRows } from './candidateRows.js';
import { reasonsOf, signOf } from './reasons.js';

const OPENED = itemFeatures.column('opened');

/** Candidates with their scores, by row. */
export class Scored {
  constructor(
    readonly candidates: CandidateRows,
    readonly scores: Scores,
  ) {}

  isOpened(row: number): boolean {
    return this.feature(row, OPENED) > 0;
  }

  feature(row: number, column: number): number {
    return this.candidates.values[row * this.candidates.columns + column]!;
  }
}

/** Candidates as they stand in a record. */
export function listOf({ candidates, scores }: Scored, ranker: Ranker, list: ListName, rows: readonly number[]): RecommendedItem[] {
  const { items, sources } = candidates;
  return rows.map((row) => ({
    item: items[row]!,
    score: scores[list][row]!,
    source: signOf(candidates, row)?.source ?? sources[row]!,
    reasons: [...reasonsOf(ranker, candidates, row, list)],
  }));
}
