import type {
  BatchFeatures,
  BatchFeaturesKey,
  CohortId,
  CohortTrend,
  CourseId,
  Curriculum,
  SegmentKey,
  SegmentRecommendation,
} from '../../schemas/index.js';

/** What a decision looks up besides the state of the learner, as of the decision's event time: see `lookupKeys`. */
export interface DecisionLookups {
  readonly trends: ReadonlyMap<CohortId, CohortTrend>;
  readonly curricula: ReadonlyMap<CourseId, Curriculum>;
  readonly segments: ReadonlyMap<SegmentKey, SegmentRecommendation>;
  /** Of the daily batch; absent where nothing was published. */
  readonly batch: ReadonlyMap<BatchFeaturesKey, BatchFeatures>;
}
