import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDriver, testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { learnerId, topics } from '../../schemas/index.js';
import mastery from '../../topologies/quiz-mastery.js';
import { HOUR_MS, at } from './clicks.js';
import { quiz } from './statements.js';

/** The definition: the share of right answers, an answer i before the last one weighing 0.8^i, after two half-right answers of the prior. */
function plainMastery(answers: readonly boolean[]): number {
  const all = [0.5, 0.5, ...answers.map(Number)];
  // The answers of the prior count as one moment: both weigh what the one before the first answer would.
  const weights = all.map((_, place) => 0.8 ** (answers.length - Math.max(0, place - 1)));
  const total = all.reduce((sum, answer, place) => sum + answer * weights[place]!, 0);
  return total / weights.reduce((sum, weight) => sum + weight, 0);
}

const skillsOf = (driver: TopologyTestDriver, learner = 'a') =>
  driver.output(topics.learnerMastery).latest().get(learnerId(learner))?.personal.skills;

describe('quiz-mastery', () => {
  it('tells after each answer how probable the next right one is', async () => {
    await testTopology(mastery, async (driver) => {
      driver.input(topics.quizResults).sendAll([quiz('a', at(0), true), quiz('a', at(1), true), quiz('a', at(2), false)]);
      await driver.endInput();
      const records = driver.output(topics.learnerMastery).of(learnerId('a'));
      expect(records.map(({ timestamp }) => timestamp)).toEqual([at(0), at(1), at(2)]);
      expect(records[0]!.value).toMatchObject({ learner: 'a', region: 'test', asOfMs: at(0), topologyVersion: 1 });
      const estimates = records.map(({ value }) => value!.personal.skills[0]!);
      expect(estimates.map(({ answers, lastAtMs }) => [answers, lastAtMs])).toEqual([
        [1, at(0)],
        [2, at(1)],
        [3, at(2)],
      ]);
      [[true], [true, true], [true, true, false]].forEach((answers, n) => expect(estimates[n]!.mastery).toBeCloseTo(plainMastery(answers), 12));
      expect(estimates[0]!.mastery).toBeCloseTo((2 * 0.8 * 0.5 + 1) / (2 * 0.8 + 1), 12);
    });
  });

  it('keeps an estimate for each skill of the item, by name', async () => {
    await testTopology(mastery, async (driver) => {
      driver
        .input(topics.quizResults)
        .sendAll([
          quiz('a', at(0), true, { skills: ['geometry', 'algebra', 'geometry'] }),
          quiz('a', at(1), false, { skills: ['algebra'] }),
          quiz('b', at(1), false, { skills: ['algebra'] }),
        ]);
      await driver.endInput();
      expect(skillsOf(driver)!.map(({ skill, answers, lastAtMs }) => [skill, answers, lastAtMs])).toEqual([
        ['algebra', 2, at(1)],
        ['geometry', 1, at(0)],
      ]);
      expect(skillsOf(driver)![0]!.mastery).toBeCloseTo(plainMastery([true, false]), 12);
      expect(skillsOf(driver, 'b')![0]!.mastery).toBeCloseTo(plainMastery([false]), 12);
    });
  });

  it('says nothing of a quiz that exercises no skill', async () => {
    await testTopology(mastery, async (driver) => {
      driver.input(topics.quizResults).send(quiz('a', at(0), true, { skills: [] }));
      await driver.endInput();
      expect(driver.output(topics.learnerMastery).size).toBe(0);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('counts no banked result, and no repeat of an event', async () => {
    await testTopology(mastery, async (driver) => {
      const once = quiz('a', at(0), true);
      driver.input(topics.quizResults).sendAll([once, quiz('a', at(0, 5), false, { banked: true }), once]);
      await driver.endInput();
      expect(driver.output(topics.learnerMastery).of(learnerId('a'))).toHaveLength(1);
      expect(skillsOf(driver)![0]).toMatchObject({ answers: 1 });
    });
  });

  it('takes answers in the order in which they were given, however they come within the hour', async () => {
    const answer = fc.tuple(fc.nat(5 * 24), fc.boolean(), fc.nat(HOUR_MS));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(answer, { maxLength: 12, selector: ([hour]) => hour }), async (answers) => {
        const arriving = [...answers].sort(([a, , x], [b, , y]) => a * HOUR_MS + x - (b * HOUR_MS + y));
        const driver = await openDriver(mastery, { partitions: 1 });
        driver.input(topics.quizResults).sendAll(arriving.map(([hour, correct]) => quiz('a', at(0, hour * HOUR_MS), correct)));
        await driver.endInput();
        const given = [...answers].sort(([a], [b]) => a - b).map(([, correct]) => correct);
        const estimates = driver
          .output(topics.learnerMastery)
          .values()
          .map((value) => value!.personal.skills[0]!.mastery);
        expect(estimates).toHaveLength(given.length);
        estimates.forEach((estimate, n) => expect(estimate).toBeCloseTo(plainMastery(given.slice(0, n + 1)), 12));
      }),
      { numRuns: 40 },
    );
  });

  it('takes an answer that comes too late for its place as the next one, and does not go back in time', async () => {
    await testTopology(mastery, { partitions: 1 }, async (driver) => {
      driver.input(topics.quizResults).sendAll([quiz('a', at(3), true), quiz('b', at(5), true)]);
      await driver.run();
      driver.input(topics.quizResults).send(quiz('a', at(1), false));
      await driver.endInput();
      const last = driver.output(topics.learnerMastery).of(learnerId('a')).at(-1)!;
      expect([last.timestamp, last.value!.asOfMs, last.value!.personal.skills[0]!.lastAtMs]).toEqual([at(3), at(3), at(3)]);
      expect(last.value!.personal.skills[0]!.mastery).toBeCloseTo(plainMastery([true, false]), 12);
    });
  });
});
