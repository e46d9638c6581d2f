import { describe, expect, it } from 'vitest';
import { readQuizResults, readSchedule, type OuladChoice, type QuizResults } from '../../../scripts/oulad/index.js';
import { SMALL, smallOulad, writeOulad } from '../../fixtures/oulad/files.js';

const DAY_MS = 86_400_000;
const day = (date: number, year = 2013): number => Date.UTC(year, 9, 1) + date * DAY_MS;

const read = async (folder: string, choice: OuladChoice = {}): Promise<QuizResults> =>
  readQuizResults(folder, await readSchedule(folder, true, choice), { ...choice, region: 'eu-west' });
const withRows = (...rows: (readonly (string | number)[])[]): string => writeOulad({ ...SMALL, studentAssessment: rows });

describe('a result', () => {
  it('is what was reached on the day of submission, for the skill of the module and the type', async () => {
    const { results } = await read(smallOulad());
    expect(results[0]).toEqual({
      eventId: 'oulad-quiz-1',
      learner: '11',
      course: 'AAA-2013J',
      cohort: 'AAA-2013J',
      occurredAtMs: day(4),
      region: 'eu-west',
      personal: { item: 'assessment-1', skills: ['AAA/TMA'], score: 0.78, attempts: 1, correct: true, banked: false },
    });
  });

  it('comes in ascending time, those of one day in the order of the file', async () => {
    const { results } = await read(withRows([3, 13, 9, 0, 40], [1, 12, 5, 0, 39], [1, 11, 5, 0, 78]));
    expect(results.map(({ eventId, occurredAtMs }) => [eventId, occurredAtMs])).toEqual([
      ['oulad-quiz-2', day(5)],
      ['oulad-quiz-3', day(5)],
      ['oulad-quiz-1', day(9)],
    ]);
  });

  it('is correct from 40 of 100 on', async () => {
    const { results } = await read(withRows([1, 11, 4, 0, 39], [1, 11, 4, 0, '39.5'], [1, 11, 4, 0, 40], [1, 11, 4, 0, 0], [1, 11, 4, 0, 100]));
    expect(results.map(({ personal }) => [personal.score, personal.correct])).toEqual([
      [0.39, false],
      [0.395, false],
      [0.4, true],
      [0, false],
      [1, true],
    ]);
  });

  it('says whether it was carried over from an earlier presentation', async () => {
    const { results } = await read(withRows([1, 11, -1, 1, 70], [1, 12, 4, 0, 70]));
    expect(results.map(({ personal, occurredAtMs }) => [personal.banked, occurredAtMs])).toEqual([
      [true, day(-1)],
      [false, day(4)],
    ]);
  });

  it('is none without a score: the row is counted as silent, whatever was chosen', async () => {
    const { results, file } = await read(withRows([1, 11, 4, 0, '?'], [1, 12, 4, 0, ''], [1, 13, 4, 0, 50]), { module: 'ZZZ' });
    expect(results).toEqual([]);
    expect(file.counts).toMatchObject({ rowsRead: 3, accepted: 0, filtered: 1, silent: 2 });
    expect(file.rejected).toEqual([]);
  });

  it('is left out outside of the choice, which asks for the presentation of the assessment', async () => {
    const ids = async (choice: OuladChoice): Promise<string[]> => (await read(smallOulad(), choice)).results.map(({ eventId }) => eventId);
    expect(await ids({ module: 'BBB' })).toEqual(['oulad-quiz-4']);
    expect(await ids({ presentation: '2014J' })).toEqual(['oulad-quiz-5']);
    expect(await ids({ untilDay: 4 })).toEqual(['oulad-quiz-1', 'oulad-quiz-5']);
    expect(await ids({ untilDay: 5 })).toEqual(['oulad-quiz-1', 'oulad-quiz-2', 'oulad-quiz-5']);
  });

  it.each([
    ['SFS_IMPORT_UNKNOWN', [9, 11, 4, 0, 50]],
    ['SFS_IMPORT_MALFORMED', ['', 11, 4, 0, 50]],
    ['SFS_IMPORT_MALFORMED', [1, '', 4, 0, 50]],
    ['SFS_IMPORT_MALFORMED', [1, 11, '', 0, 50]],
    ['SFS_IMPORT_MALFORMED', [1, 11, 4, 2, 50]],
    ['SFS_IMPORT_MALFORMED', [1, 11, 4, 0, 101]],
    ['SFS_IMPORT_MALFORMED', [1, 11, 4, 0, -1]],
    ['SFS_IMPORT_MALFORMED', [1, 11, 4, 0, 'good']],
    ['SFS_IMPORT_MALFORMED', [1, 11, 4, 0]],
  ] as const)('is refused with %s: %j', async (code, row) => {
    const { results, file } = await read(withRows(row), { module: 'ZZZ' });
    expect([results, file.rejected]).toMatchObject([[], [{ line: 2, code }]]);
    expect(file.counts).toMatchObject({ rowsRead: 1, accepted: 0, filtered: 0, silent: 0, rejected: { [code]: 1 } });
  });
});
