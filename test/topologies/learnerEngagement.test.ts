import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDriver, testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { learnerId, topics, type Click, type Opened } from '../../schemas/index.js';
import engagement from '../../topologies/learner-engagement.js';
import { DAY_MS, HOUR_MS, at, click } from './clicks.js';
import { PlainEngagement } from './plainWindows.js';

/** One record of the output, windows by their number of events: `asOf` in days since the first, or `day+hours`. */
type Line = readonly [asOf: string, hour: number | null, d1: number | null, d7: number | null, d28: number | null];

function linesOf(driver: TopologyTestDriver, learner: string): Line[] {
  const records = driver.output(topics.learnerFeatures).of(learnerId(learner));
  return records.map(({ value }) => {
    const { asOfMs, personal } = value!;
    const { engagement1h, engagement1d, engagement7d, engagement28d } = personal;
    const [hour, d1, d7, d28] = [engagement1h, engagement1d, engagement7d, engagement28d].map((window) => window?.events ?? null);
    return [instant(asOfMs), hour!, d1!, d7!, d28!] as const;
  });
}

function instant(ms: number): string {
  const day = Math.floor((ms - at(0)) / DAY_MS);
  const hours = (ms - at(day)) / HOUR_MS;
  return hours === 0 ? `${day}` : `${day}+${hours}`;
}

/** Lines of the midnights from one day to another that differ by their number alone. */
const nights = (from: number, to: number, ...windows: [hour: number | null, d1: number | null, d7: number | null, d28: number | null]): Line[] =>
  Array.from({ length: to - from + 1 }, (_, index): Line => [`${from + index}`, ...windows]);

/** Sends clicks, ends the input and looks, in both batchings. */
function afterAll(clicks: readonly Opened<Click>[], look: (driver: TopologyTestDriver) => void): Promise<void> {
  return testTopology(engagement, async (driver) => {
    driver.input(topics.clicks).sendAll(clicks);
    await driver.endInput();
    look(driver);
  });
}

describe('learner-engagement', () => {
  it('tells each window in full: bounds, events, clicks, dwell time and completions', async () => {
    const clicks = [
      click('a', at(3, 10), { clicks: 4 }),
      click('a', at(3, 20), { action: 'DWELL', dwellMs: 1_500 }),
      click('a', at(3, 30), { action: 'COMPLETE' }),
      click('a', at(3, HOUR_MS), { action: 'DWELL', dwellMs: 70, clicks: 2 }),
    ];
    await afterAll(clicks, (driver) => {
      const hour = { windowStartMs: at(3), windowEndMs: at(3, HOUR_MS), events: 3, clicks: 6, dwellMs: 1_500, completions: 1 };
      const day = { windowStartMs: at(3), windowEndMs: at(4), events: 4, clicks: 8, dwellMs: 1_570, completions: 1 };
      const empty = { engagement1h: null, engagement1d: null, engagement7d: null, engagement28d: null };
      const base = { learner: 'a', region: 'test', topologyVersion: 1 };
      const [first, , third] = driver.output(topics.learnerFeatures).of(learnerId('a'));
      expect(first).toMatchObject({
        key: 'a',
        timestamp: at(3, HOUR_MS - 1),
        value: { ...base, asOfMs: at(3, HOUR_MS), personal: { ...empty, engagement1h: hour } },
      });
      expect(third!.timestamp).toBe(at(4) - 1);
      expect(third!.value).toEqual({
        ...base,
        asOfMs: at(4),
        personal: {
          engagement1h: null,
          engagement1d: day,
          engagement7d: { ...day, windowStartMs: at(-3) },
          engagement28d: { ...day, windowStartMs: at(-24) },
        },
      });
    });
  });

  it('puts an event on a border into the window that begins there, and follows windows until the last one is empty', async () => {
    const clicks = [at(0, 2.5 * HOUR_MS), at(0, 3 * HOUR_MS - 1), at(0, 3 * HOUR_MS), at(1)].map((timeMs) => click('a', timeMs));
    await afterAll(clicks, (driver) => {
      expect(linesOf(driver, 'a')).toEqual([
        ['0+3', 2, null, null, null],
        ['0+4', 1, null, null, null],
        ['1', null, 3, 3, 3],
        ['1+1', 1, 3, 3, 3],
        ['2', null, 1, 4, 4],
        ...nights(3, 7, null, null, 4, 4),
        ['8', null, null, 1, 4],
        ...nights(9, 28, null, null, null, 4),
        ['29', null, null, null, 1],
      ]);
    });
  });

  it('tells an hour and a day that end together as of one instant', async () => {
    await afterAll([click('a', at(0, 5)), click('a', at(1) - 1)], (driver) => {
      const lines = linesOf(driver, 'a').filter(([asOf]) => asOf === '1');
      expect(lines.at(-1)).toEqual(['1', 1, 2, 2, 2]);
    });
  });

  it('forgets windows that are over: after a silence the last days are empty until the next midnight', async () => {
    await afterAll([click('a', at(0)), click('a', at(40))], (driver) => {
      expect(linesOf(driver, 'a').slice(0, 2)).toEqual([
        ['0+1', 1, null, null, null],
        ['1', null, 1, 1, 1],
      ]);
      expect(linesOf(driver, 'a').slice(28, 31)).toEqual([
        ['28', null, null, null, 1],
        ['40+1', 1, null, null, null],
        ['41', null, 1, 1, 1],
      ]);
    });
  });

  it('keeps learners apart, whatever their partition, and adds up the cohorts of one', async () => {
    const learners = Array.from({ length: 20 }, (_, n) => `learner-${n}`);
    const clicks = learners.flatMap((learner, n) =>
      Array.from({ length: n + 1 }, (_, nth) => click(learner, at(0, nth), { cohort: nth % 2 === 0 ? 'AAA-2024J' : 'BBB-2024B', clicks: 2 })),
    );
    await afterAll(clicks, (driver) => {
      const records = driver.output(topics.learnerFeatures).records();
      expect(new Set(records.map(({ partition }) => partition)).size).toBe(3);
      learners.forEach((learner, n) => {
        expect(linesOf(driver, learner).slice(0, 2)).toEqual([
          ['0+1', n + 1, null, null, null],
          ['1', null, n + 1, n + 1, n + 1],
        ]);
      });
    });
  });

  it('publishes a window only when an event is an hour past its end', async () => {
    await testTopology(engagement, { partitions: 1 }, async (driver) => {
      const input = driver.input(topics.clicks);
      input.sendAll([click('a', at(0)), click('b', at(0, 2 * HOUR_MS - 1))]);
      await driver.run();
      expect(driver.output(topics.learnerFeatures).size).toBe(0);
      input.send(click('b', at(0, 2 * HOUR_MS)));
      await driver.run();
      expect(linesOf(driver, 'a')).toEqual([['0+1', 1, null, null, null]]);
      expect(linesOf(driver, 'b')).toEqual([]);
    });
  });

  it('goes on after a restart in the middle of every window', async () => {
    await testTopology(engagement, async (driver) => {
      const input = driver.input(topics.clicks);
      input.sendAll([click('a', at(0)), click('a', at(0, 10))]);
      await driver.run();
      await driver.restart();
      input.send(click('a', at(0, 20)));
      await driver.endInput();
      expect(linesOf(driver, 'a').slice(0, 2)).toEqual([
        ['0+1', 3, null, null, null],
        ['1', null, 3, 3, 3],
      ]);
    });
  });
});

describe('learner-engagement, out of order', () => {
  it('sends what is behind its hour to the dead letters, and still counts it in the days that are open', async () => {
    await testTopology(engagement, { partitions: 1 }, async (driver) => {
      driver.input(topics.clicks).sendAll([click('a', at(0, 5 * HOUR_MS)), click('a', at(0, 3 * HOUR_MS - 1))]);
      await driver.endInput();
      expect(driver.late().map(({ stage, failedAtEventTimeMs }) => [stage, failedAtEventTimeMs])).toEqual([['last-hour', at(0, 3 * HOUR_MS - 1)]]);
      expect(linesOf(driver, 'a').slice(0, 2)).toEqual([
        ['0+6', 1, null, null, null],
        ['1', null, 2, 2, 2],
      ]);
      expect(driver.counters()).toMatchObject({ records: 2, deadLetters: 1, late: 0 });
    });
  });

  it('counts an event an hour late in all its windows', async () => {
    await testTopology(engagement, { partitions: 1 }, async (driver) => {
      driver.input(topics.clicks).sendAll([click('a', at(0, 4 * HOUR_MS - 1)), click('a', at(0, 2 * HOUR_MS))]);
      await driver.endInput();
      expect(driver.deadLetters()).toEqual([]);
      expect(linesOf(driver, 'a').slice(0, 3)).toEqual([
        ['0+3', 1, null, null, null],
        ['0+4', 1, null, null, null],
        ['1', null, 2, 2, 2],
      ]);
    });
  });

  it('counts an event days late in the windows that are still open, and one behind all of them in none', async () => {
    await testTopology(engagement, { partitions: 1 }, async (driver) => {
      driver.input(topics.clicks).sendAll([click('a', at(30, HOUR_MS)), click('a', at(20)), click('a', at(1))]);
      await driver.endInput();
      expect(driver.late()).toHaveLength(2);
      // Both are behind some windows of the days: counted, without a second letter.
      expect(driver.counters()).toMatchObject({ records: 3, deadLetters: 2, late: 2 });
      expect(linesOf(driver, 'a').slice(0, 3)).toEqual([
        ['30+2', 1, null, null, null],
        ['31', null, 1, 1, 2],
        ['32', null, null, 1, 2],
      ]);
    });
  });

  it('sends bytes that are no click to the dead letters, and processes the rest', async () => {
    await testTopology(engagement, async (driver) => {
      driver.input(topics.clicks).sendRaw({ key: 'a', value: Buffer.from([0, 0, 0, 0, 0]) });
      driver.input(topics.clicks).send(click('a', at(0)));
      await driver.endInput();
      expect(driver.deadLetters()).toHaveLength(1);
      expect(linesOf(driver, 'a')[0]).toEqual(['0+1', 1, null, null, null]);
    });
  });

  it('equals the plain computation for any events in any order within an hour, over any number of partitions', { timeout: 60_000 }, async () => {
    const use = fc.record({
      learner: fc.constantFrom('a', 'b', 'c', 'd'),
      hour: fc.nat(45 * 24),
      ms: fc.constantFrom(0, 1, 1_800_000, HOUR_MS - 1),
      clicks: fc.nat(9),
    });
    const uses = fc.array(fc.tuple(use, fc.nat(HOUR_MS)), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(uses, fc.integer({ min: 1, max: 5 }), async (drawn, partitions) => {
        const arriving = drawn.map(([{ learner, hour, ms, clicks }, delayMs]) => ({ learner, atMs: at(0, hour * HOUR_MS + ms), clicks, delayMs }));
        arriving.sort((a, b) => a.atMs + a.delayMs - (b.atMs + b.delayMs));
        const plain = new PlainEngagement();
        for (const { learner, atMs, clicks } of arriving) plain.add({ learner, cohort: '', item: '', atMs, clicks, dwellMs: 0, completed: false });
        const driver = await openDriver(engagement, { partitions });
        driver.input(topics.clicks).sendAll(arriving.map(({ learner, atMs, clicks }) => click(learner, atMs, { clicks })));
        await driver.endInput();
        // Of several records as of one instant the last one counts.
        const last = new Map(
          driver
            .output(topics.learnerFeatures)
            .records()
            .map(({ key, value }) => [`${key} ${value!.asOfMs}`, value!]),
        );
        expect(new Set(last.keys())).toEqual(plain.expected());
        for (const { learner, asOfMs, personal } of last.values()) expect(personal).toEqual(plain.asOf(learner, asOfMs));
        expect(driver.deadLetters()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
