/** Reads `studentAssessment`: what came out of what learners handed in. */
import { learnerId, type LearnerId, type Opened, type QuizResult } from '../../schemas/index.js';
import { choosesDay, type OuladOptions } from './choice.js';
import type { CsvRows } from './csvRows.js';
import { judgeFile, knownText, type JudgedFile } from './judgedFile.js';
import { isDay, malformed, noDay, REFUSALS, unknown, type Refusal } from './refusals.js';
import type { Assessment, Schedule } from './schedule.js';

const DAY_MS = 86_400_000;
const COLUMNS = ['id_assessment', 'id_student', 'date_submitted', 'is_banked', 'score'] as const;
type Rows = CsvRows<(typeof COLUMNS)[number]>;
const MAX_SCORE = 100;
/** "The score lower than 40 is interpreted as Fail": Kuzilek, Hlosta, Zdrahal (2017), table of `studentAssessment`. */
const PASS_SCORE = 40;
const SCORE = /^\d{1,3}(\.\d{1,9})?$/;

const BAD_SCORE = malformed(`score is not a number from 0 to ${MAX_SCORE}`);
const NO_SUCH_ASSESSMENT = unknown('assessments does not have this id_assessment');

/** The results of a folder. */
export interface QuizResults {
  readonly file: JudgedFile;
  /** In ascending event time; those of one day in file order. */
  readonly results: readonly Opened<QuizResult>[];
}

/** A row that was read. */
interface Submission {
  readonly assessment: Assessment;
  readonly learner: LearnerId;
  /** Unit: days since 1970-01-01 (UTC). */
  readonly day: number;
  readonly banked: boolean;
  /** `null` where none is known. */
  readonly score: number | null;
}

/**
 * Reads `studentAssessment`: a row is one result at midnight UTC of the day of submission. A row without a score says that something was handed
 * in and not how well, which no estimate of mastery can use: it is counted as silent and makes no event.
 *
 * @throws what {@link judgeFile} throws
 * @see https://doi.org/10.1038/sdata.2017.171
 */
export async function readQuizResults(folder: string, schedule: Schedule, options: OuladOptions & { readonly region: string }): Promise<QuizResults> {
  const results: Opened<QuizResult>[] = [];
  const file = await judgeFile(folder, 'studentAssessment', COLUMNS, (rows, row) => {
    const one = submissionOf(schedule, rows, row);
    if ('code' in one) return one;
    if (one.score === null) return 'silent';
    const { presentation } = one.assessment;
    if (!choosesDay(options, presentation, one.day - presentation.firstDay)) return 'filtered';
    results.push(resultOf(one, one.score, `oulad-quiz-${rows.line(row) - 1}`, options.region));
    return 'accepted';
  });
  return { file, results: results.sort((a, b) => a.occurredAtMs - b.occurredAtMs) };
}

function submissionOf(schedule: Schedule, rows: Rows, row: number): Submission | Refusal {
  const { columns } = rows;
  const id = knownText(rows, row, columns.id_assessment);
  const learner = knownText(rows, row, columns.id_student);
  const date = rows.integer(row, columns.date_submitted);
  const banked = rows.text(row, columns.is_banked);
  const score = scoreIn(knownText(rows, row, columns.score));
  if (id === null) return malformed('id_assessment is empty');
  if (learner === null) return REFUSALS.learner;
  if (!isDay(date)) return noDay('date_submitted');
  if (banked !== '0' && banked !== '1') return malformed('is_banked is neither 0 nor 1');
  if (Number.isNaN(score)) return BAD_SCORE;
  const assessment = schedule.assessments.get(id);
  if (assessment === undefined) return NO_SUCH_ASSESSMENT;
  return { assessment, learner: learnerId(learner), day: assessment.presentation.firstDay + date, banked: banked === '1', score };
}

function scoreIn(text: string | null): number | null {
  if (text === null) return null;
  return SCORE.test(text) && Number(text) <= MAX_SCORE ? Number(text) : NaN;
}

function resultOf({ assessment, learner, day, banked }: Submission, score: number, eventId: string, region: string): Opened<QuizResult> {
  const { presentation, item, skill } = assessment;
  const { course, cohort } = presentation;
  // The data set keeps one submission of each assessment.
  const personal = { item, skills: [skill], score: score / MAX_SCORE, attempts: 1, correct: score >= PASS_SCORE, banked };
  return { eventId, learner, course, cohort, occurredAtMs: day * DAY_MS, region, personal };
}
