import type { CourseRecommendations, FeatureLogDetails } from '../../schemas/index.js';
import type { Quotas } from '../ports/experiments.js';
import type { Model } from '../ports/models.js';
import { blended, ownWeight } from './blend.js';
import { CandidateRows } from './candidateRows.js';
import { gather } from './candidates.js';
import { batchOf, segmentIn, trendOf, type CourseMoment } from './courseMoment.js';
import { courseTable } from './courseTable.js';
import type { CourseView } from './courseView.js';
import { engagementAt, usesIn } from './learnerState.js';
import { Scored, listOf } from './lists.js';
import { loggedCandidates } from './loggedCandidates.js';
import type { DecisionLookups } from './lookups.js';
import { arranged, type Arrangement } from './policy/arrange.js';
import type { Policy } from './policy/policy.js';
import { segmentListOf } from './segmentList.js';
import { sharedLists } from './sharedLists.js';

/** The lists of a course, and what they were made from. */
export interface CourseDecision {
  readonly lists: CourseRecommendations;
  /** `null` where it was not asked for, and of lists that nothing was ranked for. */
  readonly log: FeatureLogDetails | null;
}

/** What the courses of a decision have in common. */
export interface DecisionSetting {
  readonly model: Model;
  readonly policy: Policy;
  /** Identity of the decision. */
  readonly decisionId: string;
  /** Whether the last places of its lists are drawn. */
  readonly explores: boolean;
  readonly isLogged: boolean;
  /** Sources that propose nothing. */
  readonly without: number;
  /** Where an experiment changes how many candidates sources are asked for. */
  readonly quotas?: Quotas;
}

/** Serves one decision after the other; nothing in it outlives one. */
const rows = new CandidateRows();

/** Decides one course: by the learner's history, else by segment and popularity. */
export function decideCourse(moment: CourseMoment, lookups: DecisionLookups, setting: DecisionSetting): CourseDecision {
  const { state, course } = moment;
  const { ranker, retrieval } = setting.model;
  // Of whoever does not agree to profiling nothing is looked at, should anything be there.
  const uses = state.context?.consentProfiling === true ? usesIn(state, course.course) : [];
  // People paused the course: nothing is ranked.
  const isRanked = uses.length > 0 && setting.model.oversight?.isPaused(course.course) !== true;
  if (!isRanked) return { lists: sharedLists(moment, lookups), log: null };
  const segment = segmentListOf(moment, lookups);
  const view = viewOf(moment, lookups, setting, { uses, segment });
  gather(view, rows);
  const scored = new Scored(rows, ranker.score(rows));
  const seed = `${setting.decisionId}|${course.course}`;
  const arrangement: Arrangement = { ...setting, table: courseTable(view.trend, view.curriculum), embeddings: retrieval.embeddings, seed };
  const blend = blended(scored, segment, ownWeight(uses, setting.policy.evenAfter));
  const [next, fresh] = [arranged(blend.scored, 'next', arrangement), arranged(blend.scored, 'new', arrangement)];
  const listed = {
    next: blend.explained('next', listOf(scored, ranker, 'next', next.rows)),
    new: blend.explained('new', listOf(scored, ranker, 'new', fresh.rows)),
  };
  const lists = { course: course.course, segment: segmentIn(state), ...listed };
  if (!setting.isLogged) return { lists, log: null };
  const candidates = loggedCandidates(scored, { arranged: { next, new: fresh }, listed });
  return { lists, log: { course: course.course, cohort: course.cohort, candidates } };
}

/** What candidates are made from. */
function viewOf(
  { state, course, atMs }: CourseMoment,
  lookups: DecisionLookups,
  { model, without, quotas }: DecisionSetting,
  found: Pick<CourseView, 'uses' | 'segment'>,
): CourseView {
  return {
    course,
    ...found,
    trend: trendOf(course, lookups),
    curriculum: lookups.curricula.get(course.course),
    skills: state.skills,
    engagement: engagementAt(state, atMs),
    hoursPerWeek: state.context?.hoursPerWeek ?? null,
    retrieval: model.retrieval,
    batch: batchOf(course, lookups),
    atMs,
    without,
    ...(quotas === undefined ? {} : { quotas }),
  };
}
