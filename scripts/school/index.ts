/** A synthetic school, from a seed, whose truth is known. */
export { MOTIVES, type Motive } from './attendance.js';
export { DAY_MS, HOUR_MS } from './calendar.js';
export { SchoolFeed, type FeedRequest, type LiveRequest } from './feed.js';
export { claimSchool, type SchoolPlace } from './keptSchool.js';
export { DEFAULT_SCHOOL, schoolOptions, withoutGaps, type SchoolOptions, type SchoolRequest } from './options.js';
export { simulatedSecondMs, type Pace } from './pacedClock.js';
export { SCHOOL_TOPICS, School, type Opening, type SchoolRecords, type SchoolStep, type SchoolTopic } from './school.js';
export { shifted } from './shift.js';
export { SchoolWriter, endsHour, schoolWriters, type SchoolWritten } from './schoolWriter.js';
export { learnerTruth, schoolAt, truthLines, type LearnerTruth, type TruthLine } from './truth.js';
