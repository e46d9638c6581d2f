/** What decisions see of the daily batch: as of their event time, and without waiting for a publisher that says nothing. */
import { describe, expect, it } from 'vitest';
import { BATCH_FEATURES } from '../../operators/features/batchFeatures.js';
import { itemFeatures } from '../../operators/recommend/index.js';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { learnerId, topics, type BatchFeatures, type Topic } from '../../schemas/index.js';
import recommendations, { recommendationsTopology } from '../../topologies/recommendations.js';
import { DAY_MS, HOUR_MS, at } from './clicks.js';
import { contextOf, curriculumOf, hardnessOf, hourOf, paceOf, trendOf, type Told } from './learning.js';

const ITEMS = ['a', 'b', 'c'];
const ENROLLED = at(-1, 23 * HOUR_MS);
const LOGGED = recommendationsTopology({ loggedShare: 1, explorationShare: 0 });
const COLUMNS = BATCH_FEATURES.map(({ name }) => itemFeatures.column(name));
const DEFAULTS = BATCH_FEATURES.map(({ fallback }) => Math.fround(fallback));
const OTHERS = [topics.curricula, topics.cohortTrends, topics.segmentRecommendations, topics.learnerContexts, topics.learnerActivity];
const FROM_LEARNERS = [topics.learnerMastery, topics.learnerFeatures];

function tell<V>(driver: TopologyTestDriver, topic: Topic<string, V>, ...told: readonly Told<V>[]): void {
  for (const [value, atMs] of told) driver.input(topic).send(value, { atMs });
}

/** A learner who does something in some hours, by the start of each. */
function aLearner(driver: TopologyTestDriver, ...hours: readonly number[]): void {
  tell(driver, topics.curricula, curriculumOf(at(-30), ITEMS));
  tell(driver, topics.cohortTrends, trendOf(at(0), ITEMS));
  tell(driver, topics.learnerContexts, contextOf('ada', ENROLLED));
  tell(driver, topics.learnerActivity, ...hours.map((startMs) => hourOf('ada', startMs, ['a'])));
}

const publish = (driver: TopologyTestDriver, ...records: readonly BatchFeatures[]): void => driver.input(topics.batchFeatures).sendAll(records);

/** What the decisions at these times saw of an item. */
function seenBy(driver: TopologyTestDriver, item: string, ...timesMs: readonly number[]): number[][] {
  const log = driver.output(topics.featureLog).of(learnerId('ada'));
  return timesMs.map((atMs) => {
    const { candidates } = log.find(({ timestamp }) => timestamp === atMs)!.value!.personal;
    const { features } = candidates.find((one) => one.item === item)!;
    return COLUMNS.map((column) => features[column]!);
  });
}

/** The end of the hour that starts then: when it is decided. */
const decidedAt = (startMs: number): number => startMs + HOUR_MS - 1;
const exact = (...values: readonly number[]): number[] => values.map(Math.fround);

describe('the daily batch in decisions', () => {
  it('is seen from the instant on at which it is known: not before, and in place of what was known until then', async () => {
    const hours = [at(0), at(1), at(1, 3 * HOUR_MS), at(2)];
    await testTopology(LOGGED, async (driver) => {
      aLearner(driver, ...hours);
      // The first day is told at its end; the second one is published three hours after its own.
      publish(driver, hardnessOf(at(1), { a: [0.25, 0.5], b: [0.75, null] }), paceOf(at(1), 40));
      publish(driver, hardnessOf(at(1), { a: [0.125, 0.5], b: [null, null] }, at(1, 3 * HOUR_MS)));
      await driver.advanceWatermark(at(3));
      const times = hours.map(decidedAt);
      const pace = exact(40, 4, -1);
      expect(seenBy(driver, 'a', ...times)).toEqual([DEFAULTS, exact(0.25, 0.5, ...pace), exact(0.125, 0.5, ...pace), exact(0.125, 0.5, ...pace)]);
      expect(seenBy(driver, 'b', ...times)).toEqual([DEFAULTS, exact(0.75, -1, ...pace), exact(0.5, -1, ...pace), exact(0.5, -1, ...pace)]);
      expect(seenBy(driver, 'c', times[1]!)).toEqual([exact(0.5, -1, ...pace)]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('is of the own course and cohort, and holds for two days', async () => {
    const lastMs = decidedAt(at(3, 23 * HOUR_MS - HOUR_MS));
    const hours = [at(2), lastMs + 1 - HOUR_MS, at(3, 23 * HOUR_MS)];
    await testTopology(LOGGED, async (driver) => {
      aLearner(driver, ...hours);
      const knownFromMs = at(1, 23 * HOUR_MS - 1);
      publish(driver, hardnessOf(at(1), { a: [0.25, 0.5] }, knownFromMs), hardnessOf(at(1), { a: [1, 1] }, knownFromMs, 'BBB-2024J'));
      publish(driver, paceOf(at(1), 70, knownFromMs, 'BBB-2024J'));
      await driver.advanceWatermark(at(5));
      expect(knownFromMs + 2 * DAY_MS).toBe(lastMs);
      const known = exact(0.25, 0.5, -1, -1, -1);
      expect(seenBy(driver, 'a', ...hours.map(decidedAt))).toEqual([known, known, DEFAULTS]);
    });
  });

  it('changes no list of the formula', async () => {
    const decided = async (publishes: boolean): Promise<unknown> => {
      let found: unknown;
      await testTopology(recommendations, async (driver) => {
        aLearner(driver, at(0), at(1));
        if (publishes) publish(driver, hardnessOf(at(1), { a: [1, 0], b: [0, 1] }), paceOf(at(1), 99));
        await driver.advanceWatermark(at(3));
        found = driver.output(topics.recommendations).records();
      });
      return found;
    };
    expect(await decided(true)).toEqual(await decided(false));
  });
});

describe('a publisher that says nothing', () => {
  const others = [...OTHERS, ...FROM_LEARNERS] as readonly Topic<string, unknown>[];
  const timesOf = (driver: TopologyTestDriver): number[] =>
    driver
      .output(topics.recommendations)
      .of(learnerId('ada'))
      .map(({ timestamp }) => timestamp);

  /** A marker is taken when all others have a later one. */
  const goOn = (driver: TopologyTestDriver, toMs: number): void => {
    for (const topic of others) for (const atMs of [toMs, toMs + 1]) driver.input(topic).sendMarker(atMs);
  };

  it('is waited for a second, where it has never said anything', async () => {
    await testTopology(LOGGED, { partitions: 1 }, async (driver) => {
      await driver.runLive();
      await driver.elapse(1_000);
      aLearner(driver, at(0));
      goOn(driver, at(0, 2 * HOUR_MS));
      await driver.runLive();
      expect(timesOf(driver)).toContain(decidedAt(at(0)));
      expect(seenBy(driver, 'a', decidedAt(at(0)))).toEqual([DEFAULTS]);
    });
  });

  it('stops no decision, where it has stopped', async () => {
    await testTopology(LOGGED, { partitions: 1 }, async (driver) => {
      aLearner(driver, at(0), at(1), at(4));
      publish(driver, hardnessOf(at(1), { a: [0.25, 0.5] }));
      goOn(driver, at(5));
      await driver.runLive();
      expect(timesOf(driver)).not.toContain(decidedAt(at(4)));
      await driver.elapse(1_000);
      const times = [at(0), at(1), at(4)].map(decidedAt);
      expect(timesOf(driver)).toEqual(expect.arrayContaining(times));
      expect(seenBy(driver, 'a', ...times)).toEqual([DEFAULTS, exact(0.25, 0.5, -1, -1, -1), DEFAULTS]);
    });
  });
});
