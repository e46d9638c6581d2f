import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalSchemaIds, topicCodec, topics } from '../../schemas/index.js';
import { ClickColumns } from '../../scripts/oulad/clickColumns.js';
import { firstEpochDay, readOuladClicks, type OuladProgress } from '../../scripts/oulad/index.js';
import { csv, folderWith, HEADER, line, readAll, temporaryFolder } from '../fixtures/oulad/folder.js';

const DAY_MS = 86_400_000;
const sample = csv([
  line('BBB', '2013B', 1, 10, 250, 1), // 2013-10-09
  line('AAA', '2013J', 2, 20, 0, 2), // 2013-10-01
  line('AAA', '2013J', 2, 21, -10, 3), // 2013-09-21
  line('AAA', '2014J', 3, 30, 8, 4), // 2014-10-09
  line('AAA', '2013J', 3, 20, 8, 5), // 2013-10-09, as the first row
]);

describe('reading the clickstream', () => {
  it('makes one event of each row', async () => {
    const { events } = await readAll(folderWith(csv([line('AAA', '2014J', 28400, 546652, -10, 4)])));
    expect(events).toEqual([
      {
        eventId: 'oulad-1',
        learner: '28400',
        course: 'AAA-2014J',
        cohort: 'AAA-2014J',
        occurredAtMs: Date.UTC(2014, 8, 21),
        region: 'eu-west',
        personal: { action: 'OPEN', item: '546652', dwellMs: 0, clicks: 4 },
      },
    ]);
    const codec = topicCodec(topics.clicks, new LocalSchemaIds());
    expect(codec.decode('28400', codec.encode('28400', events[0]!))).toEqual(events[0]);
  });

  it('orders all presentations by calendar and rows of a day as in the file', async () => {
    const { events } = await readAll(folderWith(sample, 'studentVle.csv.gz'));
    expect(events.map((event) => event.eventId)).toEqual(['oulad-3', 'oulad-2', 'oulad-1', 'oulad-5', 'oulad-4']);
  });

  it('keeps identifiers as they are written', async () => {
    const ids = ['7', '007', '0', '-7', '1234567890123', 'x"y'];
    const { events } = await readAll(
      folderWith(csv(ids.map((id) => line('AAA', '2013J', id.replaceAll('"', '""'), id.replaceAll('"', '""'), 0, 1)))),
    );
    expect(events.map((event) => event.learner)).toEqual(ids);
    expect(events.map((event) => event.personal.item)).toEqual(ids);
  });

  it('takes region, module, presentation and the last day from the options and counts the rest', async () => {
    const folder = folderWith(sample);
    const ids = async (options: object): Promise<string[]> => (await readAll(folder, options)).events.map((event) => event.eventId);
    expect(await ids({ module: 'AAA' })).toEqual(['oulad-3', 'oulad-2', 'oulad-5', 'oulad-4']);
    expect(await ids({ presentation: '2013J' })).toEqual(['oulad-3', 'oulad-2', 'oulad-5']);
    expect(await ids({ untilDay: 8 })).toEqual(['oulad-3', 'oulad-2', 'oulad-5', 'oulad-4']);
    expect(await ids({ untilDay: 7 })).toEqual(['oulad-3', 'oulad-2']);
    expect(await ids({ untilDay: -1 })).toEqual(['oulad-3']);
    expect(await ids({ module: 'ZZZ' })).toEqual([]);
    const { events, summary } = await readAll(folder, { module: 'AAA', untilDay: 0, region: 'eu-north' });
    expect(events.map((event) => event.region)).toEqual(['eu-north', 'eu-north']);
    expect(summary).toMatchObject({ rowsRead: 5, accepted: 2, filtered: 3 });
  });

  it('sums up what it read', async () => {
    const folder = folderWith(sample);
    const { summary } = await readAll(folder, { presentation: '2013J' });
    expect(summary).toEqual({
      file: join(folder, 'studentVle.csv'),
      rowsRead: 5,
      accepted: 3,
      filtered: 2,
      rejected: { SFS_IMPORT_MALFORMED: 0, SFS_IMPORT_UNKNOWN: 0 },
      firstEventMs: Date.UTC(2013, 8, 21),
      lastEventMs: Date.UTC(2013, 9, 9),
      presentations: [
        { course: 'AAA-2013J', accepted: 3, filtered: 0, clicks: 10, firstEventMs: Date.UTC(2013, 8, 21), lastEventMs: Date.UTC(2013, 9, 9) },
        { course: 'AAA-2014J', accepted: 0, filtered: 1, clicks: 0, firstEventMs: null, lastEventMs: null },
        { course: 'BBB-2013B', accepted: 0, filtered: 1, clicks: 0, firstEventMs: null, lastEventMs: null },
      ],
    });
  });

  it('reads a file without rows', async () => {
    const { events, summary } = await readAll(folderWith(csv([])));
    expect(events).toEqual([]);
    expect(summary).toMatchObject({ rowsRead: 0, firstEventMs: null, lastEventMs: null, presentations: [] });
  });

  it('begins anew in each iteration', async () => {
    const clicks = readOuladClicks(folderWith(sample));
    expect(clicks.summary).toMatchObject({ file: null, rowsRead: 0 });
    for (let time = 0; time < 2; time++) for await (const batch of clicks) expect(batch.events.length).toBe(5);
    expect(clicks.summary.accepted).toBe(5);
  });

  it('tells how far it is', async () => {
    const seen: OuladProgress[] = [];
    const rows = Array.from({ length: 12_000 }, (_, i) => line('AAA', '2013J', i, i, i % 200, 1));
    await readAll(folderWith(csv(rows), 'studentVle.csv.gz'), { onProgress: (progress) => seen.push(progress) });
    expect(seen.map((one) => one.eventsEmitted).filter((emitted) => emitted > 0)).toEqual([5_000, 10_000, 12_000]);
    expect(seen.at(-1)).toMatchObject({ phase: 'emitting', rowsRead: 12_000, eventsTotal: 12_000, bytesRead: seen.at(-1)?.bytesTotal });
    expect(seen[0]).toMatchObject({ phase: 'reading', eventsEmitted: 0 });
  });
});

describe('rows that make no event', () => {
  it.each([
    ['SFS_IMPORT_MALFORMED', '"AAA","2013J","1","2","3"'],
    ['SFS_IMPORT_MALFORMED', '"AAA","2013J","1","2","3","4","5"'],
    ['SFS_IMPORT_MALFORMED', ''],
    ['SFS_IMPORT_MALFORMED', '"AAA","2013J","1,"2","3","4"'],
    ['SFS_IMPORT_MALFORMED', line('AAA', '2013J', 1, 2, '', 4)],
    ['SFS_IMPORT_MALFORMED', line('AAA', '2013J', 1, 2, '3.5', 4)],
    ['SFS_IMPORT_MALFORMED', line('AAA', '2013J', 1, 2, '-', 4)],
    ['SFS_IMPORT_MALFORMED', line('AAA', '2013J', 1, 2, '40000', 4)],
    ['SFS_IMPORT_MALFORMED', line('AAA', '2013J', 1, 2, 3, 'four')],
    ['SFS_IMPORT_MALFORMED', line('AAA', '2013J', 1, 2, 3, 0)],
    ['SFS_IMPORT_MALFORMED', line('AAA', '2013J', 1, 2, 3, -4)],
    ['SFS_IMPORT_MALFORMED', line('AAA', '2013J', 1, 2, 3, '9999999999')],
    ['SFS_IMPORT_MALFORMED', line('AAA', '2013J', '', 2, 3, 4)],
    ['SFS_IMPORT_MALFORMED', line('AAA', '2013J', 1, '', 3, 4)],
    ['SFS_IMPORT_MALFORMED', line('', '2013J', 1, 2, 3, 4)],
    ['SFS_IMPORT_MALFORMED', line('AAA', '', 1, 2, 3, 4)],
    ['SFS_IMPORT_MALFORMED', line('A|A', '2013J', 1, 2, 3, 4)],
    ['SFS_IMPORT_UNKNOWN', line('AAA', '2013K', 1, 2, 3, 4)],
    ['SFS_IMPORT_UNKNOWN', line('AAA', '13J', 1, 2, 3, 4)],
    ['SFS_IMPORT_UNKNOWN', line('AAA', '2013J ', 1, 2, 3, 4)],
  ] as const)('are handed out with %s: %s', async (code, bad) => {
    const good = line('AAA', '2013J', 1, 2, 3, 4);
    const { events, rejected, summary } = await readAll(folderWith(csv([good, bad, good])));
    expect(events.map((event) => event.eventId)).toEqual(['oulad-1', 'oulad-3']);
    expect(rejected).toEqual([{ line: 3, raw: Buffer.from(bad), code, reason: expect.any(String) as string }]);
    expect(summary.rejected).toEqual({ SFS_IMPORT_MALFORMED: 0, SFS_IMPORT_UNKNOWN: 0, [code]: 1 });
    expect(summary.rowsRead).toBe(3);
  });

  it('are handed out whatever the options choose, byte by byte', async () => {
    const raw = Buffer.from([0x22, 0xff, 0xfe]);
    const { rejected } = await readAll(folderWith(Buffer.concat([Buffer.from(`${HEADER}\n`), raw])), { module: 'ZZZ' });
    expect(rejected.map((row) => row.raw)).toEqual([raw]);
  });
});

describe('a folder that cannot be read', () => {
  it('is told with the file that is missing', async () => {
    const folder = temporaryFolder();
    await expect(readAll(folder)).rejects.toMatchObject({ code: 'SFS_IMPORT_MISSING', context: { file: join(folder, 'studentVle.csv.gz') } });
  });

  it('is told with the columns that its header lacks', async () => {
    const folder = folderWith('"code_module","code_presentation","id_student","date","sum_click"\n');
    await expect(readAll(folder)).rejects.toMatchObject({ code: 'SFS_IMPORT_HEADER', message: expect.stringContaining('id_site') as string });
  });

  it('gives no event of a file that is cut off', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => line('AAA', '2013J', (i * 7919) % 65_537, i, i % 200, 1));
    const folder = temporaryFolder();
    const whole = gzipSync(csv(rows));
    writeFileSync(join(folder, 'studentVle.csv.gz'), whole.subarray(0, whole.length - 100));
    const clicks = readOuladClicks(folder);
    const steps = clicks[Symbol.asyncIterator]();
    await expect(steps.next()).rejects.toMatchObject({ code: 'SFS_IMPORT_CORRUPT' });
    expect(clicks.summary.rowsRead).toBeGreaterThan(0);
  });

  it.each([{ presentation: '2013' }, { presentation: 'AAA-2013J' }, { untilDay: 1.5 }, { untilDay: NaN }, { module: '' }])(
    'is not touched with the options %j',
    (options) => {
      expect(() => readOuladClicks('/nowhere', options)).toThrow(expect.objectContaining({ code: 'SFS_IMPORT_OPTION' }) as Error);
    },
  );

  it('is not touched with a region that cannot be one', () => {
    expect(() => readOuladClicks('/nowhere', { region: 'EU West' })).toThrow(expect.objectContaining({ code: 'SFS_REGION_INVALID' }) as Error);
  });
});

describe('day 0', () => {
  it.each([
    ['2013B', '2013-02-01'],
    ['2013J', '2013-10-01'],
    ['2014J', '2014-10-01'],
    ['1970B', '1970-02-01'],
  ])('of %s is %s', (presentation, date) => {
    expect(firstEpochDay(presentation)).toBe(Date.parse(date) / DAY_MS);
  });

  it.each(['2013', '2013b', '2013BJ', '13B', ' 2013B', '1969J', ''])('of %j is unknown', (presentation) => {
    expect(firstEpochDay(presentation)).toBeNull();
  });
});

describe('sorting by day', () => {
  it('is stable, complete and ascending, over blocks', () => {
    const property = fc.property(
      fc.array(fc.integer({ min: -400, max: 20_000 }), { minLength: 0, maxLength: 300 }),
      fc.constantFrom(1, 150),
      (some, times) => {
        const days = Array.from({ length: times }, () => some).flat();
        const columns = new ClickColumns();
        days.forEach((day, i) => columns.add({ day, course: 1, learner: 2, item: 3, clicks: 4, row: i + 1 }));
        // Array.prototype.sort is stable by the language's definition.
        const expected = days
          .map((day, i) => ({ day, i }))
          .sort((a, b) => a.day - b.day)
          .map(({ i }) => i);
        expect([...columns.orderByDay()]).toEqual(expected);
        const click = { day: 0, course: 0, learner: 0, item: 0, clicks: 0, row: 0 };
        if (days.length > 0) columns.read(days.length - 1, click);
        if (days.length > 0) expect(click).toEqual({ day: days.at(-1), course: 1, learner: 2, item: 3, clicks: 4, row: days.length });
      },
    );
    fc.assert(property, { numRuns: 30 });
  });
});
