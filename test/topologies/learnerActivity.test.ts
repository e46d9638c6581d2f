import { describe, expect, it } from 'vitest';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { learnerId, topics } from '../../schemas/index.js';
import activity from '../../topologies/learner-activity.js';
import { HOUR_MS, at, click } from './clicks.js';

const recordsOf = (driver: TopologyTestDriver, learner: string) => driver.output(topics.learnerActivity).of(learnerId(learner));
const itemsOf = (driver: TopologyTestDriver, learner: string): string[][] =>
  recordsOf(driver, learner).map(({ value }) => value!.personal.items.map(({ item }) => item));

describe('learner-activity', () => {
  it('makes one record of an hour, which tells of each item what was done with it', async () => {
    await testTopology(activity, async (driver) => {
      driver
        .input(topics.clicks)
        .sendAll([
          click('a', at(0, 5), { item: 'i1', clicks: 3 }),
          click('a', at(0, 6), { item: 'i2', action: 'DWELL', dwellMs: 1_500 }),
          click('a', at(0, 7), { item: 'i1', action: 'COMPLETE' }),
        ]);
      await driver.endInput();
      const use = { course: 'AAA-2024J', cohort: 'AAA-2024J' };
      expect(recordsOf(driver, 'a')).toEqual([
        {
          key: 'a',
          timestamp: at(0, HOUR_MS - 1),
          partition: expect.any(Number) as number,
          value: {
            learner: 'a',
            region: 'test',
            hourStartMs: at(0),
            topologyVersion: 1,
            personal: {
              items: [
                { ...use, item: 'i1', events: 2, clicks: 4, dwellMs: 0, completed: true },
                { ...use, item: 'i2', events: 1, clicks: 1, dwellMs: 1_500, completed: false },
              ],
            },
          },
        },
      ]);
    });
  });

  it('names items in the order of their first use, those of one instant by cohort and name, whatever the order of arrival', async () => {
    await testTopology(activity, { partitions: 1 }, async (driver) => {
      driver
        .input(topics.clicks)
        .sendAll([
          click('a', at(0, 9), { item: 'late' }),
          click('a', at(0, 1), { item: 'z' }),
          click('a', at(0, 1), { item: 'b' }),
          click('a', at(0, 1), { item: 'c', cohort: 'AAA-2023J' }),
          click('a', at(0, 2), { item: 'late' }),
        ]);
      await driver.endInput();
      expect(itemsOf(driver, 'a')).toEqual([['c', 'b', 'z', 'late']]);
    });
  });

  it('keeps the cohorts of an item apart', async () => {
    await testTopology(activity, async (driver) => {
      driver.input(topics.clicks).sendAll([click('a', at(0), { cohort: 'AAA-2024J' }), click('a', at(0), { cohort: 'BBB-2024J' })]);
      await driver.endInput();
      expect(recordsOf(driver, 'a')[0]!.value!.personal.items.map(({ course, events }) => [course, events])).toEqual([
        ['AAA-2024J', 1],
        ['BBB-2024J', 1],
      ]);
    });
  });

  it('tells of an hour once an event is an hour past its end, and hours of a learner in their order', async () => {
    await testTopology(activity, { partitions: 1 }, async (driver) => {
      const input = driver.input(topics.clicks);
      input.sendAll([click('a', at(0, HOUR_MS), { item: 'second' }), click('a', at(0, 1), { item: 'first' })]);
      input.send(click('b', at(0, 2 * HOUR_MS - 1)));
      await driver.run();
      expect(itemsOf(driver, 'a')).toEqual([]);
      input.send(click('b', at(0, 3 * HOUR_MS)));
      await driver.run();
      expect(itemsOf(driver, 'a')).toEqual([['first'], ['second']]);
    });
  });

  it('sends what is behind its hour to the dead letters', async () => {
    await testTopology(activity, { partitions: 1 }, async (driver) => {
      driver.input(topics.clicks).sendAll([click('a', at(0, 5 * HOUR_MS)), click('a', at(0, 3 * HOUR_MS - 1))]);
      await driver.endInput();
      expect(driver.late().map(({ stage, failedAtEventTimeMs }) => [stage, failedAtEventTimeMs])).toEqual([['hour', at(0, 3 * HOUR_MS - 1)]]);
      expect(itemsOf(driver, 'a')).toHaveLength(1);
    });
  });
});
