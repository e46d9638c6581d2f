/** The recommender: what a topology needs of it. */
export * from '../features/declarations.js';
export * from '../ports/ranker.js';
export * from './decide.js';
export * from './learnerState.js';
