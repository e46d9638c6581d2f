/** Which part of the data set an import takes. */
import { assertRegion, SkillForgeError } from '../../schemas/index.js';
import { firstEpochDay } from './presentations.js';

/** Region of events when nothing else is said. */
export const DEFAULT_REGION = 'eu-west';

/** Which rows to take; what is left out takes all. */
export interface OuladChoice {
  /** Such as `AAA`. */
  readonly module?: string | undefined;
  /** Such as `2014J`. */
  readonly presentation?: string | undefined;
  /** Last day to take. Unit: days since the presentation's day 0. */
  readonly untilDay?: number | undefined;
  /** Last day of the calendar to take; presentations whose site opens after it are left out. Unit: days since 1970-01-01 (UTC). */
  readonly untilEpochDay?: number | undefined;
}

/** A choice, and the region that its records are for. */
export interface OuladOptions extends OuladChoice {
  /** Region of the records; `eu-west` when left out. */
  readonly region?: string | undefined;
}

/** The site of a presentation opens so many days before its day 0, or fewer: learners look around before the course begins. */
const OPENS_BEFORE_DAYS = 28;

/** Codes of a presentation, such as `AAA` and `2014J`. */
interface Codes {
  readonly module: string;
  readonly presentation: string;
  /** Day 0. Unit: days since 1970-01-01 (UTC); `null` when the presentation is unknown. */
  readonly firstDay: number | null;
}

/** Whether a choice has a presentation. */
export const choosesPresentation = ({ module, presentation, untilEpochDay = Infinity }: OuladChoice, of: Codes): boolean =>
  (module === undefined || module === of.module) &&
  (presentation === undefined || presentation === of.presentation) &&
  (of.firstDay === null || of.firstDay - OPENS_BEFORE_DAYS <= untilEpochDay);

/** Whether a choice has a day of a presentation. @param date - days since the presentation's day 0 */
export const choosesDay = (choice: OuladChoice, of: Codes, date: number): boolean =>
  date <= (choice.untilDay ?? Infinity) && (of.firstDay ?? 0) + date <= (choice.untilEpochDay ?? Infinity) && choosesPresentation(choice, of);

/** @throws SFS_IMPORT_OPTION, SFS_REGION_INVALID */
export function assertOptions({ module, presentation, untilDay, region }: OuladOptions): void {
  assertRegion(region ?? DEFAULT_REGION);
  if (module === '') throw optionError('module', 'must not be empty', module);
  if (presentation !== undefined && firstEpochDay(presentation) === null)
    throw optionError('presentation', 'must be a year with B or J, such as 2014J', presentation);
  if (untilDay !== undefined && !Number.isSafeInteger(untilDay)) throw optionError('untilDay', 'must be an integer', untilDay);
}

function optionError(option: string, rule: string, value: unknown): SkillForgeError {
  return new SkillForgeError('SFS_IMPORT_OPTION', `${option} ${rule}, but is ${JSON.stringify(value)}`, { context: { option, value } });
}
