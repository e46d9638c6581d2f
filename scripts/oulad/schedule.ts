/** Reads what is due in each presentation: `assessments`, and `courses` for how long a presentation is. */
import { itemId, type CourseId, type ItemId } from '../../schemas/index.js';
import { choosesPresentation, type OuladChoice } from './choice.js';
import type { CsvRows } from './csvRows.js';
import { groupedBy } from './grouping.js';
import { judgeFile, knownText, type JudgedFile, type RowFate } from './judgedFile.js';
import { Presentations } from './presentations.js';
import { isDay, knownPresentation, malformed, noDay, type KnownPresentation, type Refusal } from './refusals.js';

const COURSE_COLUMNS = ['code_module', 'code_presentation', 'module_presentation_length'] as const;
const ASSESSMENT_COLUMNS = ['code_module', 'code_presentation', 'id_assessment', 'assessment_type', 'date'] as const;
type CourseRows = CsvRows<(typeof COURSE_COLUMNS)[number]>;
type AssessmentRows = CsvRows<(typeof ASSESSMENT_COLUMNS)[number]>;

/** Something to hand in. */
export interface Assessment {
  /** As `assessments` names it. */
  readonly id: string;
  readonly presentation: KnownPresentation;
  /** `assessment-<id>`: the items of `vle` have numbers of their own. */
  readonly item: ItemId;
  /** Module and type, such as `AAA/TMA`: what a learner shows to master. */
  readonly skill: string;
  /**
   * Last day on which it can be handed in. An exam often has no date: it is at the end of its presentation, as the description of the data
   * set says. `null` when that is not known either. Unit: days since 1970-01-01 (UTC).
   */
  readonly lastDay: number | null;
}

/** What the presentations ask for. */
export interface Schedule {
  readonly files: readonly JudgedFile[];
  /** By `id_assessment`, of all presentations: what an identifier means does not depend on the choice. */
  readonly assessments: ReadonlyMap<string, Assessment>;
  /** In file order. */
  of(course: CourseId): readonly Assessment[];
}

/** The schedule of a folder that has neither file. */
export const NO_SCHEDULE: Schedule = { files: [], assessments: new Map(), of: () => [] };

/**
 * Reads `assessments`, and `courses` where it is there.
 *
 * @throws what {@link judgeFile} throws
 * @see https://doi.org/10.1038/sdata.2017.171
 */
export async function readSchedule(folder: string, hasCourses: boolean, choice: OuladChoice): Promise<Schedule> {
  const presentations = new Presentations();
  const lengths = new Map<CourseId, number>();
  const courses = hasCourses
    ? [await judgeFile(folder, 'courses', COURSE_COLUMNS, (rows, row) => takeCourse(presentations, lengths, choice, rows, row))]
    : [];
  const assessments = new Map<string, Assessment>();
  const file = await judgeFile(folder, 'assessments', ASSESSMENT_COLUMNS, (rows, row) => {
    const one = assessmentOf(presentations, lengths, rows, row);
    if ('code' in one) return one;
    assessments.set(one.id, one);
    return choosesPresentation(choice, one.presentation) ? 'accepted' : 'filtered';
  });
  const byCourse = groupedBy(assessments.values(), ({ presentation }) => presentation.course);
  return { files: [...courses, file], assessments, of: (course) => byCourse.get(course) ?? [] };
}

function takeCourse(
  presentations: Presentations,
  lengths: Map<CourseId, number>,
  choice: OuladChoice,
  rows: CourseRows,
  row: number,
): RowFate | Refusal {
  const presentation = knownPresentation(presentations.of(rows, row));
  if ('code' in presentation) return presentation;
  const length = rows.integer(row, rows.columns.module_presentation_length);
  if (!isDay(length) || length < 1) return malformed('module_presentation_length is not a number of days');
  lengths.set(presentation.course, length);
  return choosesPresentation(choice, presentation) ? 'accepted' : 'filtered';
}

function assessmentOf(presentations: Presentations, lengths: ReadonlyMap<CourseId, number>, rows: AssessmentRows, row: number): Assessment | Refusal {
  const { columns } = rows;
  const presentation = knownPresentation(presentations.of(rows, row));
  if ('code' in presentation) return presentation;
  const id = knownText(rows, row, columns.id_assessment);
  if (id === null) return malformed('id_assessment is empty');
  const type = knownText(rows, row, columns.assessment_type);
  if (type === null) return malformed('assessment_type is empty');
  const hasDate = knownText(rows, row, columns.date) !== null;
  const date = hasDate ? rows.integer(row, columns.date) : (lengths.get(presentation.course) ?? null);
  if (date !== null && !isDay(date)) return noDay('date');
  return {
    id,
    presentation,
    item: itemId(`assessment-${id}`),
    skill: `${presentation.module}/${type}`,
    lastDay: date === null ? null : presentation.firstDay + date,
  };
}
