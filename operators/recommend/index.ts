/** The recommender: what a topology needs of it. */
export * from '../features/declarations.js';
export * from '../ports/experiments.js';
export * from '../ports/models.js';
export * from '../ports/ranker.js';
export * from '../ports/retrieval.js';
export * from '../ports/segments.js';
export * from '../features/itemFeatures.js';
export { COHORT_FLOOR, leastLearnersOf } from './cohortFloor.js';
export * from './decide.js';
export * from './experiments.js';
export * from './formulaModels.js';
export * from './firstWeek.js';
export * from './formulaRanker.js';
export type { DecisionLookups } from './lookups.js';
export * from './learnerState.js';
export { dayOf } from './recentDays.js';
export * from './policy/policy.js';
export * from './profile.js';
