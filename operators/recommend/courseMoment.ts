import { batchFeaturesKey, type CohortTrend } from '../../schemas/index.js';
import { SEEN_OF_COHORTS, SEEN_OF_ITEMS } from '../features/batchFeatures.js';
import type { CourseBatch } from './batchColumns.js';
import { aboveFloor } from './cohortFloor.js';
import type { ActiveCourse, LearnerState } from './learnerState.js';
import type { DecisionLookups } from './lookups.js';

/** One course of one learner at one time. */
export interface CourseMoment {
  readonly state: LearnerState;
  readonly course: ActiveCourse;
  readonly atMs: number;
}

/** What the cohort uses, as far as enough learners do, if it is one of this course: a profile names one cohort, whatever courses it has. */
export function trendOf({ course, cohort }: ActiveCourse, { trends }: DecisionLookups): CohortTrend | undefined {
  const trend = trends.get(cohort);
  return trend?.course === course ? aboveFloor(trend) : undefined;
}

/** What the daily batch says of a course and a cohort. */
export const batchOf = ({ course, cohort }: ActiveCourse, { batch }: DecisionLookups): CourseBatch => ({
  items: batch.get(batchFeaturesKey(SEEN_OF_ITEMS.view.name, course)),
  cohort: cohort === '' ? undefined : batch.get(batchFeaturesKey(SEEN_OF_COHORTS.view.name, cohort)),
});

/** The segment of a learner; empty where there is none. A segment is made of what learners did: without consent there is none. */
export const segmentIn = ({ context }: LearnerState): string => (context?.consentProfiling === true ? (context.segment ?? '') : '');
