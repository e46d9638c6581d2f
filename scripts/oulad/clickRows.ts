/** Judges the rows of `studentVle` and keeps those that become events. */
import { itemId, learnerId } from '../../schemas/index.js';
import { ClickColumns, type ClickNumbers } from './clickColumns.js';
import type { CsvRows } from './csvRows.js';
import { IdTable } from './idTable.js';
import { Presentations, type CoursePresentation } from './presentations.js';
import { summaryOf, type OuladRejectCode, type OuladSummary, type RejectedRow } from './summary.js';

/** Columns of `studentVle` in the order of the data set. */
export const CLICK_COLUMNS = ['code_module', 'code_presentation', 'id_student', 'id_site', 'date', 'sum_click'] as const;
export type ClickColumn = (typeof CLICK_COLUMNS)[number];

/** Further from day 0 than a hundred years is no date of a course, and later than what a time of the project can be. */
const MAX_DATE = 36_525;

/** Which rows to take; what is left out takes all. */
export interface ClickChoice {
  /** Such as `AAA`. */
  readonly module?: string | undefined;
  /** Such as `2014J`. */
  readonly presentation?: string | undefined;
  /** Last `date` to take. Unit: days since the presentation's day 0. */
  readonly untilDay?: number | undefined;
}

interface Refusal {
  readonly code: OuladRejectCode;
  readonly reason: string;
}

const malformed = (reason: string): Refusal => ({ code: 'SFS_IMPORT_MALFORMED', reason });
const REFUSALS = {
  course: malformed('code_module or code_presentation is empty or holds "|"'),
  learner: malformed('id_student is empty'),
  item: malformed('id_site is empty'),
  date: malformed(`date is not an integer from -${MAX_DATE} to ${MAX_DATE}`),
  clicks: malformed('sum_click is not an integer from 1 to 999999999'),
  presentation: { code: 'SFS_IMPORT_UNKNOWN', reason: 'code_presentation is not a year with B or J, such as 2014J' },
} as const satisfies Record<string, Refusal>;

/** The rows of one import. A row is refused before it is filtered: what is wrong in a file does not depend on the choice. */
export class ClickRows {
  readonly kept = new ClickColumns();
  readonly learners = new IdTable(learnerId);
  readonly items = new IdTable(itemId);
  readonly presentations = new Presentations();
  readonly #rejected: Record<OuladRejectCode, number> = { SFS_IMPORT_MALFORMED: 0, SFS_IMPORT_UNKNOWN: 0 };
  /** Filled again for each row. */
  readonly #click: ClickNumbers = { day: 0, course: 0, learner: 0, item: 0, clicks: 0, row: 0 };

  constructor(
    private readonly file: string,
    private readonly choice: ClickChoice,
  ) {}

  summary(): OuladSummary {
    return summaryOf(this.file, this.presentations.all, this.#rejected);
  }

  /** Takes a batch; returns the rows that it refuses. */
  add(rows: CsvRows<ClickColumn>): RejectedRow[] {
    const rejected: RejectedRow[] = [];
    for (let row = 0; row < rows.count; row++) {
      const refusal = this.#take(rows, row);
      if (refusal === null) continue;
      this.#rejected[refusal.code]++;
      rejected.push({ line: rows.line(row), raw: rows.raw(row), ...refusal });
    }
    return rejected;
  }

  #take(rows: CsvRows<ClickColumn>, row: number): Refusal | null {
    const problem = rows.problem(row);
    if (problem !== null) return malformed(problem);
    const { columns } = rows;
    const course = this.presentations.of(rows, row);
    const date = rows.integer(row, columns.date);
    const clicks = rows.integer(row, columns.sum_click);
    if (course.course === null) return REFUSALS.course;
    if (rows.isEmpty(row, columns.id_student)) return REFUSALS.learner;
    if (rows.isEmpty(row, columns.id_site)) return REFUSALS.item;
    // Written so that NaN fails.
    if (!(Math.abs(date) <= MAX_DATE)) return REFUSALS.date;
    if (!(clicks >= 1)) return REFUSALS.clicks;
    if (course.firstDay === null) return REFUSALS.presentation;
    if (this.#isChosen(course, date)) this.#keep(rows, row, course, course.firstDay + date, clicks);
    else course.filtered++;
    return null;
  }

  #isChosen(course: CoursePresentation, date: number): boolean {
    const { module, presentation, untilDay } = this.choice;
    if (untilDay !== undefined && date > untilDay) return false;
    return (module === undefined || module === course.module) && (presentation === undefined || presentation === course.presentation);
  }

  #keep(rows: CsvRows<ClickColumn>, row: number, course: CoursePresentation, day: number, clicks: number): void {
    const click = this.#click;
    click.day = day;
    click.course = course.index;
    click.learner = this.learners.indexOf(rows, row, rows.columns.id_student);
    click.item = this.items.indexOf(rows, row, rows.columns.id_site);
    click.clicks = clicks;
    click.row = rows.line(row) - 1;
    this.kept.add(click);
    course.accepted++;
    course.clicks += clicks;
    if (day < course.minDay) course.minDay = day;
    if (day > course.maxDay) course.maxDay = day;
  }
}
