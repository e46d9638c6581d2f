import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../../scripts/oulad/index.js';
import { smallOulad, writeOulad } from '../../fixtures/oulad/files.js';

const region = 'eu-west';
const titles = async (...rows: (readonly (string | number)[])[]): Promise<string[]> =>
  (await readCatalogue(writeOulad({ vle: rows }), { region })).items.map(({ title }) => title);

describe('an item of the catalogue', () => {
  it('stands a year before its presentation begins, and can be opened at any time', async () => {
    const { items } = await readCatalogue(smallOulad(), { region });
    expect(items[0]).toEqual({
      item: '501',
      course: 'AAA-2013J',
      kind: 'resource',
      title: 'resource 501',
      text: '',
      skills: [],
      prerequisites: [],
      difficulty: null,
      durationMinutes: null,
      availableFromMs: null,
      availableUntilMs: null,
      region,
      withdrawn: false,
      updatedAtMs: Date.UTC(2012, 9, 1),
      position: null,
      plannedFromMs: null,
      plannedUntilMs: null,
    });
  });

  it('has the weeks for which it is planned as instants, the last one included', async () => {
    const folder = writeOulad({ vle: [[1, 'AAA', '2013J', 'quiz', 2, 4]] });
    const { items } = await readCatalogue(folder, { region });
    expect(items[0]).toMatchObject({ plannedFromMs: Date.UTC(2013, 9, 1 + 14), plannedUntilMs: Date.UTC(2013, 9, 1 + 35) });
  });

  it('has the weeks for which it is planned in its title', async () => {
    expect(
      await titles(
        [1, 'AAA', '2013J', 'quiz', 2, 2],
        [2, 'AAA', '2013J', 'quiz', 2, 4],
        [3, 'AAA', '2013J', 'quiz', 5, ''],
        [4, 'AAA', '2013J', 'quiz', '?', 6],
        [5, 'AAA', '2013J', 'quiz', '', '?'],
      ),
    ).toEqual(['quiz 1, week 2', 'quiz 2, weeks 2 to 4', 'quiz 3, week 5', 'quiz 4, week 6', 'quiz 5']);
  });

  it('comes presentation by presentation in the order of the calendar, within one in the order of the file', async () => {
    const folder = writeOulad({
      vle: [
        [1, 'AAA', '2014J', 'url', '', ''],
        [3, 'AAA', '2013J', 'url', '', ''],
        [2, 'BBB', '2013J', 'url', '', ''],
        [4, 'BBB', '2013B', 'url', '', ''],
      ],
    });
    expect((await readCatalogue(folder, { region })).items.map(({ item }) => item)).toEqual(['4', '3', '2', '1']);
  });

  it('is left out with its presentation, whatever the last day is', async () => {
    const { items, file } = await readCatalogue(smallOulad(), { region, module: 'AAA', presentation: '2013J', untilDay: -300 });
    expect(items.map(({ item }) => item)).toEqual(['501', '502']);
    expect(file.counts).toMatchObject({ rowsRead: 4, accepted: 2, filtered: 2 });
  });

  it.each([
    ['SFS_IMPORT_MALFORMED', ['', 'AAA', '2013J', 'quiz', '', '']],
    ['SFS_IMPORT_MALFORMED', [1, 'AAA', '2013J', '', '', '']],
    ['SFS_IMPORT_MALFORMED', [1, 'AAA', '2013J', 'quiz', 'two', '']],
    ['SFS_IMPORT_MALFORMED', [1, 'AAA', '2013J', 'quiz', '', '1.5']],
    ['SFS_IMPORT_UNKNOWN', [1, 'AAA', 'J2013', 'quiz', '', '']],
  ] as const)('is refused with %s: %j', async (code, row) => {
    const { items, file } = await readCatalogue(writeOulad({ vle: [row] }), { region });
    expect([items, file.rejected]).toMatchObject([[], [{ line: 2, code }]]);
  });
});
