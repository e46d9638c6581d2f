/** Judges the rows of `studentVle` and keeps those that become events. */
import { itemId, learnerId } from '../../schemas/index.js';
import { choosesDay, type OuladChoice } from './choice.js';
import { ClickColumns, type ClickNumbers } from './clickColumns.js';
import type { CsvRows } from './csvRows.js';
import { IdTable } from './idTable.js';
import { Presentations, type CoursePresentation } from './presentations.js';
import { isDay, malformed, noDay, REFUSALS, type Refusal } from './refusals.js';
import { summaryOf, type OuladRejectCode, type OuladSummary, type RejectedRow } from './summary.js';

/** Columns of `studentVle` in the order of the data set. */
export const CLICK_COLUMNS = ['code_module', 'code_presentation', 'id_student', 'id_site', 'date', 'sum_click'] as const;
export type ClickColumn = (typeof CLICK_COLUMNS)[number];

const NO_DATE = noDay('date');
const NO_CLICKS = malformed('sum_click is not an integer from 1 to 999999999');

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
    private readonly choice: OuladChoice,
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
    if (!isDay(date)) return NO_DATE;
    // Written so that NaN fails.
    if (!(clicks >= 1)) return NO_CLICKS;
    if (course.firstDay === null) return REFUSALS.presentation;
    if (choosesDay(this.choice, course, date)) this.#keep(rows, row, course, course.firstDay + date, clicks);
    else course.filtered++;
    return null;
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
