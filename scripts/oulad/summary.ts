/** What an import read, took and refused. */
import type { CoursePresentation } from './presentations.js';

const DAY_MS = 86_400_000;

const nameOf = (one: CoursePresentation): string => `${one.module}-${one.presentation}`;
const timeOf = (day: number): number | null => (Number.isFinite(day) ? day * DAY_MS : null);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Why a row is refused: its values make no sense, or they name something that is not known. */
export type OuladRejectCode = 'SFS_IMPORT_MALFORMED' | 'SFS_IMPORT_UNKNOWN';

/** A row that became no event. */
export interface RejectedRow {
  /** Line in the file; the header is line 1. */
  readonly line: number;
  /** The line as it stands in the file, without its end. Unit: bytes. */
  readonly raw: Buffer;
  readonly code: OuladRejectCode;
  /** For people; holds none of the row's values. */
  readonly reason: string;
}

/** What was taken of one presentation. */
export interface OuladPresentationSummary {
  /** Such as `AAA-2014J`. */
  readonly course: string;
  /** Rows that became events. */
  readonly accepted: number;
  /** Rows outside of what the options chose. */
  readonly filtered: number;
  /** Sum of the clicks that the accepted rows stand for. */
  readonly clicks: number;
  /** Least event time; `null` without accepted rows. Unit: ms since epoch (UTC). */
  readonly firstEventMs: number | null;
  /** Greatest event time; `null` without accepted rows. Unit: ms since epoch (UTC). */
  readonly lastEventMs: number | null;
}

/** Counts of rows: `rowsRead = accepted + filtered + rejected.SFS_IMPORT_MALFORMED + rejected.SFS_IMPORT_UNKNOWN`. */
export interface OuladSummary {
  /** Path of the file; `null` before the first step. */
  readonly file: string | null;
  /** Rows without the header. */
  readonly rowsRead: number;
  /** Rows that became events. */
  readonly accepted: number;
  /** Sound rows outside of what the options chose. */
  readonly filtered: number;
  readonly rejected: Readonly<Record<OuladRejectCode, number>>;
  /** Unit: ms since epoch (UTC). */
  readonly firstEventMs: number | null;
  /** Unit: ms since epoch (UTC). */
  readonly lastEventMs: number | null;
  /** By name of the course; presentations without accepted or filtered rows are left out. */
  readonly presentations: readonly OuladPresentationSummary[];
}

/** Adds up the counts of the presentations. */
export function summaryOf(
  file: string | null,
  presentations: readonly CoursePresentation[],
  rejected: Readonly<Record<OuladRejectCode, number>>,
): OuladSummary {
  const accepted = sum(presentations.map((one) => one.accepted));
  const filtered = sum(presentations.map((one) => one.filtered));
  const known = presentations.filter((one) => one.accepted + one.filtered > 0).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return {
    file,
    rowsRead: accepted + filtered + rejected.SFS_IMPORT_MALFORMED + rejected.SFS_IMPORT_UNKNOWN,
    accepted,
    filtered,
    rejected: { ...rejected },
    firstEventMs: timeOf(Math.min(...known.map((one) => one.minDay))),
    lastEventMs: timeOf(Math.max(...known.map((one) => one.maxDay))),
    presentations: known.map(presentationSummary),
  };
}

function presentationSummary(one: CoursePresentation): OuladPresentationSummary {
  const { accepted, filtered, clicks } = one;
  return { course: nameOf(one), accepted, filtered, clicks, firstEventMs: timeOf(one.minDay), lastEventMs: timeOf(one.maxDay) };
}

/** The summary before anything was read. */
export const EMPTY_SUMMARY: OuladSummary = summaryOf(null, [], { SFS_IMPORT_MALFORMED: 0, SFS_IMPORT_UNKNOWN: 0 });
