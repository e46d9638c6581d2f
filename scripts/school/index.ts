/** A synthetic school, from a seed, whose truth is known. */
export { DEFAULT_SCHOOL, schoolOptions, type SchoolOptions } from './options.js';
export { SCHOOL_TOPICS, School, type SchoolRecords, type SchoolStep, type SchoolTopic } from './school.js';
export { schoolTruth, type LearnerTruth, type SchoolTruth } from './truth.js';
