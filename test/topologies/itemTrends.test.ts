import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDriver, testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { cohortItemKey, topics, type Click, type Opened } from '../../schemas/index.js';
import { filesOf, projectRoot, sourcesOf } from '../../scripts/checks/sourceFiles.js';
import trends from '../../topologies/item-trends.js';
import { DAY_MS, HOUR_MS, at, click } from './clicks.js';
import { PlainTrends } from './plainWindows.js';

/** One record of the output: the day as of which it holds, and each window as `[events, clicks, learner-days]`. */
type Line = readonly [asOf: number, d1: Sums, d3: Sums, d7: Sums];
type Sums = readonly [events: number, clicks: number, learnerDays: number] | null;

function linesOf(driver: TopologyTestDriver, item = 'i1', cohort = 'AAA-2024J'): Line[] {
  const records = driver.output(topics.itemTrends).of(cohortItemKey(cohort, item));
  return records.map(({ value }) => {
    const { asOfMs, trend1d, trend3d, trend7d } = value!;
    const [d1, d3, d7] = [trend1d, trend3d, trend7d].map((window): Sums => window && [window.events, window.clicks, window.learnerDays]);
    return [(asOfMs - at(0)) / DAY_MS, d1!, d3!, d7!];
  });
}

/** Sends clicks, ends the input and looks, in both batchings. */
function afterAll(clicks: readonly Opened<Click>[], look: (driver: TopologyTestDriver) => void): Promise<void> {
  return testTopology(trends, { partitions: 4 }, async (driver) => {
    driver.input(topics.clicks).sendAll(clicks);
    await driver.endInput();
    look(driver);
  });
}

describe('item-trends', () => {
  it('tells each window in full, under the cohort and the item', async () => {
    await afterAll([click('a', at(0, 5), { clicks: 3 }), click('b', at(0, 7), { clicks: 4 })], (driver) => {
      const sums = { windowEndMs: at(1), events: 2, clicks: 7, learnerDays: 2 };
      expect(driver.output(topics.itemTrends).of(cohortItemKey('AAA-2024J', 'i1'))[0]).toMatchObject({ key: 'AAA-2024J|i1', timestamp: at(1) - 1 });
      expect(driver.output(topics.itemTrends).values()[0]).toEqual({
        cohort: 'AAA-2024J',
        course: 'AAA-2024J',
        item: 'i1',
        region: 'test',
        asOfMs: at(1),
        topologyVersion: 1,
        trend1d: { windowStartMs: at(0), ...sums },
        trend3d: { windowStartMs: at(-2), ...sums },
        trend7d: { windowStartMs: at(-6), ...sums },
      });
    });
  });

  it('puts an event on a border into the day that begins there, and follows windows until the last one is empty', async () => {
    await afterAll([click('a', at(0)), click('a', at(1) - 1), click('a', at(1)), click('b', at(4))], (driver) => {
      expect(linesOf(driver)).toEqual([
        [1, [2, 2, 1], [2, 2, 1], [2, 2, 1]],
        [2, [1, 1, 1], [3, 3, 2], [3, 3, 2]],
        [3, null, [3, 3, 2], [3, 3, 2]],
        [4, null, [1, 1, 1], [3, 3, 2]],
        [5, [1, 1, 1], [1, 1, 1], [4, 4, 3]],
        [6, null, [1, 1, 1], [4, 4, 3]],
        [7, null, [1, 1, 1], [4, 4, 3]],
        [8, null, null, [2, 2, 2]],
        ...[9, 10, 11].map((day): Line => [day, null, null, [1, 1, 1]]),
      ]);
    });
  });

  it('begins anew after days in which nobody used the item', async () => {
    await afterAll([click('a', at(0)), click('a', at(30))], (driver) => {
      expect(linesOf(driver).map(([asOf]) => asOf)).toEqual([1, 2, 3, 4, 5, 6, 7, 31, 32, 33, 34, 35, 36, 37]);
      expect(linesOf(driver)[7]).toEqual([31, [1, 1, 1], [1, 1, 1], [1, 1, 1]]);
    });
  });

  it('keeps the cohorts and the items apart', async () => {
    const clicks = [
      click('a', at(0), { item: 'i1', cohort: 'AAA-2024J' }),
      click('a', at(0, 1), { item: 'i1', cohort: 'BBB-2024J', clicks: 5 }),
      click('b', at(0, 2), { item: 'i|2', cohort: 'AAA-2024J', clicks: 7 }),
    ];
    await afterAll(clicks, (driver) => {
      expect(linesOf(driver, 'i1', 'AAA-2024J')[0]).toEqual([1, [1, 1, 1], [1, 1, 1], [1, 1, 1]]);
      expect(linesOf(driver, 'i1', 'BBB-2024J')[0]).toEqual([1, [1, 5, 1], [1, 5, 1], [1, 5, 1]]);
      expect(linesOf(driver, 'i|2', 'AAA-2024J')[0]).toEqual([1, [1, 7, 1], [1, 7, 1], [1, 7, 1]]);
    });
  });
});

/** Keys of the first phase's state by partition show which task worked; learners are spread by their hash. */
const learners = Array.from({ length: 24 }, (_, n) => `learner-${n}`);
const busyDay = (day: number): Opened<Click>[] =>
  learners.flatMap((learner, n) => [click(learner, at(day, n)), click(learner, at(day, 100 + n), { clicks: 2 })]);

describe('item-trends, in two phases', () => {
  it('adds up the learners of all partitions, each of whom counts once a day', async () => {
    await afterAll([...busyDay(0), ...busyDay(1)], (driver) => {
      expect(linesOf(driver).slice(0, 2)).toEqual([
        [1, [48, 72, 24], [48, 72, 24], [48, 72, 24]],
        [2, [48, 72, 24], [96, 144, 48], [96, 144, 48]],
      ]);
    });
  });

  it('sends one partial sum a partition, item and day on, not the clicks', async () => {
    await afterAll(busyDay(0), (driver) => {
      // The first phase takes 48 clicks in 4 tasks, the second one the 4 partial sums of the item.
      expect(driver.counters().records).toBe(48 + 4);
    });
  });

  it('waits for the slowest partition before it publishes a day', async () => {
    await testTopology(trends, { partitions: 2 }, async (driver) => {
      const input = driver.input(topics.clicks);
      input.send(click('slow', at(0)), { partition: 0 });
      input.sendAll([click('fast', at(0, 1)), click('fast', at(1, HOUR_MS))], { partition: 1 });
      await driver.runLive();
      expect(linesOf(driver)).toEqual([]);
      input.sendAll([click('slow', at(0, 2)), click('slow', at(2))], { partition: 0 });
      input.send(click('fast', at(2, 1)), { partition: 1 });
      await driver.runLive();
      expect(linesOf(driver)).toEqual([[1, [3, 3, 2], [3, 3, 2], [3, 3, 2]]]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('does not wait for a partition that has been silent for its idle time', async () => {
    await testTopology(trends, { partitions: 2 }, async (driver) => {
      const input = driver.input(topics.clicks);
      input.sendAll([click('fast', at(0, 1)), click('fast', at(3))], { partition: 1 });
      await driver.runLive();
      expect(linesOf(driver)).toEqual([]);
      await driver.elapse(120_000);
      expect(linesOf(driver).map(([asOf]) => asOf)).toEqual([1, 2]);
    });
  });

  it('sends what comes behind its day to the dead letters once, with its bytes, and nothing is late in the second phase', async () => {
    await testTopology(trends, { partitions: 1 }, async (driver) => {
      const late = click('a', at(1) - 1);
      driver.input(topics.clicks).sendAll([click('a', at(0, 7)), click('a', at(1, HOUR_MS)), late, click('b', at(1, 1))]);
      await driver.endInput();
      expect(driver.late().map(({ stage, failedAtEventTimeMs }) => [stage, failedAtEventTimeMs])).toEqual([['learners-of-a-day', late.occurredAtMs]]);
      expect(driver.late()[0]!.personal.value!.length).toBeGreaterThan(0);
      expect(driver.deadLetters()).toHaveLength(1);
      expect(driver.counters().late).toBe(0);
      expect(linesOf(driver).slice(0, 2)).toEqual([
        [1, [1, 1, 1], [1, 1, 1], [1, 1, 1]],
        [2, [2, 2, 2], [3, 3, 3], [3, 3, 3]],
      ]);
    });
  });

  it('goes on after a restart between the phases', async () => {
    await testTopology(trends, { partitions: 4 }, async (driver) => {
      const input = driver.input(topics.clicks);
      input.sendAll(busyDay(0));
      await driver.run();
      await driver.restart();
      input.sendAll(busyDay(1));
      await driver.run();
      await driver.restart();
      await driver.endInput();
      expect(
        linesOf(driver)
          .slice(0, 2)
          .map(([asOf, d1]) => [asOf, d1]),
      ).toEqual([
        [1, [48, 72, 24]],
        [2, [48, 72, 24]],
      ]);
    });
  });

  it('equals the plain computation for any events in any order within an hour, over any number of partitions', { timeout: 60_000 }, async () => {
    const use = fc.record({
      learner: fc.constantFrom(...learners.slice(0, 6)),
      item: fc.constantFrom('i1', 'i2'),
      cohort: fc.constantFrom('AAA-2024J', 'BBB-2024J'),
      hour: fc.nat(20 * 24),
      ms: fc.constantFrom(0, 1, HOUR_MS - 1),
      clicks: fc.nat(9),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(use, fc.nat(HOUR_MS)), { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (drawn, partitions) => {
        const arriving = drawn.map(([{ hour, ms, ...rest }, delayMs]) => ({
          ...rest,
          atMs: at(0, hour * HOUR_MS + ms),
          delayMs,
          dwellMs: 0,
          completed: false,
        }));
        arriving.sort((a, b) => a.atMs + a.delayMs - (b.atMs + b.delayMs));
        const plain = new PlainTrends();
        for (const one of arriving) plain.add(one);
        const driver = await openDriver(trends, { partitions });
        driver.input(topics.clicks).sendAll(arriving.map(({ learner, atMs, ...parts }) => click(learner, atMs, parts)));
        await driver.endInput();
        const records = driver.output(topics.itemTrends).records();
        expect(records.map(({ key, value }) => `${key} ${value!.asOfMs}`).sort()).toEqual([...plain.expected()].sort());
        for (const { key, value } of records) expect(value).toMatchObject(plain.asOf(key, value!.asOfMs));
        expect(driver.deadLetters()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('statistics of few learners in item-trends', () => {
  // There is no floor of k learners here, as in what decisions take from `cohort-trends`: whoever begins to use this topic needs one (ADR 0032).
  it('are used by nothing: no topology, decision, feature, view, answer or trainer reads the topic', () => {
    const naming = (paths: readonly string[], name: RegExp): string[] =>
      paths.filter((path) => name.test(readFileSync(join(projectRoot, path), 'utf8')));
    const rooms = ['schemas', 'operators', 'topologies', 'runtime', 'http', 'gateway', 'reader', 'scripts'];
    expect(naming(sourcesOf(rooms), /itemTrends/)).toEqual(['schemas/inventory/topicUses.ts', 'schemas/topics.ts', 'topologies/item-trends.ts']);
    const others = filesOf(['operators', 'runtime', 'http', 'gateway', 'reader', 'ml']).filter((path) => /\.(ts|js|py|html)$/.test(path));
    expect(naming(others, /item[-_]trends/i)).toEqual([]);
  });
});
