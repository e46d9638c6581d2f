/** Reads `studentRegistration`: who takes a presentation, from when and until when. */
import { learnerId, type LearnerId, type LmsDetails, type LmsEvent, type Opened } from '../../schemas/index.js';
import { choosesDay, type OuladChoice } from './choice.js';
import type { CsvRows } from './csvRows.js';
import { judgeFile, knownText, type JudgedFile } from './judgedFile.js';
import { Presentations } from './presentations.js';
import { isDay, knownPresentation, noDay, REFUSALS, type KnownPresentation, type Refusal } from './refusals.js';
import type { Schedule } from './schedule.js';

const DAY_MS = 86_400_000;
const COLUMNS = ['code_module', 'code_presentation', 'id_student', 'date_registration', 'date_unregistration'] as const;
type Rows = CsvRows<(typeof COLUMNS)[number]>;

/** A learner in a presentation. */
export interface Enrolment {
  readonly presentation: KnownPresentation;
  readonly learner: LearnerId;
  /** Number of the row in the file, 1 first. */
  readonly row: number;
  /** Unit: days since 1970-01-01 (UTC). */
  readonly day: number;
  /** Day on which it ended, `day` or later; `null` when it did not. Unit: days since 1970-01-01 (UTC). */
  readonly endDay: number | null;
}

/** The enrolments of a folder. */
export interface Enrolments {
  readonly file: JudgedFile;
  /** Those whose first day is chosen, in file order. */
  readonly chosen: readonly Enrolment[];
  /** The first row of a learner in a presentation, whatever was chosen. */
  find(presentation: KnownPresentation, learner: string): Enrolment | undefined;
}

const keyOf = (presentation: KnownPresentation, learner: string): string => `${presentation.course}|${learner}`;

/**
 * Reads `studentRegistration`. A registration without a date counts from the presentation's day 0, or from its end if that is earlier; an
 * end before the registration counts as on its day.
 *
 * @throws what {@link judgeFile} throws
 */
export async function readEnrolments(folder: string, choice: OuladChoice): Promise<Enrolments> {
  const presentations = new Presentations();
  const byKey = new Map<string, Enrolment>();
  const chosen: Enrolment[] = [];
  const file = await judgeFile(folder, 'studentRegistration', COLUMNS, (rows, row) => {
    const one = enrolmentOf(presentations, rows, row);
    if ('code' in one) return one;
    const key = keyOf(one.presentation, one.learner);
    if (!byKey.has(key)) byKey.set(key, one);
    if (!choosesDay(choice, one.presentation, one.day - one.presentation.firstDay)) return 'filtered';
    chosen.push(one);
    return 'accepted';
  });
  return { file, chosen, find: (presentation, learner) => byKey.get(keyOf(presentation, learner)) };
}

function enrolmentOf(presentations: Presentations, rows: Rows, row: number): Enrolment | Refusal {
  const { columns } = rows;
  const presentation = knownPresentation(presentations.of(rows, row));
  if ('code' in presentation) return presentation;
  const learner = knownText(rows, row, columns.id_student);
  if (learner === null) return REFUSALS.learner;
  const end = dateIn(rows, row, columns.date_unregistration);
  if (end !== null && !isDay(end)) return noDay('date_unregistration');
  const date = dateIn(rows, row, columns.date_registration) ?? Math.min(0, end ?? 0);
  if (!isDay(date)) return noDay('date_registration');
  const { firstDay } = presentation;
  return {
    presentation,
    learner: learnerId(learner),
    row: rows.line(row) - 1,
    day: firstDay + date,
    endDay: end === null ? null : firstDay + Math.max(date, end),
  };
}

const dateIn = (rows: Rows, row: number, column: number): number | null => (knownText(rows, row, column) === null ? null : rows.integer(row, column));

/**
 * What enrolments tell, in ascending event time: ENROLLED at midnight UTC of the day, one DEADLINE for each assessment that is due on that
 * day or later, UNENROLLED at midnight of the last day unless the choice leaves that day out. An assessment is due when its last day is over.
 */
export function lmsEventsOf(enrolments: readonly Enrolment[], schedule: Schedule, choice: OuladChoice, region: string): Opened<LmsEvent>[] {
  const events = enrolments.flatMap((one) => eventsOf(one, schedule, choice, region));
  return events.sort((a, b) => a.occurredAtMs - b.occurredAtMs);
}

function eventsOf(one: Enrolment, schedule: Schedule, choice: OuladChoice, region: string): Opened<LmsEvent>[] {
  const { presentation, row, day, endDay } = one;
  const deadlines = schedule.of(presentation.course).flatMap(({ id, item, lastDay }) => {
    if (lastDay === null || lastDay < day) return [];
    return [eventOf(one, `oulad-deadline-${row}-${id}`, day, { kind: 'DEADLINE', item, dueAtMs: (lastDay + 1) * DAY_MS }, region)];
  });
  const hasEnded = endDay !== null && choosesDay(choice, presentation, endDay - presentation.firstDay);
  return [
    eventOf(one, `oulad-enrolled-${row}`, day, { kind: 'ENROLLED' }, region),
    ...deadlines,
    ...(hasEnded ? [eventOf(one, `oulad-unenrolled-${row}`, endDay, { kind: 'UNENROLLED' }, region)] : []),
  ];
}

type Statement = Pick<LmsDetails, 'kind'> & Partial<LmsDetails>;

function eventOf({ learner, presentation }: Enrolment, eventId: string, day: number, statement: Statement, region: string): Opened<LmsEvent> {
  const { course, cohort } = presentation;
  const personal = { item: null, dueAtMs: null, hoursPerWeek: null, ...statement };
  return { eventId, learner, course, cohort, occurredAtMs: day * DAY_MS, region, personal };
}
