import type {
  CohortId,
  CohortTrend,
  CourseId,
  Curriculum,
  FeatureLog,
  LearnerId,
  Opened,
  Recommendation,
  SegmentKey,
  SegmentRecommendation,
} from '../../schemas/index.js';
import type { Ranker } from '../ports/ranker.js';
import type { LearnerState } from './learnerState.js';

/** What a decision looks up besides the state of the learner, as of the decision's event time: see {@link lookupKeys}. */
export interface DecisionLookups {
  readonly trends: ReadonlyMap<CohortId, CohortTrend>;
  readonly curricula: ReadonlyMap<CourseId, Curriculum>;
  readonly segments: ReadonlyMap<SegmentKey, SegmentRecommendation>;
}

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
export function decide(_moment: Moment, _lookups: DecisionLookups, _options: DecisionOptions): Decision {
  throw new RangeError('being written');
}
