import { describe, expect, it } from 'vitest';
import { readEnrolments, readProfiles, type OuladChoice, type Profiles } from '../../../scripts/oulad/index.js';
import { info, SMALL, smallOulad, writeOulad } from '../../fixtures/oulad/files.js';

const DAY_MS = 86_400_000;
const day = (date: number, year = 2013): number => Date.UTC(year, 9, 1) + date * DAY_MS;

const read = async (folder: string, choice: OuladChoice = {}): Promise<Profiles> =>
  readProfiles(folder, await readEnrolments(folder, choice), { ...choice, region: 'eu-west' });

describe('a profile', () => {
  it('holds from the registration on, with the segments as the file writes them', async () => {
    const { profiles } = await read(smallOulad(), { module: 'AAA', presentation: '2013J' });
    expect(profiles[0]).toEqual({
      learner: '11',
      region: 'eu-west',
      updatedAtMs: day(-30),
      personal: {
        segments: { education: 'HE Qualification', ageBand: '35-55', region: 'Wales', imdBand: '20-30%', gender: 'F', disability: 'N' },
        courses: ['AAA-2013J'],
        cohort: 'AAA-2013J',
        consentProfiling: true,
        consentAtMs: day(-30),
        objectsToProfiling: null,
        restricted: null,
      },
    });
  });

  it('has no segment of what is not known', async () => {
    const rows = [info('AAA', '2013J', 11, 'HE Qualification', ''), info('AAA', '2013J', 12, 'HE Qualification', '?')];
    const { profiles } = await read(writeOulad({ ...SMALL, studentInfo: rows }));
    expect(profiles.map(({ personal }) => Object.keys(personal.segments))).toEqual(
      Array(2).fill(['education', 'ageBand', 'region', 'gender', 'disability']),
    );
  });

  it('is written anew at each registration of its learner, with the courses that were taken on that day', async () => {
    const { profiles } = await read(smallOulad());
    expect(profiles.map(({ learner, updatedAtMs, personal }) => [learner, updatedAtMs, personal.courses, personal.cohort])).toEqual([
      ['11', day(-30), ['AAA-2013J'], 'AAA-2013J'],
      ['12', day(-20), ['AAA-2013J'], 'AAA-2013J'],
      ['11', day(-10), ['AAA-2013J', 'BBB-2013J'], 'BBB-2013J'],
      ['13', day(6), ['BBB-2013J'], 'BBB-2013J'],
      // The first course of this learner ended on day 9 of the year before.
      ['12', day(-5, 2014), ['AAA-2014J'], 'AAA-2014J'],
    ]);
  });

  it('names no course that was not chosen, and is not there before the last day chosen', async () => {
    const { profiles, file } = await read(smallOulad(), { module: 'BBB', untilDay: 5 });
    expect(profiles.map(({ learner, personal }) => [learner, personal.courses])).toEqual([['11', ['BBB-2013J']]]);
    expect(file.counts).toMatchObject({ rowsRead: 5, accepted: 1, filtered: 4 });
  });

  it.each([
    ['SFS_IMPORT_UNKNOWN', info('AAA', '2013J', 99), 'studentRegistration does not have the student in this presentation'],
    ['SFS_IMPORT_UNKNOWN', info('BBB', '2013J', 12), 'studentRegistration does not have the student in this presentation'],
    ['SFS_IMPORT_UNKNOWN', info('AAA', '2013', 11), 'code_presentation is not a year with B or J, such as 2014J'],
    ['SFS_IMPORT_MALFORMED', info('AAA', '2013J', ''), 'id_student is empty'],
  ] as const)('is refused with %s: %j', async (code, row, reason) => {
    const { profiles, file } = await read(writeOulad({ ...SMALL, studentInfo: [row] }), { module: 'ZZZ' });
    expect([profiles, file.rejected]).toMatchObject([[], [{ line: 2, code, reason }]]);
  });
});
