import type { FeatureLog, LearnerId, Opened, Recommendation } from '../../schemas/index.js';
import { hashOf, shareOf } from '../hash.js';
import type { Assignment, Quotas } from '../ports/experiments.js';
import type { Models } from '../ports/models.js';
import { decideCourse } from './decideCourse.js';
import type { DecisionLookups } from './lookups.js';
import type { LearnerState } from './learnerState.js';
import { listsWithoutBlocked, withoutBlocked } from './overseen.js';
import { DEFAULT_POLICY, type Policy } from './policy/policy.js';

const DEFAULT_SHARE = 1 / 8;

/** What holds for every decision of a topology. */
export interface DecisionOptions {
  readonly models: Models;
  readonly region: string;
  readonly topologyVersion: number;
  /** From when on readers mark the record stale: madeAtMs + validForMs. */
  readonly validForMs: number;
  /** Variations of experiments that the learner is under; none by default. */
  readonly assignments?: readonly Assignment[];
  /** Share of the decisions that are logged, in [0, 1]; 1/8 unless given. */
  readonly loggedShare?: number;
  /** What is made of the scores; `DEFAULT_POLICY` unless given. */
  readonly policy?: Policy;
  /** Candidate sources that propose nothing, as a set of `CANDIDATE_SOURCES`: to measure what they are worth. 0 unless given. */
  readonly without?: number;
  /** Most candidates of a source, in items, where an experiment says so; those of `USUAL_QUOTAS` unless given. */
  readonly quotas?: Quotas;
}

/** Which learner, what is known of them, and when (event time). */
export interface Moment {
  readonly learner: LearnerId;
  readonly state: LearnerState;
  readonly atMs: number;
}

/** What comes out of a decision. */
export interface Decision {
  readonly recommendation: Opened<Recommendation>;
  /** What the decision saw, one record for each active course; `null` where the decision is not in the sample. */
  readonly log: readonly Opened<FeatureLog>[] | null;
}

/** Identity of a decision: the same in a replay. */
export const decisionIdOf = (learner: LearnerId, atMs: number, topologyVersion: number): string =>
  hashOf(`${learner}|${String(atMs)}|${String(topologyVersion)}`);

/** As records tell variations: such as `ranker:1`, several with commas between. Empty outside experiments. */
export const variantOf = (assignments: readonly Assignment[]): string =>
  assignments.map(({ experiment, variation }) => `${experiment}:${variation}`).join(',');

/** Whether a decision is in a sample of such a share; a larger sample holds the smaller ones. */
export const isSampled = (decisionId: string, share: number): boolean => shareOf(decisionId) < share;

/** Decides what to recommend to a learner. Pure: equal arguments give equal records. */
export function decide({ learner, state, atMs }: Moment, lookups: DecisionLookups, options: DecisionOptions): Decision {
  const { models, region, topologyVersion, validForMs, assignments = [], loggedShare = DEFAULT_SHARE } = options;
  const { policy = DEFAULT_POLICY, without = 0, quotas } = options;
  const decisionId = decisionIdOf(learner, atMs, topologyVersion);
  const model = models.at(atMs);
  const isLogged = isSampled(decisionId, loggedShare);
  const { explorationShare } = policy;
  const explores = explorationShare > 0 && shareOf(`${decisionId}|explores`) < explorationShare;
  const setting = { model, policy, decisionId, explores, isLogged, without, ...(quotas === undefined ? {} : { quotas }) };
  const seen = withoutBlocked(lookups, model.oversight);
  const made = (state.context?.courses ?? []).map((course) => decideCourse({ state, course, atMs }, seen, setting));
  const [modelVersion, variant] = [model.version, variantOf(assignments)];
  const recommendation = {
    learner,
    region,
    madeAtMs: atMs,
    validUntilMs: atMs + validForMs,
    modelVersion,
    topologyVersion,
    variant,
    personal: { courses: made.map(({ lists }) => listsWithoutBlocked(lists, model.oversight)) },
  };
  if (!isLogged) return { recommendation, log: null };
  const featureSet = model.ranker.featureSet.id;
  const common = { learner, region, decidedAtMs: atMs, modelVersion, featureSet, topologyVersion, explored: explores, explorationShare, variant };
  const log = made.flatMap(({ log: personal }) =>
    personal === null ? [] : [{ ...common, decisionId: `${decisionId}-${personal.course}`, personal }],
  );
  return { recommendation, log };
}
