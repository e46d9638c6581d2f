/** Knowledge tracing: what a topology needs of it. */
export * from './rightAnswer.js';
