/** Why rows are refused, in words that hold none of their values. */
import type { CoursePresentation } from './presentations.js';
import type { OuladRejectCode } from './summary.js';

/** Why a row becomes nothing. */
export interface Refusal {
  readonly code: OuladRejectCode;
  readonly reason: string;
}

/** Further from day 0 than a hundred years is no date of a course, and later than what a time of the project can be. */
const MAX_DATE = 36_525;

/** Values that make no sense. */
export const malformed = (reason: string): Refusal => ({ code: 'SFS_IMPORT_MALFORMED', reason });
/** Values that name something which the data set does not have. */
export const unknown = (reason: string): Refusal => ({ code: 'SFS_IMPORT_UNKNOWN', reason });

/** Refusals that rows of several files have in common. */
export const REFUSALS = {
  course: malformed('code_module or code_presentation is empty or holds "|"'),
  learner: malformed('id_student is empty'),
  item: malformed('id_site is empty'),
  presentation: unknown('code_presentation is not a year with B or J, such as 2014J'),
} as const satisfies Record<string, Refusal>;

/** Whether a number is a day of a course; not, for `NaN`. */
export const isDay = (date: number): boolean => Math.abs(date) <= MAX_DATE;
/** The refusal of a column that must hold a day. */
export const noDay = (column: string): Refusal => malformed(`${column} is not an integer from -${MAX_DATE} to ${MAX_DATE}`);

/** A presentation whose rows can be used. */
export interface KnownPresentation extends CoursePresentation {
  readonly course: NonNullable<CoursePresentation['course']>;
  readonly cohort: NonNullable<CoursePresentation['cohort']>;
  readonly firstDay: number;
}

/** A presentation, or why its rows cannot be used. */
export function knownPresentation(one: CoursePresentation): KnownPresentation | Refusal {
  if (one.course === null || one.cohort === null) return REFUSALS.course;
  return one.firstDay === null ? REFUSALS.presentation : (one as KnownPresentation);
}
