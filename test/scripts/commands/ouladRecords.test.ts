import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDeadLetters } from '../../../runtime/deadLetters.js';
import { HeaderReader, isMarker } from '../../../runtime/engine/header.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { importOulad, type OuladImportResult } from '../../../scripts/commands/ouladImport.js';
import { importText } from '../../../scripts/commands/ouladText.js';
import type { OuladChoice } from '../../../scripts/oulad/index.js';
import { SMALL, quoted, smallOulad, writeOulad } from '../../fixtures/oulad/files.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';

const REGION = 'eu-west';
const DAY_MS = 86_400_000;
const day = (date: number, year = 2013): number => Date.UTC(year, 9, 1) + date * DAY_MS;
const ALL = { clicks: 6, 'lms-events': 13, profiles: 5, 'quiz-results': 4, catalogue: 4 };

const importing = (storage: MemoryStorage, folder: string, choice: OuladChoice = {}): Promise<OuladImportResult> =>
  importOulad(storage, folder, { region: REGION, ...choice });
const writtenOf = (result: OuladImportResult): object => Object.fromEntries(result.topics.map(({ topic, written }) => [topic, written]));

interface Found {
  /** Values of the records by topic, as bytes; sorted, since partitions have no order among them. */
  readonly records: Record<string, string[]>;
  /** Clock markers by topic: how many, and at which times. */
  readonly clocks: Record<string, [count: number, times: number[]]>;
  readonly letters: string[];
}

/** What lies in the log. */
async function foundIn(storage: MemoryStorage): Promise<Found> {
  const found: Found = { records: {}, clocks: {}, letters: await lettersIn(storage) };
  for (const { name, partitions } of storage.log.topics()) {
    const topic = name.slice(REGION.length + 1);
    if (topic === 'dead-letters') continue;
    const all = Array.from({ length: partitions }, (_, p) => storage.log.read(name, p, 0, 1_000)).flat();
    const marks = all.filter(({ header }) => isMarker(header));
    found.records[topic] = all.flatMap(({ header, value }) => (isMarker(header) ? [] : [value!.toString('latin1')])).sort();
    const times = marks.map(({ header }) => new HeaderReader().read(header)!.watermarkMs);
    if (times.length > 0) found.clocks[topic] = [times.length, [...new Set(times)]];
  }
  return found;
}

async function lettersIn(storage: MemoryStorage): Promise<string[]> {
  const found: string[] = [];
  for await (const { letter } of readDeadLetters(storage, REGION)) found.push(`${letter.sourceTopic}:${letter.sourceOffset} ${letter.code}`);
  return found.sort();
}

const countsIn = async (storage: MemoryStorage): Promise<object> =>
  Object.fromEntries(Object.entries((await foundIn(storage)).records).map(([topic, records]) => [topic, records.length]));

describe('an import of a whole data set', () => {
  it('writes what each file tells into its topic', async () => {
    const storage = memoryStorage();
    const result = await importing(storage, smallOulad());
    expect(writtenOf(result)).toEqual(ALL);
    expect(await countsIn(storage)).toEqual(ALL);
    expect(result).toMatchObject({ written: 32, alreadyThere: 0, rejected: 0, missing: [] });
    expect(result.files.map(({ rowsRead, accepted, filtered, silent }) => [rowsRead, accepted, filtered, silent])).toEqual([
      [6, 6, 0, 0],
      [3, 3, 0, 0],
      [4, 4, 0, 0],
      [5, 5, 0, 0],
      [5, 5, 0, 0],
      [5, 4, 0, 1],
      [4, 4, 0, 0],
    ]);
  });

  it('sets the clock of every partition of its topics to the midnight after the last event', async () => {
    const storage = memoryStorage();
    const { clockMs } = await importing(storage, smallOulad());
    expect(clockMs).toBe(day(3, 2014));
    const { clocks } = await foundIn(storage);
    expect(Object.entries(clocks).map(([topic, [, times]]) => [topic, times.at(-1)])).toEqual(
      ['clicks', 'lms-events', 'profiles', 'quiz-results', 'catalogue'].map((topic) => [topic, clockMs]),
    );
    expect(clocks['clicks']).toEqual([12, [clockMs]]);
  });

  it('marks each midnight between records that are weeks apart, in every partition and in order', async () => {
    const storage = memoryStorage();
    await importing(storage, smallOulad(), { presentation: '2013J', untilDay: 9 });
    const midnights = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, n) => day(first + n));
    expect((await foundIn(storage)).clocks).toEqual({
      clicks: [12, [day(10)]],
      'lms-events': [12 * 40, midnights(-29, 10)],
      profiles: [12 * 40, midnights(-29, 10)],
      'quiz-results': [12 * 6, midnights(5, 10)],
      catalogue: [4 * 375, midnights(-364, 10)],
    });
  });

  it('tells all of it in words', async () => {
    const folder = smallOulad();
    rmSync(join(folder, 'vle.csv'));
    expect(importText(await importing(memoryStorage(), folder), 2)).toBe(
      [
        'file                     rows  taken  not chosen  without event  rejected',
        'studentVle.csv              6      6           0              0         0',
        'courses.csv                 3      3           0              0         0',
        'assessments.csv             4      4           0              0         0',
        'studentRegistration.csv     5      5           0              0         0',
        'studentInfo.csv             5      5           0              0         0',
        'studentAssessment.csv       5      4           0              1         0',
        '',
        'presentation  events  not chosen  clicks',
        'AAA-2013J          3           0       7',
        'AAA-2014J          1           0       5',
        'BBB-2013J          2           0       2',
        '',
        'topic         written  there already',
        'clicks              6              0',
        'lms-events         13              0',
        'profiles            5              0',
        'quiz-results        4              0',
        '',
        'imported 28 records in 2.0 s, 14/s',
        '28 rows read, 0 rejected to the dead letters',
        'not in the folder, so left out: vle',
        'the clock of the data stands at 2014-10-04T00:00:00Z',
      ].join('\n'),
    );
  });
});

describe('an import that is repeated', () => {
  it('adds nothing, no clock either', async () => {
    const [storage, folder] = [memoryStorage(), smallOulad()];
    await importing(storage, folder);
    const before = await foundIn(storage);
    expect(await importing(storage, folder)).toMatchObject({ written: 0, alreadyThere: 32, rejected: 0 });
    expect(await importing(storage, folder, { module: 'AAA', untilDay: 2 })).toMatchObject({ written: 0 });
    expect(await foundIn(storage)).toEqual(before);
  });

  it('goes on with a later last day: together they write what one import writes', async () => {
    const [storage, folder] = [memoryStorage(), smallOulad()];
    const first = await importing(storage, folder, { presentation: '2013J', untilDay: 4 });
    expect(writtenOf(first)).toEqual({ clicks: 3, 'lms-events': 8, profiles: 3, 'quiz-results': 1, catalogue: 3 });
    expect(first.clockMs).toBe(day(5));
    const second = await importing(storage, folder, { presentation: '2013J', untilDay: 9 });
    expect(writtenOf(second)).toEqual({ clicks: 1, 'lms-events': 3, profiles: 1, 'quiz-results': 2, catalogue: 0 });
    expect((await foundIn(storage)).clocks).toMatchObject({ clicks: [24, [day(5), day(10)]] });
    await importing(storage, folder);
    const whole = memoryStorage();
    await importing(whole, folder);
    expect((await foundIn(storage)).records).toEqual((await foundIn(whole)).records);
  });

  it('takes another file in the place of one that told nothing, and sets no clock twice', async () => {
    const [storage, folder] = [memoryStorage(), smallOulad()];
    const none = { presentation: '2013J', untilDay: -40 };
    await importing(storage, folder, none);
    const { clocks } = await foundIn(storage);
    expect(clocks['clicks']).toEqual([12, [day(-39)]]);
    writeOulad({ studentVle: SMALL.studentVle!.slice(1) }, folder);
    await importing(storage, folder, none);
    expect((await foundIn(storage)).clocks).toEqual(clocks);
  });

  it('completes what was cut off, whatever the commit was, and doubles nothing', async () => {
    const folder = writeOulad({ ...SMALL, vle: [...SMALL.vle!, ['', 'AAA', '2013J', 'quiz', '', '']] });
    const whole = memoryStorage();
    await importing(whole, folder);
    const expected = await foundIn(whole);
    expect(expected.letters).toHaveLength(1);
    let lives = 0;
    for (let alive = false; !alive; lives++) {
      const storage = memoryStorage();
      alive = await importing(dyingAfter(lives, storage), folder).then(
        () => true,
        () => false,
      );
      await importing(storage, folder);
      expect(await foundIn(storage), `cut off after ${lives} commits`).toEqual(expected);
    }
    // One commit of each kind, one of its clock, one of the rejected row.
    expect(lives - 1).toBe(11);
  });
});

function dyingAfter(commits: number, storage: MemoryStorage): MemoryStorage {
  let left = commits;
  return Object.assign(Object.create(storage) as MemoryStorage, {
    commit: (one: Parameters<MemoryStorage['commit']>[0]) => (left-- > 0 ? storage.commit(one) : Promise.reject(new Error('killed'))),
  });
}

describe('rows that cannot be used', () => {
  it('go to the dead letters of their file once, and the rest is imported', async () => {
    const folder = smallOulad();
    for (const [name, row] of [
      ['courses', ['AAA', '2013J', 'long']],
      ['assessments', ['AAA', '2013J', '', 'TMA', 5, 50]],
      ['studentRegistration', ['AAA', '2013J', '', 5, '']],
      ['studentInfo', ['AAA', '2013J']],
      ['studentAssessment', [99, 11, 4, 0, 50]],
      ['vle', ['', 'AAA', '2013J', 'quiz', '', '']],
      ['studentVle', ['AAA', '2013J', 11, 501, 'noon', 2]],
    ] as const) {
      writeFileSync(join(folder, `${name}.csv`), `${readFileSync(join(folder, `${name}.csv`), 'utf8')}${quoted(row)}\r\n`);
    }
    const storage = memoryStorage();
    const result = await importing(storage, folder);
    expect([writtenOf(result), result.rejected]).toEqual([ALL, 7]);
    expect(await importing(storage, folder)).toMatchObject({ written: 0, rejected: 0, rejectedBefore: 7 });
    expect(await lettersIn(storage)).toEqual([
      'import/oulad/assessments.csv:6 SFS_IMPORT_MALFORMED',
      'import/oulad/courses.csv:5 SFS_IMPORT_MALFORMED',
      'import/oulad/studentAssessment.csv:7 SFS_IMPORT_UNKNOWN',
      'import/oulad/studentInfo.csv:7 SFS_IMPORT_MALFORMED',
      'import/oulad/studentRegistration.csv:7 SFS_IMPORT_MALFORMED',
      'import/oulad/studentVle.csv:8 SFS_IMPORT_MALFORMED',
      'import/oulad/vle.csv:6 SFS_IMPORT_MALFORMED',
    ]);
  });
});

describe('an import that does not fit', () => {
  it.each(['studentVle', 'studentRegistration', 'assessments', 'courses', 'studentInfo', 'studentAssessment', 'vle'] as const)(
    'is refused where the topics have what another %s told',
    async (name) => {
      const [storage, folder] = [memoryStorage(), smallOulad()];
      await importing(storage, folder);
      const before = await foundIn(storage);
      writeOulad({ [name]: SMALL[name]!.slice(1) }, folder);
      await expect(importing(storage, folder)).rejects.toMatchObject({
        code: 'SFS_IMPORT_OTHER_FILE',
        message: expect.stringContaining(name) as string,
      });
      expect(await foundIn(storage)).toEqual(before);
    },
  );

  it('is refused where its clicks lie before the clock, and has changed nothing', async () => {
    const [storage, folder] = [memoryStorage(), smallOulad()];
    await importing(storage, folder, { presentation: '2014J' });
    const before = await foundIn(storage);
    await expect(importing(storage, folder, { module: 'BBB' })).rejects.toMatchObject({
      code: 'SFS_IMPORT_BEHIND',
      context: { topic: 'clicks', course: 'BBB-2013J', timeMs: day(4), clockMs: day(3, 2014) },
    });
    expect(await foundIn(storage)).toEqual(before);
  });

  it('is taken where its clicks begin at the clock, though its enrolments and its catalogue lie before it', async () => {
    const [storage, folder] = [memoryStorage(), smallOulad()];
    expect(await importing(storage, folder, { module: 'AAA', presentation: '2013J', untilDay: 365 })).toMatchObject({ clockMs: day(1, 2014) });
    expect(writtenOf(await importing(storage, folder, { presentation: '2014J' }))).toMatchObject({ clicks: 1, 'lms-events': 2, catalogue: 1 });
  });

  it.each([
    ['studentInfo', 'studentRegistration'],
    ['studentAssessment', 'assessments'],
  ])('is refused with %s where %s is missing', async (name, needed) => {
    const folder = smallOulad();
    rmSync(join(folder, `${needed}.csv`));
    const storage = memoryStorage();
    await expect(importing(storage, folder)).rejects.toMatchObject({
      code: 'SFS_IMPORT_MISSING',
      message: expect.stringMatching(`${name}.csv but not ${needed}.csv`) as string,
    });
    expect(storage.log.topics()).toEqual([]);
  });

  it('needs the clicks, and takes a folder that has nothing else', async () => {
    const storage = memoryStorage();
    await expect(importing(storage, temporaryFolder())).rejects.toMatchObject({ code: 'SFS_IMPORT_MISSING' });
    const { missing, topics } = await importing(storage, writeOulad({ studentVle: SMALL.studentVle! }));
    expect(missing).toEqual(['courses', 'assessments', 'studentRegistration', 'studentInfo', 'studentAssessment', 'vle']);
    expect(topics).toMatchObject([{ topic: 'clicks', written: 6 }]);
    expect(Object.keys((await foundIn(storage)).clocks)).toEqual(['clicks']);
  });
});
