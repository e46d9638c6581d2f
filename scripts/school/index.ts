/** A synthetic school, from a seed, whose truth is known. */
export { MOTIVES, type Motive } from './attendance.js';
export { SchoolFeed, type FeedRequest, type LiveRequest } from './feed.js';
export { claimSchool, type SchoolRequest } from './keptSchool.js';
export { DEFAULT_SCHOOL, schoolOptions, type SchoolOptions } from './options.js';
export { simulatedSecondMs, type Pace } from './pacedClock.js';
export { SCHOOL_TOPICS, School, type Opening, type SchoolRecords, type SchoolStep, type SchoolTopic } from './school.js';
export { SchoolWriter, type SchoolWritten } from './schoolWriter.js';
export { learnerTruth, schoolAt, truthLines, type LearnerTruth, type TruthLine } from './truth.js';
