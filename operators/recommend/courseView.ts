import type { CohortTrend, Curriculum, SegmentRecommendation } from '../../schemas/index.js';
import type { Quotas } from '../ports/experiments.js';
import type { Retrieval } from '../ports/retrieval.js';
import type { CourseBatch } from './batchColumns.js';
import type { ActiveCourse, Engagement, LearnerState, Use } from './learnerState.js';

/** What candidates are made from, for one course. */
export interface CourseView {
  readonly course: ActiveCourse;
  readonly uses: readonly Use[];
  readonly trend: CohortTrend | undefined;
  readonly curriculum: Curriculum | undefined;
  readonly skills: LearnerState['skills'];
  readonly engagement: Engagement;
  readonly hoursPerWeek: number | null;
  /** The list of the learner's segment, else that of the whole course. */
  readonly segment: SegmentRecommendation | undefined;
  readonly retrieval: Retrieval;
  readonly batch: CourseBatch;
  readonly atMs: number;
  /** Sources that propose nothing, as a set of CANDIDATE_SOURCES; none unless given. What was used is proposed whatever is left out. */
  readonly without?: number;
  /** Most candidates of a source, in items, where an experiment says so: of TRENDING, NEW, ALS, NEIGHBOURS and COVISITED. */
  readonly quotas?: Quotas;
}
