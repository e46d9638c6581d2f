import type { CourseRecommendations, FeatureLogDetails } from '../../schemas/index.js';
import type { ListName } from '../ports/ranker.js';
import { betterFirst } from './best.js';
import type { Scored } from './lists.js';
import type { Arranged } from './policy/arrange.js';

/** The rows of each list, and what is shown of them. */
export interface LoggedLists {
  readonly arranged: Readonly<Record<ListName, Arranged>>;
  readonly listed: Pick<CourseRecommendations, ListName>;
}

/**
 * All candidates, best for `next` first. What was not listed is there, too, and whole: a ranker that learns from what another one listed alone puts
 * what it has not seen anywhere.
 */
export function loggedCandidates(scored: Scored, { arranged, listed }: LoggedLists): FeatureLogDetails['candidates'] {
  const { items, sources, sourceSets, rows } = scored.candidates;
  const { next: score, new: newScore } = scored.scores;
  const [next, fresh] = [arranged.next.rows, arranged.new.rows];
  const propensity = ({ propensities }: Arranged, rank: number): number => (rank < 0 ? 0 : propensities[rank]!);
  return Array.from({ length: rows }, (_, row) => row)
    .sort(betterFirst(score, items))
    .map((row) => {
      const [nextRank, newRank] = [next.indexOf(row), fresh.indexOf(row)];
      return {
        item: items[row]!,
        source: sources[row]!,
        sources: sourceSets[row]!,
        nextRank,
        newRank,
        score: score[row]!,
        newScore: newScore[row]!,
        features: scored.candidates.features(row),
        nextPropensity: Math.fround(propensity(arranged.next, nextRank)),
        newPropensity: Math.fround(propensity(arranged.new, newRank)),
        nextReasons: nextRank < 0 ? [] : listed.next[nextRank]!.reasons,
        newReasons: newRank < 0 ? [] : listed.new[newRank]!.reasons,
        inclusionProbability: 1,
      };
    });
}
