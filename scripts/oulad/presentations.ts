/** Presentations of a course and their place in the calendar. */
import { cohortId, courseId, KEY_SEPARATOR, type CohortId, type CourseId } from '../../schemas/index.js';
import type { CsvRows } from './csvRows.js';

const DAY_MS = 86_400_000;
/** Months are counted from 0: B starts in February, J in October. */
const START_MONTH: Readonly<Record<string, number>> = { B: 1, J: 9 };
const PRESENTATION = /^(19[7-9]\d|2\d{3})([BJ])$/;

/**
 * Day 0 of a presentation: `2013B` is 2013-02-01, `2014J` is 2014-10-01. Unit: days since 1970-01-01 (UTC).
 *
 * @returns `null` when the code is not a year from 1970 on with B or J
 */
export function firstEpochDay(presentation: string): number | null {
  const [, year, letter] = PRESENTATION.exec(presentation) ?? [];
  if (year === undefined || letter === undefined) return null;
  return Date.UTC(Number(year), START_MONTH[letter] ?? 0, 1) / DAY_MS;
}

/** A presentation of a course as the rows name it, with what was counted of it. */
export interface CoursePresentation {
  /** Place in {@link Presentations.all}. */
  readonly index: number;
  readonly module: string;
  readonly presentation: string;
  /** The same text in both types: learners of a presentation are its cohort. `null` when the codes cannot make a key. */
  readonly course: CourseId | null;
  readonly cohort: CohortId | null;
  /** `null` when the presentation is unknown. Unit: days since 1970-01-01 (UTC). */
  readonly firstDay: number | null;
  accepted: number;
  filtered: number;
  clicks: number;
  minDay: number;
  maxDay: number;
}

type CourseColumns = 'code_module' | 'code_presentation';

/** Finds the presentation of each row. Memory grows with the number of presentations. */
export class Presentations {
  readonly all: CoursePresentation[] = [];
  readonly #byCodes = new Map<string, CoursePresentation>();
  #last: CoursePresentation | null = null;
  #lastModule: Buffer = Buffer.alloc(0);
  #lastPresentation: Buffer = Buffer.alloc(0);

  /** The presentation of a row. The row must have no problem. */
  of(rows: CsvRows<CourseColumns>, row: number): CoursePresentation {
    const { code_module, code_presentation } = rows.columns;
    const isLast = rows.equals(row, code_presentation, this.#lastPresentation) && rows.equals(row, code_module, this.#lastModule);
    if (isLast && this.#last !== null) return this.#last;
    return this.#lookUp(rows.text(row, code_module), rows.text(row, code_presentation));
  }

  #lookUp(module: string, presentation: string): CoursePresentation {
    const codes = `${module}\n${presentation}`;
    const found = this.#byCodes.get(codes) ?? newPresentation(this.all.length, module, presentation);
    if (found.index === this.all.length) {
      this.all.push(found);
      this.#byCodes.set(codes, found);
    }
    this.#last = found;
    this.#lastModule = Buffer.from(module);
    this.#lastPresentation = Buffer.from(presentation);
    return found;
  }
}

function newPresentation(index: number, module: string, presentation: string): CoursePresentation {
  const isKey = module !== '' && presentation !== '' && !`${module}${presentation}`.includes(KEY_SEPARATOR);
  const id = `${module}-${presentation}`;
  const counts = { accepted: 0, filtered: 0, clicks: 0, minDay: Infinity, maxDay: -Infinity };
  const keys = isKey ? { course: courseId(id), cohort: cohortId(id) } : { course: null, cohort: null };
  return { index, module, presentation, ...keys, firstDay: firstEpochDay(presentation), ...counts };
}
