import type { CandidateSource, ReasonCode, RecommendedItem } from '../../schemas/index.js';
import { NEW_FOR_MS, type Candidate } from './candidates.js';
import { DUE_SOON_DAYS } from './formulaRanker.js';

/** Most items in a list. */
export const MOST_LISTED = 20;
const MOST_REASONS = 2;

/** A candidate with its score. */
export interface Scored {
  readonly candidate: Candidate;
  readonly score: number;
}

/** Best first; of equal scores the one whose id comes first. */
export const byScore = (a: Scored, b: Scored): number => b.score - a.score || (a.candidate.item < b.candidate.item ? -1 : 1);

/** The best of them as they stand in a record. @param ranked - best first */
export function listOf(ranked: readonly Scored[], atMs: number): RecommendedItem[] {
  return ranked.slice(0, MOST_LISTED).map(({ candidate, score }) => {
    const reasons = reasonsOf(candidate, atMs);
    return { item: candidate.item, score: Math.fround(score), source: sourceOf(candidate, reasons), reasons };
  });
}

/** What speaks for a candidate, the strongest first. */
function reasonsOf({ dueInDays, weakness, isNext, place, use, trend }: Candidate, atMs: number): ReasonCode[] {
  const reasons: ReasonCode[] = [];
  if (dueInDays !== null && dueInDays <= DUE_SOON_DAYS) reasons.push('DUE_SOON');
  if (weakness > 0) reasons.push('WEAK_SKILL');
  if (isNext) reasons.push('NEXT_IN_COURSE');
  if (use === undefined && place !== undefined && place.addedAtMs > atMs - NEW_FOR_MS) reasons.push('NEW_ITEM');
  if (use !== undefined) reasons.push('CONTINUE');
  if (trend !== undefined) reasons.push('TRENDING_IN_COHORT');
  return reasons.slice(0, MOST_REASONS);
}

const SOURCE_OF: Partial<Record<ReasonCode, CandidateSource>> = {
  DUE_SOON: 'CURRICULUM',
  NEXT_IN_COURSE: 'CURRICULUM',
  WEAK_SKILL: 'REVIEW',
  NEW_ITEM: 'NEW',
};

/** The source behind the strongest reason; else the one that proposed it. */
const sourceOf = ({ source }: Candidate, [first]: readonly ReasonCode[]): CandidateSource => (first && SOURCE_OF[first]) ?? source;
