/** Reads `studentInfo`: what is known of a learner besides what they do. */
import type { CourseId, LearnerId, LearnerProfile, Opened } from '../../schemas/index.js';
import { choosesDay, type OuladOptions } from './choice.js';
import type { CsvRows } from './csvRows.js';
import type { Enrolment, Enrolments } from './enrolments.js';
import { groupedBy } from './grouping.js';
import { judgeFile, knownText, type JudgedFile } from './judgedFile.js';
import { Presentations } from './presentations.js';
import { knownPresentation, REFUSALS, unknown, type Refusal } from './refusals.js';

const DAY_MS = 86_400_000;
const COLUMNS = [
  'code_module',
  'code_presentation',
  'id_student',
  'gender',
  'region',
  'highest_education',
  'imd_band',
  'age_band',
  'disability',
] as const;
type Rows = CsvRows<(typeof COLUMNS)[number]>;
const NOT_REGISTERED = unknown('studentRegistration does not have the student in this presentation');

/** Names of the segments, by the columns whose values they take as they are written. */
const SEGMENTS = {
  education: 'highest_education',
  ageBand: 'age_band',
  region: 'region',
  imdBand: 'imd_band',
  gender: 'gender',
  disability: 'disability',
} as const satisfies Record<string, (typeof COLUMNS)[number]>;

/** The profiles of a folder. */
export interface Profiles {
  readonly file: JudgedFile;
  /** In ascending time of their change; a learner of several presentations has one from each registration on. */
  readonly profiles: readonly Opened<LearnerProfile>[];
}

/** A row that was taken. */
interface Taken {
  readonly enrolment: Enrolment;
  readonly segments: Readonly<Record<string, string>>;
}

/**
 * Reads `studentInfo`. A profile holds from the registration on and names the courses that the learner takes on that day. Its learners count as
 * having agreed to be profiled: these are research data, published anonymised and for analysis, as their description says.
 *
 * @throws what {@link judgeFile} throws
 * @see https://doi.org/10.1038/sdata.2017.171
 */
export async function readProfiles(folder: string, enrolments: Enrolments, options: OuladOptions & { readonly region: string }): Promise<Profiles> {
  const presentations = new Presentations();
  const taken: Taken[] = [];
  const file = await judgeFile(folder, 'studentInfo', COLUMNS, (rows, row) => {
    const enrolment = enrolmentOf(presentations, enrolments, rows, row);
    if ('code' in enrolment) return enrolment;
    if (!choosesDay(options, enrolment.presentation, enrolment.day - enrolment.presentation.firstDay)) return 'filtered';
    taken.push({ enrolment, segments: segmentsOf(rows, row) });
    return 'accepted';
  });
  const byLearner = groupedBy(enrolments.chosen, ({ learner }) => learner);
  const profiles = taken.map((one) => profileOf(one, byLearner, options.region));
  return { file, profiles: profiles.sort((a, b) => a.updatedAtMs - b.updatedAtMs) };
}

function enrolmentOf(presentations: Presentations, enrolments: Enrolments, rows: Rows, row: number): Enrolment | Refusal {
  const presentation = knownPresentation(presentations.of(rows, row));
  if ('code' in presentation) return presentation;
  const learner = knownText(rows, row, rows.columns.id_student);
  return learner === null ? REFUSALS.learner : (enrolments.find(presentation, learner) ?? NOT_REGISTERED);
}

function segmentsOf(rows: Rows, row: number): Record<string, string> {
  const segments: Record<string, string> = {};
  for (const [name, column] of Object.entries(SEGMENTS)) {
    const value = knownText(rows, row, rows.columns[column]);
    if (value !== null) segments[name] = value;
  }
  return segments;
}

function profileOf({ enrolment, segments }: Taken, byLearner: ReadonlyMap<LearnerId, readonly Enrolment[]>, region: string): Opened<LearnerProfile> {
  const { learner, day, presentation } = enrolment;
  const updatedAtMs = day * DAY_MS;
  const personal = {
    segments,
    courses: coursesOn(day, byLearner.get(learner) ?? []),
    cohort: presentation.cohort,
    consentProfiling: true,
    consentAtMs: updatedAtMs,
    objectsToProfiling: null,
    restricted: null,
  };
  return { learner, region, updatedAtMs, personal };
}

/** The courses that enrolments make on a day, by name; one that ends on its first day is none. */
function coursesOn(day: number, enrolments: readonly Enrolment[]): CourseId[] {
  const active = enrolments.filter((one) => one.day <= day && (one.endDay === null || one.endDay > day));
  return [...new Set(active.map((one) => one.presentation.course))].sort();
}
