/** Events without learners, from a seed. */
export * from './clicks.js';
export * from './options.js';
export * from './ouladFolder.js';
export { SeededRandom, type RandomState } from './random.js';
