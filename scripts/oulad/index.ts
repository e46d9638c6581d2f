/** Readers of the Open University Learning Analytics data set. */
export * from './clicks.js';
export { CsvFile } from './csvFile.js';
export { CsvRows, ROWS_PER_BATCH } from './csvRows.js';
export { firstEpochDay } from './presentations.js';
export type { ClickChoice } from './clickRows.js';
export type { OuladPresentationSummary, OuladRejectCode, OuladSummary, RejectedRow } from './summary.js';
