import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localTools } from '../../../runtime/localTools.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { topics } from '../../../schemas/index.js';
import { Archive } from '../../../scripts/archive/archive.js';
import { commitsIn } from '../../../scripts/archive/commits.js';
import { topicFolder } from '../../../scripts/archive/layout.js';
import { verifyArchive } from '../../../scripts/archive/verification.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';
import { click } from '../../topologies/clicks.js';
import { catalogueItem, profile, quiz } from '../../topologies/statements.js';
import { REGION, append, archiveAll, archivedDays, archivedRows, named } from './archived.js';

const DAY_MS = 86_400_000;
/** 2025-09-01. */
const START_MS = Date.UTC(2025, 8, 1);
const LEARNERS = ['ada', 'ben', 'cid', 'dee', 'eve', 'fay'];

/** A click of each learner on each of some days, an hour apart. */
const clicksOf = (...days: readonly number[]) =>
  days.flatMap((day) => LEARNERS.map((learner, at) => named(`${learner} ${day}`, click(learner, START_MS + day * DAY_MS + at * 3_600_000))));

const identities = (rows: readonly Readonly<Record<string, unknown>>[]): string[] => rows.map((row) => String(row['event_id'])).sort();

describe('an archive', () => {
  it('has each record once, in a file of its day, and no markers', async () => {
    const [storage, out] = [memoryStorage(), temporaryFolder()];
    const clicks = clicksOf(0, 1, 2);
    await append(storage, topics.clicks, clicks);
    const [counts] = await archiveAll(storage, out, ['clicks']);
    const rows = await archivedRows(out, 'clicks');
    expect(identities(rows)).toEqual(clicks.map(({ eventId }) => eventId).sort());
    expect(archivedDays(rows)).toEqual(['2025-09-01', '2025-09-02', '2025-09-03']);
    for (const { file, occurred_at: occurredAt } of rows) expect(file).toContain(`day=${(occurredAt as Date).toISOString().slice(0, 10)}`);
    expect(counts).toMatchObject({ topic: 'clicks', records: clicks.length, unreadable: 0, lost: 0 });
  });

  it('goes on where it was: nothing twice, and late events in a further file of their day', async () => {
    const [storage, out] = [memoryStorage(), temporaryFolder()];
    await append(storage, topics.clicks, clicksOf(0, 1));
    await archiveAll(storage, out, ['clicks']);
    const before = await archivedRows(out, 'clicks');
    expect((await archiveAll(storage, out, ['clicks']))[0]).toMatchObject({ records: 0, files: 0 });
    await append(storage, topics.clicks, [named('late', click('ada', START_MS + 5))]);
    expect((await archiveAll(storage, out, ['clicks']))[0]).toMatchObject({ records: 1, files: 1 });
    const after = await archivedRows(out, 'clicks');
    expect(identities(after)).toEqual([...identities(before), 'late'].sort());
    const late = after.find((row) => row['event_id'] === 'late')!;
    expect(late.file).toContain('day=2025-09-01');
    expect(before.map(({ file }) => file)).not.toContain(late.file);
  });

  it('keeps types: instants, lists, numbers, what is null, and JSON for what has no flat form', async () => {
    const [storage, out] = [memoryStorage(), temporaryFolder()];
    await append(storage, topics.quizResults, [
      quiz('ada', START_MS + 7, true, { skills: ['a', 'b'] }),
      quiz('ben', START_MS, false, { skills: [] }),
    ]);
    await append(storage, topics.profiles, [profile('ada', START_MS, { segments: { age: '35-55' }, courses: ['AAA'] })]);
    await append(storage, topics.catalogue, [
      catalogueItem('p1', START_MS, { difficulty: 0.25, durationMinutes: 20 }),
      catalogueItem('p2', START_MS),
    ]);
    await archiveAll(storage, out, ['quiz-results', 'profiles', 'catalogue']);
    const results = await archivedRows(out, 'quiz-results');
    expect(results.find((row) => row['learner'] === 'ada')).toMatchObject({
      occurred_at: new Date(START_MS + 7),
      item: 'quiz-1',
      skills: ['a', 'b'],
      score: 1,
      attempts: 1,
      correct: true,
      _tombstone: false,
    });
    expect(results.find((row) => row['learner'] === 'ben')).toMatchObject({ skills: [], score: 0, correct: false });
    expect((await archivedRows(out, 'profiles'))[0]).toMatchObject({ segments: '{"age":"35-55"}', courses: ['AAA'], consent_profiling: true });
    const items = await archivedRows(out, 'catalogue');
    expect(items.find((row) => row['item'] === 'p1')).toMatchObject({ difficulty: 0.25, duration_minutes: 20, available_from: null });
    expect(items.find((row) => row['item'] === 'p2')).toMatchObject({ difficulty: null, duration_minutes: null });
  });

  it('keeps what cannot be read as bytes with the reason, and tombstones, on the day on which they came', async () => {
    const [storage, out] = [memoryStorage({ now: () => START_MS }), temporaryFolder()];
    await append(storage, topics.clicks, clicksOf(1));
    const odd = Buffer.from('odd');
    const key = Buffer.from('ada');
    await storage.log.append([
      { topic: 'test.clicks', partition: 0, key, value: odd, header: null },
      { topic: 'test.clicks', partition: 0, key, value: null, header: null },
    ]);
    const [counts] = await archiveAll(storage, out, ['clicks']);
    expect(counts).toMatchObject({ records: LEARNERS.length + 2, unreadable: 1 });
    const rows = await archivedRows(out, 'clicks');
    const unreadable = rows.find((row) => row['_error'] !== null)!;
    expect([unreadable['_error'], Buffer.from(unreadable['_bytes'] as Uint8Array), unreadable['event_id']]).toEqual(['SFS_WIRE_FORMAT', odd, null]);
    expect(unreadable.file).toContain('day=2025-09-01');
    expect(rows.filter((row) => row['_tombstone'] === true)).toHaveLength(1);
  });

  it('of a topic that nobody wrote has its columns, and of one that nobody knows is refused', async () => {
    const [storage, out] = [memoryStorage(), temporaryFolder()];
    expect(await archiveAll(storage, out, ['exposures'])).toEqual([{ topic: 'exposures', records: 0, files: 0, unreadable: 0, lost: 0 }]);
    expect(readdirSync(join(topicFolder(out, 'exposures', REGION), 'day=1970-01-01'))).toEqual(['columns.parquet']);
    await expect(archiveAll(storage, out, ['clikcs'])).rejects.toMatchObject({ code: 'SFS_TOPIC_UNKNOWN' });
  });

  it('counts what retention took away before it came, and goes on behind it', async () => {
    const storage = memoryStorage();
    const out = temporaryFolder();
    await append(storage, topics.clicks, clicksOf(0));
    await archiveAll(storage, out, ['clicks']);
    await append(storage, topics.clicks, clicksOf(1, 2));
    const tools = localTools(storage);
    const archived = new Map(commitsIn(topicFolder(out, 'clicks', REGION)).map(({ partition, next }) => [partition, next]));
    // As retention does: the first two that are not archived are gone, in each partition that has so many.
    const startOf = (partition: number, end: number): number => Math.min(end, (archived.get(partition) ?? 0) + 2);
    const forgetful = {
      ...tools,
      ranges: async (topic: string) => (await tools.ranges(topic)).map(({ end }, partition) => ({ start: startOf(partition, end), end })),
    };
    const archive = await Archive.open(forgetful, { region: REGION, topics: ['clicks'], out });
    await archive.untilEnd();
    const ends = await tools.ranges('test.clicks');
    const lost = ends.reduce((sum, { end }, partition) => sum + startOf(partition, end) - (archived.get(partition) ?? 0), 0);
    expect(lost).toBeGreaterThan(0);
    expect(archive.archived[0]!.lost).toBe(lost);
    expect(commitsIn(topicFolder(out, 'clicks', REGION)).reduce((sum, commit) => sum + commit.lost, 0)).toBe(lost);
  });

  it('refuses a log that ends before what is archived: it is another one', async () => {
    const [storage, out] = [memoryStorage(), temporaryFolder()];
    await append(storage, topics.clicks, clicksOf(0));
    await archiveAll(storage, out, ['clicks']);
    const other = memoryStorage();
    await append(other, topics.clicks, []);
    await expect(archiveAll(other, out, ['clicks'])).rejects.toMatchObject({ code: 'SFS_ARCHIVE_OTHER_LOG' });
  });

  it('refuses a commit that it cannot understand', async () => {
    const [storage, out] = [memoryStorage(), temporaryFolder()];
    await append(storage, topics.clicks, clicksOf(0));
    await archiveAll(storage, out, ['clicks']);
    writeFileSync(join(topicFolder(out, 'clicks', REGION), '_commits', '0.json'), '{"format":1,');
    await expect(archiveAll(storage, out, ['clicks'])).rejects.toMatchObject({ code: 'SFS_ARCHIVE_DAMAGED' });
  });

  it('that follows takes in what comes, until it is stopped', async () => {
    const [storage, out] = [memoryStorage(), temporaryFolder()];
    await append(storage, topics.clicks, clicksOf(0));
    const archive = await Archive.open(localTools(storage), { region: REGION, topics: ['clicks'], out });
    const controller = new AbortController();
    const following = archive.follow({ everyMs: 1, signal: controller.signal });
    await append(storage, topics.clicks, clicksOf(1));
    await expect.poll(() => archive.archived[0]!.records, { timeout: 20_000 }).toBe(2 * LEARNERS.length);
    controller.abort();
    await following;
    expect(identities(await archivedRows(out, 'clicks'))).toEqual(
      clicksOf(0, 1)
        .map(({ eventId }) => eventId)
        .sort(),
    );
  });
});

describe('verifying an archive', () => {
  const verified = async (storage: ReturnType<typeof memoryStorage>, out: string) => {
    const partitions = await verifyArchive(localTools(storage), out, 'clicks', REGION);
    const matched = partitions.reduce((sum, one) => sum + one.matched, 0);
    return { matched, problems: partitions.flatMap(({ problems }) => problems).join('; ') };
  };

  it('finds the records of the log, each once', async () => {
    const [storage, out] = [memoryStorage(), temporaryFolder()];
    await append(storage, topics.clicks, clicksOf(0, 1));
    await archiveAll(storage, out, ['clicks']);
    expect(await verified(storage, out)).toEqual({ matched: 2 * LEARNERS.length, problems: '' });
    // What came since is not committed, and not missed.
    await append(storage, topics.clicks, clicksOf(2));
    expect(await verified(storage, out)).toEqual({ matched: 2 * LEARNERS.length, problems: '' });
  });

  it('tells what is missing, double, or not in the log', async () => {
    const [storage, out] = [memoryStorage(), temporaryFolder()];
    await append(storage, topics.clicks, clicksOf(0, 1));
    await archiveAll(storage, out, ['clicks']);
    const folder = topicFolder(out, 'clicks', REGION);
    const [file] = readdirSync(join(folder, 'day=2025-09-01'));
    rmSync(join(folder, 'day=2025-09-01', file!));
    expect((await verified(storage, out)).problems).toMatch(/are missing from the archive, first \d+; \d+ records in files, \d+ committed/);
    const twice = temporaryFolder();
    await archiveAll(storage, twice, ['clicks']);
    const again = join(topicFolder(twice, 'clicks', REGION), 'day=2025-09-01');
    const [source] = readdirSync(again);
    const { copyFileSync, mkdirSync } = await import('node:fs');
    mkdirSync(join(topicFolder(twice, 'clicks', REGION), 'day=2025-08-31'));
    copyFileSync(join(again, source!), join(topicFolder(twice, 'clicks', REGION), 'day=2025-08-31', source!));
    expect((await verified(storage, twice)).problems).toContain('are in it more than once');
    await expect(verifyArchive(localTools(storage), temporaryFolder(), 'clicks', REGION)).rejects.toMatchObject({ code: 'SFS_ARCHIVE_MISSING' });
  });
});
