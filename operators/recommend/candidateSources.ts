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
 * How many candidates a source is asked for, in items, unless an experiment says otherwise. Of TRENDING and NEW so many at least: more where the
 * formula could list them. Of REVIEW so many that exercise a weak skill. The others propose all that they have.
 */
export const USUAL_QUOTAS = { TRENDING: 30, NEW: 10, ALS: 20, NEIGHBOURS: 20, COVISITED: 20, REVIEW: 40 } as const satisfies Quotas;

const BITS = Object.fromEntries(CANDIDATE_SOURCES.map((source, n) => [source, 1 << n])) as Readonly<Record<CandidateSource, number>>;

/** The set of one source. */
export const sourceBit = (source: CandidateSource): number => BITS[source];
