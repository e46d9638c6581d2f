import { describe, expect, it } from 'vitest';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { cohortId, cohortItemKey, topics, type CohortItemTrend } from '../../schemas/index.js';
import activity from '../../topologies/learner-activity.js';
import cohorts from '../../topologies/cohort-trends.js';
import items from '../../topologies/item-trends.js';
import { DAY_MS, HOUR_MS, at, click } from './clicks.js';
import { cohortTrend, itemTrend } from './trends.js';

const trends = [activity, cohorts, items];
const recordsOf = (driver: TopologyTestDriver, cohort = 'AAA-2024J') => driver.output(topics.cohortTrends).of(cohortId(cohort));
const asOfDay = (driver: TopologyTestDriver, day: number) => recordsOf(driver).find(({ value }) => value!.asOfMs === at(day))?.value;

describe('cohort-trends', { timeout: 90_000 }, () => {
  it('has the items of a midnight in one record, the most used first', async () => {
    await testTopology(trends, { partitions: 4 }, async (driver) => {
      driver
        .input(topics.clicks)
        .sendAll([
          click('a', at(0), { item: 'old' }),
          click('b', at(3), { item: 'busy' }),
          click('c', at(3, 1), { item: 'busy', clicks: 9 }),
          click('c', at(3, 2), { item: 'busy' }),
          click('a', at(3, 3), { item: 'also' }),
          click('d', at(3, 4), { item: 'other', cohort: 'BBB-2024J' }),
        ]);
      await driver.endInput();
      expect(recordsOf(driver).map(({ timestamp }) => timestamp)).toEqual(Array.from({ length: 31 }, (_, day) => at(day + 1) - 1));
      const used = (item: string, openers: number, events: number, recent: Partial<CohortItemTrend>, firstUsedAtMs: number) => {
        const longest = { events7d: events, events14d: events, events28d: events };
        const people = { learnerDays7d: openers, learnerDays14d: openers, learnerDays28d: openers };
        const newest = { newLearners7d: openers, newLearners14d: openers, newLearners28d: openers };
        return itemTrend(item, { ...longest, ...people, ...newest, ...recent, openers, firstUsedAtMs, spreadAtMs: firstUsedAtMs });
      };
      const yesterday = (events: number, learners: number): Partial<CohortItemTrend> => ({
        ...{ events1d: events, learnerDays1d: learners, newLearners1d: learners },
        ...{ events3d: events, learnerDays3d: learners, newLearners3d: learners },
      });
      const items = [used('busy', 2, 3, yesterday(3, 2), at(3)), used('also', 1, 1, yesterday(1, 1), at(3)), used('old', 1, 1, {}, at(0))];
      const active = { activeLearnerDays1d: 3, activeLearnerDays3d: 3, activeLearnerDays7d: 4, activeLearnerDays14d: 4, activeLearnerDays28d: 4 };
      expect(asOfDay(driver, 4)).toEqual(cohortTrend(items, { asOfMs: at(4), topologyVersion: 2, ...active, learners: 3, firstUsedAtMs: at(0) }));
      expect(recordsOf(driver, 'BBB-2024J')[0]!.value!.items.map(({ item }) => item)).toEqual(['other']);
    });
  });

  it('counts as new learners those who had not used the item in the cohort before, however long ago', async () => {
    await testTopology(trends, { partitions: 3 }, async (driver) => {
      driver
        .input(topics.clicks)
        .sendAll([
          click('a', at(0), { item: 'x' }),
          click('b', at(20), { item: 'x', cohort: 'BBB-2024J' }),
          click('a', at(40), { item: 'x' }),
          click('b', at(40), { item: 'x' }),
          click('c', at(40), { item: 'x' }),
          click('c', at(40, 5 * HOUR_MS), { item: 'x' }),
          click('c', at(41), { item: 'x' }),
        ]);
      await driver.endInput();
      const counted = [41, 42, 43, 48].map((day) => {
        const { newLearners1d, newLearners3d, newLearners7d, learnerDays7d } = asOfDay(driver, day)!.items[0]!;
        return [newLearners1d, newLearners3d, newLearners7d, learnerDays7d];
      });
      expect(counted).toEqual([
        [2, 2, 2, 3],
        [0, 2, 2, 4],
        [0, 2, 2, 4],
        [0, 0, 0, 1],
      ]);
    });
  });

  it('tells how many have ever used an item, and since when it has been used by one in twenty', async () => {
    await testTopology(trends, { partitions: 3 }, async (driver) => {
      const learners = Array.from({ length: 41 }, (_, n) => `learner-${n}`);
      driver
        .input(topics.clicks)
        .sendAll([
          ...learners.map((learner) => click(learner, at(0), { item: 'home' })),
          click('learner-0', at(0, 1), { item: 'x' }),
          click('learner-1', at(5), { item: 'x' }),
          click('learner-1', at(6), { item: 'x' }),
          click('learner-2', at(30), { item: 'x' }),
        ]);
      await driver.endInput();
      const told = [1, 6, 7, 31].map((day) => {
        const { learners: everybody, firstUsedAtMs, items } = asOfDay(driver, day)!;
        const { openers, spreadAtMs } = items.find(({ item }) => item === 'x')!;
        return [everybody, firstUsedAtMs, openers, spreadAtMs];
      });
      expect(told).toEqual([
        [41, at(0), 1, null],
        [41, at(0), 2, null],
        [41, at(0), 2, null],
        [41, at(0), 3, at(30)],
      ]);
      expect(asOfDay(driver, 28)!.items.map(({ item }) => item)).toEqual(['home', 'x']);
      expect(asOfDay(driver, 29)!.items.map(({ item }) => item)).toEqual(['x']);
    });
  });

  it('says of every midnight what the records of its items say', async () => {
    await testTopology(trends, { partitions: 3 }, async (driver) => {
      const clicks = Array.from({ length: 60 }, (_, n) => click(`learner-${n % 7}`, at(0, n * 5 * HOUR_MS), { item: `i${(n * n) % 11}` }));
      driver.input(topics.clicks).sendAll(clicks);
      await driver.endInput();
      const items = driver.output(topics.itemTrends).values();
      for (const { value } of recordsOf(driver)) {
        const listed = value!.items.filter((one) => one.events7d > 0).map((one) => [one.item, one.events1d, one.events3d, one.events7d]);
        const single = items
          .filter((one) => one!.asOfMs === value!.asOfMs)
          .map((one) => [one!.item, one!.trend1d?.events ?? 0, one!.trend3d?.events ?? 0, one!.trend7d?.events ?? 0]);
        expect(new Set(listed.map(String))).toEqual(new Set(single.map(String)));
        const order = value!.items.map((one) => -one.events7d);
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }
      expect(recordsOf(driver).length).toBe(Math.ceil((59 * 5 * HOUR_MS) / DAY_MS) + 27);
    });
  });

  it('names the 300 most used items, ties by name', async () => {
    await testTopology(trends, { partitions: 2 }, async (driver) => {
      const names = Array.from({ length: 305 }, (_, n) => `i${String(n).padStart(3, '0')}`);
      driver.input(topics.clicks).sendAll([...names.map((item) => click('a', at(0), { item })), click('b', at(0), { item: 'i304' })]);
      await driver.advanceWatermark(at(1, HOUR_MS));
      const listed = asOfDay(driver, 1)!.items.map(({ item }) => item);
      expect(listed).toEqual(['i304', ...names.slice(0, 299)]);
      expect(driver.output(topics.itemTrends).of(cohortItemKey('AAA-2024J', 'i303'))).toHaveLength(1);
    });
  });

  it('comes as soon as the items have been told of, with nothing late', async () => {
    await testTopology(trends, { partitions: 1 }, async (driver) => {
      driver.input(topics.clicks).sendAll([click('a', at(0)), click('a', at(1, HOUR_MS))]);
      await driver.run();
      expect(recordsOf(driver).map(({ value }) => value!.items)).toMatchObject([[{ item: 'i1', events7d: 1 }]]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });
});
