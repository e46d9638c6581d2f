/** How far the windows of learner-engagement reach back: the test to begin with when one of them is to change. */
import { describe, expect, it } from 'vitest';
import { testTopology } from '../../runtime/testing/index.js';
import { learnerId, topics } from '../../schemas/index.js';
import engagement from '../../topologies/learner-engagement.js';
import { DAY_MS, at, click } from './clicks.js';

/** Unit: days before the last midnight. */
const REACH = { engagement1d: 1, engagement7d: 7, engagement28d: 28 };

describe('the windows of learner-engagement', () => {
  it('reach back this many days from midnight', async () => {
    const aClickADay = Array.from({ length: 40 }, (_, day) => click('ada', at(day)));
    await testTopology(engagement, async (driver) => {
      driver.input(topics.clicks).sendAll(aClickADay);
      await driver.endInput();
      const lines = driver.output(topics.learnerFeatures).of(learnerId('ada'));
      const { personal } = lines.find(({ value }) => value!.asOfMs === at(39))!.value!;
      const { engagement1d, engagement7d, engagement28d } = personal;
      const found = Object.entries({ engagement1d, engagement7d, engagement28d });
      const reach = found.map(([name, window]) => [name, (window!.windowEndMs - window!.windowStartMs) / DAY_MS]);
      const events = found.map(([name, window]) => [name, window!.events]);
      expect(Object.fromEntries(reach)).toEqual(REACH);
      expect(Object.fromEntries(events)).toEqual(REACH);
    });
  });
});
