import { describe, expect, it } from 'vitest';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { formulaModels, type Models } from '../../operators/recommend/index.js';
import { segmentKey, topics, type Click, type LearnerProfile, type Opened } from '../../schemas/index.js';
import activity from '../../topologies/learner-activity.js';
import contexts from '../../topologies/learner-contexts.js';
import flooredLists, { segmentListsTopology } from '../../topologies/segment-lists.js';
import { DAY_MS, HOUR_MS, at, click } from './clicks.js';
import { profile } from './statements.js';

/** The lists without their floor: a few learners show how they are made. */
const lists = segmentListsTopology(1);

/** Records of a list as `[day, item and learner-days, ...]`. */
function linesOf(driver: TopologyTestDriver, segment: string, course = 'AAA-2024J'): (number | string)[][] {
  const records = driver.output(topics.segmentRecommendations).of(segmentKey(course, segment));
  return records.map(({ value }) => [
    (value!.madeAtMs - at(0)) / DAY_MS,
    ...value!.items.map(({ item, score, learnerDays }) => (score === learnerDays ? `${item} ${learnerDays}` : `${item} score ${score}`)),
  ]);
}

/** Sends clicks and profiles through the topologies that lead to the lists, ends the input and looks, in both batchings. */
function afterAll(profiles: readonly Opened<LearnerProfile>[], clicks: readonly Opened<Click>[], look: (driver: TopologyTestDriver) => void) {
  return testTopology([activity, contexts, lists], { partitions: 3 }, async (driver) => {
    driver.input(topics.profiles).sendAll(profiles);
    driver.input(topics.clicks).sendAll(clicks);
    await driver.endInput();
    look(driver);
    expect(driver.deadLetters()).toEqual([]);
  });
}

const inSegment = (learner: string, education: string, day = -9) => profile(learner, at(day), { segments: { education } });

describe('segment-lists', () => {
  it('counts learner-days of the last 7 days, for the segment and for the whole course, as of each midnight', async () => {
    const profiles = [inSegment('a', 'HE'), inSegment('b', 'HE'), inSegment('c', 'Lower')];
    const clicks = [
      click('a', at(0), { item: 'x' }),
      click('b', at(0), { item: 'x' }),
      click('c', at(0), { item: 'y' }),
      click('a', at(0, 9 * HOUR_MS), { item: 'x' }),
      click('a', at(1), { item: 'x' }),
      click('c', at(1), { item: 'x' }),
    ];
    await afterAll(profiles, clicks, (driver) => {
      expect(linesOf(driver, 'he')).toEqual([[1, 'x 2'], ...[2, 3, 4, 5, 6, 7].map((day) => [day, 'x 3']), [8, 'x 1']]);
      expect(linesOf(driver, 'lower').slice(0, 2)).toEqual([
        [1, 'y 1'],
        [2, 'x 1', 'y 1'],
      ]);
      expect(linesOf(driver, 'all').slice(0, 2)).toEqual([
        [1, 'x 2', 'y 1'],
        [2, 'x 4', 'y 1'],
      ]);
    });
  });

  it('tells when and how a list was made, and how long it is good', async () => {
    await afterAll([], [click('a', at(0))], (driver) => {
      const [record] = driver.output(topics.segmentRecommendations).of(segmentKey('AAA-2024J', 'all'));
      expect(record).toMatchObject({
        timestamp: at(1) - 1,
        value: {
          course: 'AAA-2024J',
          segment: 'all',
          region: 'test',
          madeAtMs: at(1),
          validUntilMs: at(9),
          modelVersion: 'segment-popularity-1',
          topologyVersion: 2,
          items: [{ item: 'i1', score: 1, learnerDays: 1 }],
        },
      });
    });
  });

  it('counts learners without consent or context in the list of the whole course alone', async () => {
    const profiles = [inSegment('a', 'HE'), profile('b', at(-9), { segments: { education: 'HE' }, consent: false })];
    const clicks = ['a', 'b', 'nobody'].map((learner) => click(learner, at(0)));
    await afterAll(profiles, clicks, (driver) => {
      expect(linesOf(driver, 'he')[0]).toEqual([1, 'i1 1']);
      expect(linesOf(driver, 'all')[0]).toEqual([1, 'i1 3']);
    });
  });

  it('counts a learner in the segment of the time of the event', async () => {
    await afterAll([inSegment('a', 'Lower', -2), inSegment('a', 'HE', 1)], [click('a', at(0)), click('a', at(2))], (driver) => {
      expect(linesOf(driver, 'lower')[0]).toEqual([1, 'i1 1']);
      expect(linesOf(driver, 'he')[0]).toEqual([3, 'i1 1']);
    });
  });

  it('counts a learner in a learnt segment from the end of the hour that changed it', async () => {
    const of = (_: unknown, early: { readonly items: number } | null): string => (early === null ? 'idle' : `${early.items} items`);
    const models: Models = { at: (timeMs) => ({ ...formulaModels.at(timeMs), segments: { of } }) };
    await testTopology([activity, contexts, lists], { partitions: 2, models }, async (driver) => {
      driver.input(topics.profiles).send(inSegment('a', 'HE'));
      const clicks = [click('a', at(0), { item: 'x' }), click('a', at(0, 2 * HOUR_MS), { item: 'x' }), click('a', at(1), { item: 'y' })];
      driver.input(topics.clicks).sendAll([...clicks, click('a', at(1, 3 * HOUR_MS), { item: 'x' })]);
      await driver.endInput();
      expect(linesOf(driver, 'idle')[0]).toEqual([1, 'x 1']);
      expect(linesOf(driver, '1 items').slice(0, 2)).toEqual([
        [1, 'x 1'],
        [2, 'x 1', 'y 1'],
      ]);
      expect(linesOf(driver, '2 items')[0]).toEqual([2, 'x 1']);
      expect(linesOf(driver, 'he')).toEqual([]);
    });
  });

  it('keeps courses apart, and lists the 20 most used items, ties by name', async () => {
    const many = Array.from({ length: 25 }, (_, n) => `i${String(n).padStart(2, '0')}`);
    const clicks = [
      ...many.map((item) => click('a', at(0), { item })),
      click('b', at(0), { item: 'i24' }),
      click('a', at(0), { cohort: 'BBB-2024J' }),
    ];
    await afterAll([], clicks, (driver) => {
      expect(linesOf(driver, 'all')[0]).toEqual([1, 'i24 2', ...many.slice(0, 19).map((item) => `${item} 1`)]);
      expect(linesOf(driver, 'all', 'BBB-2024J')[0]).toEqual([1, 'i1 1']);
    });
  });

  it('names no item that may have had fewer than five learners, and keeps the list', async () => {
    const of = (learners: number, day: number, item: string): Opened<Click>[] =>
      Array.from({ length: learners }, (_, n) => click(`${item}-${n}`, at(day), { item }));
    // Eight learners in all, but never more than four on a day: it cannot be told that they are not the same four.
    const spread = [...of(4, 0, 'w'), ...Array.from({ length: 4 }, (_, n) => click(`other-${n}`, at(1), { item: 'w' }))];
    const every = Array.from({ length: 7 }, (_, day) => Array.from({ length: 5 }, (_, n) => click(`daily-${n}`, at(day), { item: 'z' }))).flat();
    const clicks = [...of(5, 0, 'x'), ...of(4, 0, 'y'), ...spread, ...every];
    await testTopology([activity, contexts, flooredLists], { partitions: 3 }, async (driver) => {
      driver.input(topics.clicks).sendAll(clicks.sort((a, b) => a.occurredAtMs - b.occurredAtMs));
      await driver.endInput();
      const found = linesOf(driver, 'all');
      expect(found[0]).toEqual([1, 'x 5', 'z 5']);
      expect(found.flat().filter((one) => typeof one === 'string' && /^[yw] /.test(one))).toEqual([]);
      expect(found[6]).toEqual([7, 'z 35', 'x 5']);
    });
  });
});
