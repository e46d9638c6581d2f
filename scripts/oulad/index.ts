/** Readers of the Open University Learning Analytics data set. */
export * from './clicks.js';
export { readCatalogue, type Catalogue } from './catalogue.js';
export { assertOptions, choosesPresentation, DEFAULT_REGION, type OuladChoice, type OuladOptions } from './choice.js';
export { clockOf } from './clock.js';
export { CsvFile, pathOfCsv } from './csvFile.js';
export { CsvRows, ROWS_PER_BATCH } from './csvRows.js';
export { lmsEventsOf, readEnrolments, type Enrolment, type Enrolments } from './enrolments.js';
export type { FileCounts, JudgedFile } from './judgedFile.js';
export { firstEpochDay } from './presentations.js';
export { readProfiles, type Profiles } from './profiles.js';
export { readQuizResults, type QuizResults } from './quizResults.js';
export { NO_SCHEDULE, readSchedule, type Assessment, type Schedule } from './schedule.js';
export type { OuladPresentationSummary, OuladRejectCode, OuladSummary, RejectedRow } from './summary.js';
