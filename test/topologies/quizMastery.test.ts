import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDriver, testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { learnerId, topics } from '../../schemas/index.js';
import mastery from '../../topologies/quiz-mastery.js';
import { HOUR_MS, at } from './clicks.js';
import { quiz } from './statements.js';

/** An answer of anybody to a skill. */
interface Answer {
  readonly learner: string;
  readonly skill: string;
  readonly right: boolean;
}

const SKILL = 'algebra';
const alone = (answers: readonly boolean[]): Answer[] => answers.map((right) => ({ learner: 'a', skill: SKILL, right }));

/** Mean of residuals, one i before the last weighing decay^i, with so many of 0 beside them. */
function plainMean(residuals: readonly number[], decay: number, shrinkage: number): number {
  const weights = residuals.map((_, place) => decay ** (residuals.length - 1 - place));
  const sum = residuals.reduce((total, residual, place) => total + residual * weights[place]!, 0);
  return sum / (weights.reduce((total, weight) => total + weight, 0) + shrinkage);
}

/** The definition, from all answers of everybody in their order: see docs/explanation/mastery.md. */
function plainMastery(answers: readonly Answer[], learner = 'a', skill = SKILL): number {
  const rated = answers.map((answer, place) => {
    const before = answers.slice(0, place).filter((one) => one.skill === answer.skill);
    const rate = (before.filter(({ right }) => right).length + 0.65 * 5) / (before.length + 5);
    return { ...answer, rate, residual: Number(answer.right) - rate };
  });
  const own = rated.filter((one) => one.learner === learner);
  const ofSkill = own.filter((one) => one.skill === skill);
  const { rate } = ofSkill.at(-1)!;
  const residuals = (rows: readonly { residual: number }[]) => rows.map(({ residual }) => residual);
  const logit =
    0.183 + 0.979 * Math.log(rate / (1 - rate)) + 2.575 * plainMean(residuals(ofSkill), 0.7, 2) + 3.494 * plainMean(residuals(own), 0.99, 10);
  return 1 / (1 + Math.exp(-logit));
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
      expect(records[0]!.value).toMatchObject({ learner: 'a', region: 'test', asOfMs: at(0), topologyVersion: 2 });
      const estimates = records.map(({ value }) => value!.personal.skills[0]!);
      expect(estimates.map(({ answers, lastAtMs }) => [answers, lastAtMs])).toEqual([
        [1, at(0)],
        [2, at(1)],
        [3, at(2)],
      ]);
      [[true], [true, true], [true, true, false]].forEach((answers, n) =>
        expect(estimates[n]!.mastery).toBeCloseTo(plainMastery(alone(answers)), 12),
      );
      const surprise = 1 - 0.65;
      const logit = 0.183 + 0.979 * Math.log(0.65 / 0.35) + (2.575 * surprise) / 3 + (3.494 * surprise) / 11;
      expect(estimates[0]!.mastery).toBeCloseTo(1 / (1 + Math.exp(-logit)), 12);
    });
  });

  it('keeps an estimate for each skill of the item, by name', async () => {
    await testTopology(mastery, async (driver) => {
      driver
        .input(topics.quizResults)
        .sendAll([
          quiz('a', at(0), true, { skills: ['geometry', SKILL, 'geometry'] }),
          quiz('a', at(1), false, { skills: [SKILL] }),
          quiz('b', at(2), false, { skills: [SKILL] }),
        ]);
      await driver.endInput();
      expect(skillsOf(driver)!.map(({ skill, answers, lastAtMs }) => [skill, answers, lastAtMs])).toEqual([
        ['algebra', 2, at(1)],
        ['geometry', 1, at(0)],
      ]);
      const given = [...['geometry', SKILL].map((skill) => ({ learner: 'a', skill, right: true })), { learner: 'a', skill: SKILL, right: false }];
      expect(skillsOf(driver)![0]!.mastery).toBeCloseTo(plainMastery(given), 12);
      expect(skillsOf(driver)![1]!.mastery).toBeCloseTo(plainMastery(given, 'a', 'geometry'), 12);
    });
  });

  it('compares an answer with how everybody answered the skill before', async () => {
    await testTopology(mastery, async (driver) => {
      const rights = [true, true, false, true, true, true];
      driver.input(topics.quizResults).sendAll([
        ...rights.map((right, n) => quiz(`other-${n}`, at(0, n * HOUR_MS), right, { skills: [SKILL] })),
        quiz('a', at(1), false, { skills: [SKILL] }),
        // Nothing of what comes later changes what was compared.
        quiz('z', at(2), false, { skills: [SKILL] }),
      ]);
      await driver.endInput();
      const before = rights.map((right, n) => ({ learner: `other-${n}`, skill: SKILL, right }));
      expect(skillsOf(driver)![0]!.mastery).toBeCloseTo(plainMastery([...before, { learner: 'a', skill: SKILL, right: false }]), 12);
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
        estimates.forEach((estimate, n) => expect(estimate).toBeCloseTo(plainMastery(alone(given.slice(0, n + 1))), 12));
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
      expect(last.value!.personal.skills[0]!.mastery).toBeCloseTo(plainMastery(alone([true, false])), 12);
    });
  });
});
