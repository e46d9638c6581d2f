import { describe, expect, it } from 'vitest';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { cohortId, cohortItemKey, topics } from '../../schemas/index.js';
import activity from '../../topologies/learner-activity.js';
import cohorts from '../../topologies/cohort-trends.js';
import items from '../../topologies/item-trends.js';
import { DAY_MS, HOUR_MS, at, click } from './clicks.js';

const trends = [activity, cohorts, items];
const recordsOf = (driver: TopologyTestDriver, cohort = 'AAA-2024J') => driver.output(topics.cohortTrends).of(cohortId(cohort));
const asOfDay = (driver: TopologyTestDriver, day: number) => recordsOf(driver).find(({ value }) => value!.asOfMs === at(day))?.value;

describe('cohort-trends', () => {
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
      expect(recordsOf(driver).map(({ timestamp }) => timestamp)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((day) => at(day) - 1));
      const sums = (events: readonly number[], learnerDays: readonly number[], newLearners: readonly number[]) => ({
        events1d: events[0],
        events3d: events[1],
        events7d: events[2],
        learnerDays1d: learnerDays[0],
        learnerDays3d: learnerDays[1],
        learnerDays7d: learnerDays[2],
        newLearners1d: newLearners[0],
        newLearners3d: newLearners[1],
        newLearners7d: newLearners[2],
      });
      expect(asOfDay(driver, 4)).toEqual({
        cohort: 'AAA-2024J',
        course: 'AAA-2024J',
        region: 'test',
        asOfMs: at(4),
        topologyVersion: 1,
        items: [
          { item: 'busy', ...sums([3, 3, 3], [2, 2, 2], [2, 2, 2]) },
          { item: 'also', ...sums([1, 1, 1], [1, 1, 1], [1, 1, 1]) },
          { item: 'old', ...sums([0, 0, 1], [0, 0, 1], [0, 0, 1]) },
        ],
      });
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

  it('says of every midnight what the records of its items say', async () => {
    await testTopology(trends, { partitions: 3 }, async (driver) => {
      const clicks = Array.from({ length: 60 }, (_, n) => click(`learner-${n % 7}`, at(0, n * 5 * HOUR_MS), { item: `i${(n * n) % 11}` }));
      driver.input(topics.clicks).sendAll(clicks);
      await driver.endInput();
      const items = driver.output(topics.itemTrends).values();
      for (const { value } of recordsOf(driver)) {
        const listed = value!.items.map((one) => [one.item, one.events1d, one.events3d, one.events7d]);
        const single = items
          .filter((one) => one!.asOfMs === value!.asOfMs)
          .map((one) => [one!.item, one!.trend1d?.events ?? 0, one!.trend3d?.events ?? 0, one!.trend7d?.events ?? 0]);
        expect(new Set(listed.map(String))).toEqual(new Set(single.map(String)));
        const order = value!.items.map((one) => -one.events7d);
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }
      expect(recordsOf(driver).length).toBe(Math.ceil((59 * 5 * HOUR_MS) / DAY_MS) + 6);
    });
  });

  it('names the 300 most used items, ties by name', async () => {
    await testTopology(trends, { partitions: 2 }, async (driver) => {
      const names = Array.from({ length: 305 }, (_, n) => `i${String(n).padStart(3, '0')}`);
      driver.input(topics.clicks).sendAll([...names.map((item) => click('a', at(0), { item })), click('b', at(0), { item: 'i304' })]);
      await driver.endInput();
      const listed = asOfDay(driver, 1)!.items.map(({ item }) => item);
      expect(listed).toEqual(['i304', ...names.slice(0, 299)]);
      expect(driver.output(topics.itemTrends).of(cohortItemKey('AAA-2024J', 'i303'))).toHaveLength(7);
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
