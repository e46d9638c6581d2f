import type { FeatureLog, LearnerId, Opened, Recommendation } from '../../schemas/index.js';
import { hashOf, shareOf } from '../hash.js';
import type { Ranker } from '../ports/ranker.js';
import { decideCourse } from './decideCourse.js';
import type { DecisionLookups } from './lookups.js';
import type { LearnerState } from './learnerState.js';

const DEFAULT_SHARE = 1 / 8;

/** What holds for every decision of a topology. */
export interface DecisionOptions {
  readonly ranker: Ranker;
  readonly region: string;
  readonly topologyVersion: number;
  /** From when on readers mark the record stale: madeAtMs + validForMs. */
  readonly validForMs: number;
  /** Experiment variant; empty outside experiments, the default. */
  readonly variant?: string;
  /** Share of the decisions that are logged, in [0, 1]; 1/8 unless given. */
  readonly loggedShare?: number;
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

/** Decides what to recommend to a learner. Pure: equal arguments give equal records. */
export function decide({ learner, state, atMs }: Moment, lookups: DecisionLookups, options: DecisionOptions): Decision {
  const { ranker, region, topologyVersion, validForMs, variant = '', loggedShare = DEFAULT_SHARE } = options;
  const decisionId = hashOf(`${learner}|${String(atMs)}|${String(topologyVersion)}`);
  const isLogged = shareOf(decisionId) < loggedShare;
  const made = (state.context?.courses ?? []).map((course) => decideCourse({ state, course, atMs }, lookups, ranker, isLogged));
  const modelVersion = ranker.version;
  const recommendation = {
    learner,
    region,
    madeAtMs: atMs,
    validUntilMs: atMs + validForMs,
    modelVersion,
    topologyVersion,
    variant,
    personal: { courses: made.map(({ lists }) => lists) },
  };
  if (!isLogged) return { recommendation, log: null };
  const common = { learner, region, decidedAtMs: atMs, modelVersion, featureSet: ranker.featureSet.id, topologyVersion };
  const log = made.flatMap(({ log: personal }) =>
    personal === null ? [] : [{ ...common, decisionId: `${decisionId}-${personal.course}`, personal }],
  );
  return { recommendation, log };
}
