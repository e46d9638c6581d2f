import { describe, expect, it } from 'vitest';
import { lmsEventsOf, NO_SCHEDULE, readEnrolments, readSchedule, type OuladChoice } from '../../../scripts/oulad/index.js';
import { SMALL, smallOulad, writeOulad } from '../../fixtures/oulad/files.js';

const DAY_MS = 86_400_000;
/** Midnight (UTC) of a day of the presentations 2013J. */
const day = (date: number): number => Date.UTC(2013, 9, 1) + date * DAY_MS;

type Told = readonly [id: string, atMs: number];

/** What the enrolments of a folder tell, as ids and times. */
async function told(folder: string, choice: OuladChoice = {}): Promise<Told[]> {
  const schedule = await readSchedule(folder, true, choice);
  const { chosen } = await readEnrolments(folder, choice);
  return lmsEventsOf(chosen, schedule, choice, 'eu-west').map(({ eventId, occurredAtMs }) => [eventId, occurredAtMs]);
}

/** The enrolments that rows of `studentRegistration` make, as learner, first and last day of the presentation 2013J. */
async function enrolled(...rows: (readonly (string | number)[])[]): Promise<(readonly [string, number, number | null])[]> {
  const { chosen } = await readEnrolments(writeOulad({ studentRegistration: rows }), {});
  const first = day(0) / DAY_MS;
  return chosen.map((one) => [one.learner, one.day - first, one.endDay === null ? null : one.endDay - first]);
}

describe('what enrolments tell', () => {
  it('is the enrolment, what is due from then on, and the end, each at midnight of its day and in ascending time', async () => {
    expect(await told(smallOulad(), { presentation: '2013J' })).toEqual([
      ['oulad-enrolled-1', day(-30)],
      ['oulad-deadline-1-1', day(-30)],
      ['oulad-deadline-1-2', day(-30)],
      ['oulad-enrolled-2', day(-20)],
      ['oulad-deadline-2-1', day(-20)],
      ['oulad-deadline-2-2', day(-20)],
      ['oulad-enrolled-3', day(-10)],
      ['oulad-deadline-3-3', day(-10)],
      ['oulad-enrolled-4', day(6)],
      ['oulad-deadline-4-3', day(6)],
      ['oulad-unenrolled-2', day(9)],
    ]);
  });

  it('has the learner, the presentation as course and cohort, and when the day of submission is over', async () => {
    const folder = smallOulad();
    const { chosen } = await readEnrolments(folder, { module: 'BBB' });
    const [enrolment, deadline] = lmsEventsOf(chosen, await readSchedule(folder, true, {}), {}, 'eu-north');
    const place = { learner: '11', course: 'BBB-2013J', cohort: 'BBB-2013J', occurredAtMs: day(-10), region: 'eu-north' };
    expect(enrolment).toEqual({
      eventId: 'oulad-enrolled-3',
      ...place,
      personal: { kind: 'ENROLLED', item: null, dueAtMs: null, hoursPerWeek: null },
    });
    expect(deadline).toEqual({
      eventId: 'oulad-deadline-3-3',
      ...place,
      personal: { kind: 'DEADLINE', item: 'assessment-3', dueAtMs: day(9), hoursPerWeek: null },
    });
  });

  it('puts an exam without a date at the end of its presentation, and leaves it out where that is not known', async () => {
    const folder = smallOulad();
    const { chosen } = await readEnrolments(folder, { module: 'AAA', presentation: '2013J' });
    const exams = async (hasCourses: boolean): Promise<(number | null)[]> =>
      lmsEventsOf(chosen, await readSchedule(folder, hasCourses, {}), {}, 'eu-west').flatMap(({ personal }) =>
        personal.item === 'assessment-2' ? [personal.dueAtMs] : [],
      );
    expect(await exams(true)).toEqual([day(21), day(21)]);
    expect(await exams(false)).toEqual([]);
  });

  it('has no deadline that was over at the enrolment', async () => {
    const folder = writeOulad({ ...SMALL, studentRegistration: [['AAA', '2013J', 11, 6, '']] });
    expect(await told(folder)).toEqual([
      ['oulad-enrolled-1', day(6)],
      ['oulad-deadline-1-2', day(6)],
    ]);
  });

  it('goes as far as the last day that is chosen, in each presentation', async () => {
    const ids = async (untilDay: number): Promise<string[]> =>
      (await told(smallOulad(), { presentation: '2013J', untilDay })).map(([id]) => id).filter((id) => !id.includes('deadline'));
    expect(await ids(-20)).toEqual(['oulad-enrolled-1', 'oulad-enrolled-2']);
    expect(await ids(6)).toEqual(['oulad-enrolled-1', 'oulad-enrolled-2', 'oulad-enrolled-3', 'oulad-enrolled-4']);
    expect(await ids(8)).toHaveLength(4);
    expect(await ids(9)).toHaveLength(5);
  });

  it('has no deadlines where no schedule is known', async () => {
    const { chosen } = await readEnrolments(smallOulad(), { module: 'BBB' });
    expect(lmsEventsOf(chosen, NO_SCHEDULE, {}, 'eu-west').map(({ personal }) => personal.kind)).toEqual(['ENROLLED', 'ENROLLED']);
  });
});

describe('a registration', () => {
  it('without a date counts from day 0, or from its end if that is earlier', async () => {
    expect(await enrolled(['AAA', '2013J', 1, '', ''], ['AAA', '2013J', 2, '?', -7], ['AAA', '2013J', 3, '', 7])).toEqual([
      ['1', 0, null],
      ['2', -7, -7],
      ['3', 0, 7],
    ]);
  });

  it('that ends before it begins ends on the day on which it begins', async () => {
    expect(await enrolled(['AAA', '2013J', 1, -5, -9])).toEqual([['1', -5, -5]]);
  });

  it.each([
    ['SFS_IMPORT_MALFORMED', ['AAA', '2013J', '', -5, '']],
    ['SFS_IMPORT_MALFORMED', ['AAA', '2013J', 1, 'soon', '']],
    ['SFS_IMPORT_MALFORMED', ['AAA', '2013J', 1, -5, '40000']],
    ['SFS_IMPORT_MALFORMED', ['', '2013J', 1, -5, '']],
    ['SFS_IMPORT_MALFORMED', ['AAA', '2013J', 1, -5]],
    ['SFS_IMPORT_UNKNOWN', ['AAA', '2013X', 1, -5, '']],
  ] as const)('is refused with %s: %j', async (code, row) => {
    const folder = writeOulad({ studentRegistration: [row, ['AAA', '2013J', 7, 0, '']] });
    const { file, chosen } = await readEnrolments(folder, { module: 'ZZZ' });
    expect(file.rejected).toMatchObject([{ line: 2, code }]);
    expect(file.counts).toMatchObject({ rowsRead: 2, accepted: 0, filtered: 1, silent: 0, rejected: { [code]: 1 } });
    expect(chosen).toEqual([]);
  });
});

describe('a schedule', () => {
  it.each([
    [['AAA', '2013J', '', 'TMA', 5, 50], 'id_assessment is empty'],
    [['AAA', '2013J', 1, '', 5, 50], 'assessment_type is empty'],
    [['AAA', '2013J', 1, 'TMA', 'late', 50], 'date is not an integer from -36525 to 36525'],
    [['AAA', '2013Q', 1, 'TMA', 5, 50], 'code_presentation is not a year with B or J, such as 2014J'],
  ] as const)('refuses the assessment %j', async (row, reason) => {
    const { files, assessments } = await readSchedule(writeOulad({ assessments: [row] }), false, {});
    expect(files.flatMap(({ rejected }) => rejected)).toMatchObject([{ line: 2, reason }]);
    expect(assessments.size).toBe(0);
  });

  it.each([['AAA', '2013J', 'long'] as const, ['AAA', '2013J', 0] as const, ['AAA', '2013J', ''] as const])(
    'refuses the length of %s-%s: %j',
    async (...row) => {
      const { files } = await readSchedule(writeOulad({ assessments: [], courses: [row] }), true, {});
      expect(files.map(({ counts }) => counts.rejected.SFS_IMPORT_MALFORMED)).toEqual([1, 0]);
    },
  );
});
