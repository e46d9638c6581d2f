/** The recommender: what a topology needs of it. */
export * from '../features/declarations.js';
export * from '../ports/ranker.js';
export * from '../features/itemFeatures.js';
export * from './decide.js';
export * from './formulaRanker.js';
export type { DecisionLookups } from './lookups.js';
export * from './learnerState.js';
