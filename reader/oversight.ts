/** What people decided, put into answers: pauses, killed models, blocked items, and what holds for one learner. */
import type { CourseRecommendations, Oversight, OverrideDetails } from '../schemas/index.js';
import type { OpenRecommendation } from './viewTopics.js';

/** Why a learner gets what is popular although there may be a list of their own. */
export type BaselineReason = 'paused' | 'override';

/** Why what is asked for is answered without anything that was ranked; `null` where it is not. A pause of the region comes first: it is for all. */
export function baselineReason(oversight: Oversight, override: OverrideDetails | null, course: string | undefined): BaselineReason | null {
  if (oversight.isPaused(course ?? null)) return 'paused';
  return override?.baseline === true ? 'override' : null;
}

/** The courses of a record that are asked for, but for those that are paused. */
export const goingCourses = ({ personal }: OpenRecommendation, oversight: Oversight, course: string | undefined): CourseRecommendations[] =>
  personal.courses.filter((one) => (course === undefined || one.course === course) && !oversight.isPaused(one.course));

/** The courses of a record that may be served as the learner's own; none of a model that was killed. */
export const ownCourses = (record: OpenRecommendation, oversight: Oversight, course: string | undefined): CourseRecommendations[] =>
  oversight.isKilled(record.modelVersion) ? [] : goingCourses(record, oversight, course);

/** Courses of a record that are paused by themselves: the others go on. */
export const pausedCourses = ({ personal }: OpenRecommendation, oversight: Oversight): string[] =>
  personal.courses.map(({ course }) => course as string).filter((course) => oversight.isPaused(course));
