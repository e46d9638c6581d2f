/** Ranks a logged decision again, by what it saw and the model that it names. */
import { LISTS, type ListName, type Ranker } from '../../operators/ports/ranker.js';
import { betterFirst } from '../../operators/recommend/best.js';
import { SkillForgeError, topics, type FeatureLog, type LoggedCandidate, type Opened } from '../../schemas/index.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { topicRecords } from '../training/topicRecords.js';

/** A decision as the feature log has it. */
export type LoggedDecision = Opened<FeatureLog>;

/** One list of a decision. */
export interface ReplayedList {
  /** Items in the order of the scores that were computed again. */
  readonly ranked: readonly string[];
  /** Items as they were shown: the policy may have changed the order, and left out some. */
  readonly shown: readonly string[];
  /** Of each that was shown, the coded reasons that were told with it. */
  readonly reasons: readonly (readonly string[])[];
  /** Items whose score is another one than what was logged. */
  readonly differing: readonly string[];
}

/** A decision that was ranked again. */
export interface ReplayedDecision {
  readonly decisionId: string;
  readonly learner: string;
  readonly course: string;
  readonly decidedAtMs: number;
  readonly modelVersion: string;
  /** Variations of experiments that the learner was under; empty outside of them. */
  readonly variant: string;
  readonly candidates: number;
  readonly explored: boolean;
  /** Whether every score is, bit for bit, what was logged. */
  readonly same: boolean;
  readonly lists: Readonly<Record<ListName, ReplayedList>>;
}

/**
 * The records of a decision: one for each course of the learner. @param id - of one of them, or of the decision without its course
 * @throws SFS_DECISION_UNKNOWN where the log has none, and what reading it throws
 */
export async function loggedDecisions(tools: ToolAccess, region: string, id: string): Promise<LoggedDecision[]> {
  const found: LoggedDecision[] = [];
  for await (const decision of (await topicRecords(tools, region, topics.featureLog)).all()) {
    if (decision.decisionId === id || decision.decisionId.startsWith(`${id}-`)) found.push(decision);
  }
  if (found.length > 0) return found;
  throw new SkillForgeError('SFS_DECISION_UNKNOWN', `the feature log of region ${region} has no decision ${id}`, {
    context: { decision: id, region },
  });
}

/** Scores the candidates of a decision again. @throws SFS_MODEL_FEATURES where the ranker reads other features than were logged */
export function replayed(decision: LoggedDecision, ranker: Ranker): ReplayedDecision {
  const { decisionId, learner, decidedAtMs, modelVersion, variant, featureSet, explored, personal } = decision;
  const { course, candidates } = personal;
  if (ranker.featureSet.id !== featureSet) {
    const message = `the decision ${decisionId} was made by ${featureSet}, and ${ranker.version} reads ${ranker.featureSet.id}`;
    throw new SkillForgeError('SFS_MODEL_FEATURES', message, { context: { decision: decisionId, featureSet } });
  }
  const scores = scoresOf(candidates, ranker);
  const lists = { next: listOf('next', candidates, scores.next), new: listOf('new', candidates, scores.new) };
  const same = LISTS.every((list) => lists[list].differing.length === 0);
  return { decisionId, learner, course, decidedAtMs, modelVersion, variant, candidates: candidates.length, explored, same, lists };
}

function scoresOf(candidates: readonly LoggedCandidate[], ranker: Ranker): Readonly<Record<ListName, Float32Array>> {
  const [rows, columns] = [candidates.length, candidates[0]?.features.length ?? 0];
  if (rows === 0) return { next: new Float32Array(0), new: new Float32Array(0) };
  const scores = ranker.score({ rows, columns, values: Float32Array.from(candidates.flatMap(({ features }) => features)) });
  return { next: scores.next.slice(0, rows), new: scores.new.slice(0, rows) };
}

function listOf(list: ListName, candidates: readonly LoggedCandidate[], scores: Float32Array): ReplayedList {
  const items = candidates.map(({ item }) => item);
  const logged = candidates.map(({ score, newScore }) => (list === 'next' ? score : newScore));
  const places = candidates.map(({ nextRank, newRank }) => (list === 'next' ? nextRank : newRank));
  const rows = [...candidates.keys()];
  const shown = rows.filter((row) => places[row]! >= 0).sort((a, b) => places[a]! - places[b]!);
  const named = (some: readonly number[]): string[] => some.map((row) => items[row]!);
  return {
    ranked: named([...rows].sort(betterFirst(scores, items))),
    shown: named(shown),
    reasons: shown.map((row) => candidates[row]![list === 'next' ? 'nextReasons' : 'newReasons']),
    differing: named(rows.filter((row) => !Object.is(Math.fround(logged[row]!), scores[row]))),
  };
}
