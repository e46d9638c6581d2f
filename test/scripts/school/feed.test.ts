import { describe, expect, it } from 'vitest';
import { clockMarkers } from '../../../runtime/engine/clock.js';
import type { OutputRecord, LocalStorage, TaskCommit } from '../../../runtime/ports.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { SchoolFeed } from '../../../scripts/school/feed.js';
import type { Pace } from '../../../scripts/school/pacedClock.js';
import { SCHOOL_TOPICS } from '../../../scripts/school/index.js';

const REGION = 'eu-west';
const SCHOOL = { region: REGION, seed: 5, learners: 25 };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const HISTORY_MS = 8 * DAY_MS;
const NEVER = new AbortController().signal;
const nothing = (): void => undefined;

/** A machine whose clock goes on by half a second with each look, and stops the feed at the last one: 12 minutes of the school each. */
function looks(count: number): { readonly pace: Pace; readonly stopped: AbortSignal } {
  const stopping = new AbortController();
  let looked = -1;
  const ticks = (): number => {
    if (++looked === count) stopping.abort();
    return looked * 500;
  };
  return { pace: { daysPerMinute: 1, ticks, wall: () => Infinity }, stopped: stopping.signal };
}

async function feedFor(storage: LocalStorage, lookCount: number): Promise<SchoolFeed> {
  const feed = await SchoolFeed.open(storage, SCHOOL);
  await feed.writeHistory(NEVER, nothing);
  await feed.live({ ...looks(lookCount), tickMs: 0 });
  return feed;
}

/** All that the log holds. */
function contentOf({ log }: LocalStorage): string[] {
  return log.topics().flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => partition).flatMap((partition) => {
      const { start, end } = log.range(name, partition);
      return log.read(name, partition, start, end).map(({ offset, key, value, header }) => {
        return [name, partition, offset, ...[key, value, header].map((bytes) => bytes?.toString('base64') ?? '-')].join(' ');
      });
    }),
  );
}

/** A storage that fails from its nth commit on, as for a process that dies there. */
function failingAt(storage: LocalStorage, nth: number): LocalStorage {
  let commits = 0;
  const commit = (one: TaskCommit): Promise<void> => (++commits >= nth ? Promise.reject(new Error('cut off')) : storage.commit(one));
  return { log: storage.log, tasks: storage.tasks, documents: storage.documents, commit, close: () => Promise.resolve() };
}

const isClock = ({ header, value }: Pick<OutputRecord, 'header' | 'value'>): boolean =>
  value === null && header?.[0] === clockMarkers('any', 1, 0)[0]!.header![0];

describe('the feed of a school', () => {
  it('writes its history at once, tells its progress, and says what is there', async () => {
    const feed = await SchoolFeed.open(memoryStorage(), SCHOOL);
    const told: number[] = [];
    expect(await feed.writeHistory(NEVER, (doneMs, totalMs) => told.push(doneMs / totalMs))).toBe(true);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(1);
    expect(feed.simulatedNowMs()).toBe(feed.options.startMs + HISTORY_MS);
    expect(feed.counts.alreadyThere).toBe(0);
    expect(feed.counts.written).toBeGreaterThan(8 * 25);
    expect(feed.busiest().length).toBeGreaterThan(2);
  });

  it('lets the school live at its pace: a step of ten minutes is written when they are over', async () => {
    const storage = memoryStorage();
    const feed = await SchoolFeed.open(storage, SCHOOL);
    await feed.writeHistory(NEVER, nothing);
    const history = contentOf(storage).length;
    await feed.live({ ...looks(0), tickMs: 0 });
    expect(contentOf(storage)).toHaveLength(history);
    const more = await feedFor(storage, 100);
    // The hundredth look ends it before anything is written.
    expect(more.simulatedNowMs()).toBe(more.historyEndMs + 100 * 12 * MINUTE_MS);
    expect(contentOf(storage).length).toBeGreaterThan(history);
  });

  it('stands still while it is held', async () => {
    const storage = memoryStorage();
    const feed = await SchoolFeed.open(storage, SCHOOL);
    await feed.writeHistory(NEVER, nothing);
    const history = contentOf(storage).length;
    await feed.live({ ...looks(100), tickMs: 0, isHeld: () => true });
    expect(feed.simulatedNowMs()).toBe(feed.historyEndMs);
    expect(contentOf(storage)).toHaveLength(history);
  });

  it('goes on where the log ends: the same bytes as in one go, wherever it was cut off', { timeout: 60_000 }, async () => {
    const toTheEnd = async (storage: LocalStorage): Promise<SchoolFeed> => {
      const feed = await SchoolFeed.open(storage, SCHOOL);
      await feed.writeHistory(NEVER, nothing);
      const { pace, stopped } = looks(100);
      // The present ends the school: all come as far, from wherever they go on.
      await feed.live({ pace: { ...pace, wall: () => feed.historyEndMs + 10 * 60 * MINUTE_MS }, stopped, tickMs: 0 });
      return feed;
    };
    const whole = memoryStorage();
    await toTheEnd(whole);
    const commits = whole.log.range('eu-west.catalogue', 0).end * Object.keys(SCHOOL_TOPICS).length;
    for (const nth of [1, 3, 502, 963, 1_020, 1_234]) {
      expect(nth).toBeLessThan(commits);
      const storage = memoryStorage();
      await expect(toTheEnd(failingAt(storage, nth))).rejects.toThrow('cut off');
      const before = contentOf(storage).length;
      const { counts } = await toTheEnd(storage);
      expect(counts.alreadyThere > 0).toBe(before > 0);
      expect(contentOf(storage).join('\n') === contentOf(whole).join('\n'), `cut off at commit ${nth}`).toBe(true);
    }
  });

  it('tells clocks in every partition, hourly in the history and with each ten minutes after it', async () => {
    const storage = memoryStorage();
    const feed = await SchoolFeed.open(storage, SCHOOL);
    await feed.writeHistory(NEVER, nothing);
    const clocks = (): number => {
      const { end } = storage.log.range('eu-west.catalogue', 0);
      return storage.log.read('eu-west.catalogue', 0, 0, end).filter(isClock).length;
    };
    // One more for the opening.
    expect(clocks()).toBe(8 * 24 + 1);
    await feed.live({ ...looks(51), tickMs: 0 });
    expect(clocks()).toBe(8 * 24 + 1 + 60);
  });

  it('keeps its school: a later feed need not be told, and another school is refused', async () => {
    const storage = memoryStorage();
    await feedFor(storage, 0);
    expect((await SchoolFeed.open(storage, { region: REGION })).options).toMatchObject({ seed: 5, learners: 25, eventsPerDay: 300 });
    await expect(SchoolFeed.open(storage, { region: REGION, seed: 6 })).rejects.toThrow(expect.objectContaining({ code: 'SFS_SCHOOL_OTHER' }));
    await expect(SchoolFeed.open(storage, { region: REGION, learners: 26 })).rejects.toThrow(expect.objectContaining({ code: 'SFS_SCHOOL_OTHER' }));
  });

  it('stops in the history when told to', async () => {
    const stopping = new AbortController();
    const feed = await SchoolFeed.open(memoryStorage(), SCHOOL);
    expect(await feed.writeHistory(stopping.signal, (doneMs) => doneMs > DAY_MS && stopping.abort())).toBe(false);
    expect(feed.simulatedNowMs()).toBeLessThan(feed.options.startMs + DAY_MS + 60 * MINUTE_MS);
  });
});
