import type { CandidateSource, ReasonCode, RecommendedItem } from '../../schemas/index.js';
import { itemFeatures } from '../features/itemFeatures.js';
import type { CandidateRows } from './candidateRows.js';
import { MOST_LISTED, NEW_FOR_DAYS } from './candidates.js';
import { DUE_SOON_DAYS } from './formulaRanker.js';

const MOST_REASONS = 2;

const column = (name: string): number => itemFeatures.column(name);
const TRENDING = column('cohort_events_7d');
const OPENED = column('opened');
const NEXT = column('next_in_course');
const DUE = column('due_in');
const WEAK = column('weak_skill');
const ITEM_AGE = column('item_age');

/** Candidates with their scores, by row. */
export class Scored {
  constructor(
    readonly candidates: CandidateRows,
    readonly scores: Float32Array,
  ) {}

  /** Less than 0 where the first is better: the greater score, of equal ones the id that comes first. */
  compare(a: number, b: number): number {
    const [first, second] = [this.scores[a]!, this.scores[b]!];
    if (first !== second) return second - first;
    return this.candidates.items[a]! < this.candidates.items[b]! ? -1 : 1;
  }

  isOpened(row: number): boolean {
    return this.feature(row, OPENED) > 0;
  }

  feature(row: number, column: number): number {
    return this.candidates.values[row * this.candidates.columns + column]!;
  }
}

/** The rows of the best candidates, best first: of all for `next`, of those not opened for `new`. Looks at each row once. */
export function bestOf(scored: Scored, list: 'next' | 'new'): number[] {
  const { candidates, scores } = scored;
  const best: number[] = [];
  let least = -Infinity;
  for (let row = 0; row < candidates.rows; row++) {
    if (scores[row]! < least || (list === 'new' && scored.isOpened(row))) continue;
    insert(best, row, scored);
    if (best.length === MOST_LISTED) least = scores[best[MOST_LISTED - 1]!]!;
  }
  return best;
}

function insert(best: number[], row: number, scored: Scored): void {
  let place = best.length;
  for (; place > 0 && scored.compare(row, best[place - 1]!) < 0; place--) best[place] = best[place - 1]!;
  best[place] = row;
  if (best.length > MOST_LISTED) best.pop();
}

/** Candidates as they stand in a record. */
export function listOf(scored: Scored, rows: readonly number[]): RecommendedItem[] {
  const { items, sources } = scored.candidates;
  return rows.map((row) => {
    const { reasons, source } = EXPLANATIONS[signsOf(scored, row)]!;
    return { item: items[row]!, score: scored.scores[row]!, source: source ?? sources[row]!, reasons };
  });
}

/** What can speak for a candidate, the strongest first; the source behind it where that says more than who proposed it. */
const SIGNS: readonly (readonly [ReasonCode, CandidateSource?])[] = [
  ['DUE_SOON', 'CURRICULUM'],
  ['WEAK_SKILL', 'REVIEW'],
  ['NEXT_IN_COURSE', 'CURRICULUM'],
  ['NEW_ITEM', 'NEW'],
  ['CONTINUE'],
  ['TRENDING_IN_COHORT'],
];

/** Reasons and source for each set of signs: sign n is bit n. */
const EXPLANATIONS = Array.from({ length: 2 ** SIGNS.length }, (_, set) => {
  const signs = SIGNS.filter((_sign, bit) => (set >> bit) & 1);
  return { reasons: signs.slice(0, MOST_REASONS).map(([reason]) => reason), source: signs[0]?.[1] };
});

/** The set of signs of a candidate, from its features alone. */
function signsOf(scored: Scored, row: number): number {
  const isOpened = scored.isOpened(row);
  return (
    (scored.feature(row, DUE) <= DUE_SOON_DAYS ? 1 : 0) |
    (scored.feature(row, WEAK) > 0 ? 2 : 0) |
    (scored.feature(row, NEXT) > 0 ? 4 : 0) |
    (!isOpened && scored.feature(row, ITEM_AGE) < NEW_FOR_DAYS ? 8 : 0) |
    (isOpened ? 16 : 0) |
    (scored.feature(row, TRENDING) > 0 ? 32 : 0)
  );
}
