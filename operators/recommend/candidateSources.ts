import type { CandidateSource } from '../../schemas/index.js';
import type { Quotas } from '../ports/experiments.js';

/** The sources in the order of the schema's symbols: a set of them has bit n for the n-th. */
export const CANDIDATE_SOURCES = [
  'TRENDING',
  'CURRICULUM',
  'ALS',
  'NEIGHBOURS',
  'COVISITED',
  'REVIEW',
  'SEGMENT',
  'NEW',
  'POPULAR',
] as const satisfies readonly CandidateSource[];

/**
 * Sources that always propose what was not used: an experiment can switch them off. REVIEW, the name of what was used, and SEGMENT propose only where these
 * leave a list short; SEGMENT and POPULAR name shared lists, too.
 */
export const PROPOSING_SOURCES = ['TRENDING', 'CURRICULUM', 'ALS', 'NEIGHBOURS', 'COVISITED', 'NEW'] as const satisfies readonly CandidateSource[];

/** A decision weighs so many candidates at most, of all sources together. */
export const MOST_CANDIDATES = 200;
/** What the learner used is a candidate for so many, whatever the quotas; fewer where the others leave no room for them. */
export const MOST_USED = 120;
/**
 * How many candidates a source has at most, in items, unless an experiment says otherwise. Each has
 * as many as a list, so that a list may come of one source. With those of {@link FIXED_QUOTA} they leave room for a list of what was used.
 */
export const USUAL_QUOTAS = { TRENDING: 30, NEW: 20, ALS: 20, NEIGHBOURS: 20, COVISITED: 20 } as const satisfies Quotas;
/** The same of CURRICULUM; no experiment changes it. */
export const FIXED_QUOTA = 20;

/**
 * As many rows as there is room for, of each source in turn, its first ones first: none takes the room of another.
 *
 * @param starts - the first row of each source, ascending; its rows are those up to the next one's
 * @param end - after the last row
 * @returns rows, ascending
 */
export function inTurn(starts: readonly number[], end: number, room: number): number[] {
  const turns = starts.flatMap((start, at) => Array.from({ length: (starts[at + 1] ?? end) - start }, (_, turn) => ({ row: start + turn, turn })));
  return turns
    .sort((a, b) => a.turn - b.turn || a.row - b.row)
    .slice(0, room)
    .map(({ row }) => row)
    .sort((a, b) => a - b);
}

const BITS = Object.fromEntries(CANDIDATE_SOURCES.map((source, n) => [source, 1 << n])) as Readonly<Record<CandidateSource, number>>;

/** The set of one source. */
export const sourceBit = (source: CandidateSource): number => BITS[source];
