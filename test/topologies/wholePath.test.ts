import { describe, expect, it } from 'vitest';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { learnerId, topics, type CourseRecommendations, type Topic } from '../../schemas/index.js';
import cohortTrends from '../../topologies/cohort-trends.js';
import curricula from '../../topologies/curricula.js';
import learnerActivity from '../../topologies/learner-activity.js';
import learnerContexts from '../../topologies/learner-contexts.js';
import learnerEngagement from '../../topologies/learner-engagement.js';
import quizMastery from '../../topologies/quiz-mastery.js';
import recommendations from '../../topologies/recommendations.js';
import segmentLists from '../../topologies/segment-lists.js';
import { HOUR_MS, at, click } from './clicks.js';
import { catalogueItem, profile, quiz, statement } from './statements.js';

const PATH = [learnerActivity, learnerContexts, quizMastery, curricula, cohortTrends, segmentLists, learnerEngagement, recommendations];

/** Promises of everybody who writes a source: nothing of an event time before `toMs` comes any more. */
function clock(driver: TopologyTestDriver, toMs: number): void {
  const written = [topics.clicks, topics.quizResults, topics.lmsEvents, topics.profiles, topics.catalogue] as readonly Topic<string, unknown>[];
  for (const topic of written) driver.input(topic).sendMarker(toMs);
}

const listsOf = (driver: TopologyTestDriver, learner: string): CourseRecommendations | undefined =>
  driver.output(topics.recommendations).latest().get(learnerId(learner))?.personal.courses[0];
const itemsOf = (list: CourseRecommendations['next'] | undefined): string[] => (list ?? []).map(({ item }) => item);

/** As many as a list that is shown to others has to stem from. */
const OTHERS = ['oda', 'ole', 'ona', 'ott', 'ove'];

/** Two learners of a segment, in a course of four items, on their first day, beside others of another segment. */
function firstDay(driver: TopologyTestDriver): void {
  driver.input(topics.catalogue).sendAll(['i1', 'i2', 'i3', 'i4'].map((item) => catalogueItem(item, at(-20))));
  const education = { segments: { education: 'HE' } };
  driver.input(topics.profiles).sendAll(['ada', 'bob', 'cyd'].map((learner) => profile(learner, at(-10), education)));
  driver.input(topics.profiles).sendAll(OTHERS.map((learner) => profile(learner, at(-10), { segments: { education: 'LOWER' } })));
  driver.input(topics.lmsEvents).sendAll(['ada', 'bob', ...OTHERS].map((learner) => statement('ENROLLED', learner, at(-10))));
  driver
    .input(topics.clicks)
    .sendAll([
      click('ada', at(0, 1), { item: 'i1' }),
      click('bob', at(0, 2), { item: 'i1' }),
      click('bob', at(0, 3), { item: 'i2' }),
      click('bob', at(0, HOUR_MS), { item: 'i3' }),
    ]);
  for (const [place, item] of ['i1', 'i2', 'i3'].entries()) {
    driver.input(topics.clicks).sendAll(OTHERS.map((learner) => click(learner, at(0, HOUR_MS + 1 + place), { item })));
  }
  driver.input(topics.quizResults).send(quiz('ada', at(0, HOUR_MS), false));
}

describe('the whole path from events to recommendations', { timeout: 60_000 }, () => {
  it('has lists for every learner by the end of the day, made of what everybody did on it', async () => {
    await testTopology(PATH, { partitions: 2, nowMs: at(60) }, async (driver) => {
      firstDay(driver);
      clock(driver, at(1));
      await driver.run();
      const [ada, bob] = ['ada', 'bob'].map((learner) => listsOf(driver, learner));
      expect(itemsOf(ada?.next).sort()).toEqual(['i1', 'i2', 'i3']);
      expect(itemsOf(ada?.new).sort()).toEqual(['i2', 'i3']);
      expect(itemsOf(bob?.new)).toEqual([]);
      expect(ada?.segment).toBe('he');
      expect(driver.output(topics.recommendations).latest().get(learnerId('ada'))).toMatchObject({ madeAtMs: at(1) - 1 });
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('gives a newcomer what the course uses where the segment is tiny, and takes out what is withdrawn and who leaves', async () => {
    await testTopology(PATH, { partitions: 2, nowMs: at(60) }, async (driver) => {
      firstDay(driver);
      driver.input(topics.lmsEvents).sendAll([statement('ENROLLED', 'cyd', at(1, 5)), statement('UNENROLLED', 'bob', at(1, 6))]);
      driver.input(topics.catalogue).send(catalogueItem('i2', at(1, 7), { withdrawn: true }));
      clock(driver, at(1, HOUR_MS));
      await driver.run();
      expect(listsOf(driver, 'bob')).toBeUndefined();
      expect(driver.output(topics.recommendations).of(learnerId('bob')).at(-1)).toMatchObject({ timestamp: at(1, 6) });
      const first = driver
        .output(topics.recommendations)
        .of(learnerId('cyd'))
        .find(({ timestamp }) => timestamp === at(1, 5))!;
      expect(first.value!.personal.courses[0]!.next.map(({ item, source }) => `${item} ${source}`).slice(0, 3)).toEqual([
        'i1 POPULAR',
        'i2 POPULAR',
        'i3 POPULAR',
      ]);
      for (const learner of ['ada', 'cyd']) {
        expect(driver.output(topics.recommendations).of(learnerId(learner)).at(-1)).toMatchObject({ timestamp: at(1, 7) });
        expect(itemsOf(listsOf(driver, learner)?.next)).not.toContain('i2');
        expect(itemsOf(listsOf(driver, learner)?.next)).toContain('i3');
      }
    });
  });
});
