/** Trends of cohorts with all their numbers, as tests write them. */
import { cohortId, courseId, itemId, type CohortItemTrend, type CohortTrend } from '../../schemas/index.js';

/** An item that was not used, but for what the parts say. */
export function itemTrend(item: string, parts: Partial<CohortItemTrend> = {}): CohortItemTrend {
  return {
    item: itemId(item),
    events1d: 0,
    events3d: 0,
    events7d: 0,
    learnerDays1d: 0,
    learnerDays3d: 0,
    learnerDays7d: 0,
    newLearners1d: 0,
    newLearners3d: 0,
    newLearners7d: 0,
    events14d: 0,
    learnerDays14d: 0,
    newLearners14d: 0,
    events28d: 0,
    learnerDays28d: 0,
    newLearners28d: 0,
    openers: 0,
    firstUsedAtMs: null,
    spreadAtMs: null,
    ...parts,
  };
}

/** The trend of cohort and course `AAA-2024J`, of which nobody was active, but for what the parts say. */
export function cohortTrend(items: readonly CohortItemTrend[], parts: Partial<CohortTrend> = {}): CohortTrend {
  return {
    cohort: cohortId('AAA-2024J'),
    course: courseId('AAA-2024J'),
    region: 'test',
    asOfMs: 0,
    topologyVersion: 1,
    items,
    activeLearnerDays1d: 0,
    activeLearnerDays3d: 0,
    activeLearnerDays7d: 0,
    activeLearnerDays14d: 0,
    activeLearnerDays28d: 0,
    learners: 0,
    firstUsedAtMs: null,
    ...parts,
  };
}
