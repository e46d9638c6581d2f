import { describe, expect, it } from 'vitest';
import { NO_RETRIEVAL, formulaModels, itemFeatures, type ItemEmbeddings, type Models } from '../../operators/recommend/index.js';
import { readBundle } from '../../runtime/models/bundle.js';
import { readEmbeddings } from '../../runtime/models/embeddings.js';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { courseId, itemId, learnerId, topics, type CurriculumItem, type Topic } from '../../schemas/index.js';
import curricula from '../../topologies/curricula.js';
import recommendations, { recommendationsTopology } from '../../topologies/recommendations.js';
import { place } from '../operators/recommend/worlds.js';
import { HOUR_MS, at } from './clicks.js';
import { contextOf, dayEndOf, hourOf, listOf, trendOf, type Told } from './learning.js';
import { catalogueItem } from './statements.js';

const POPULAR = Array.from({ length: 40 }, (_, n) => `p${String(n).padStart(2, '0')}`);
const TITLE = 'Reading about topic 3';
const BORN = at(5, 10 * HOUR_MS);

function tell<V>(driver: TopologyTestDriver, topic: Topic<string, V>, ...told: readonly Told<V>[]): void {
  for (const [value, atMs] of told) driver.input(topic).send(value, { atMs });
}

/** A course with 40 items that all use, and one that the catalogue tells of on day 5; learners ada, who studies, and bob, who comes after that. */
function tellAll(driver: TopologyTestDriver): void {
  driver.input(topics.catalogue).sendAll(POPULAR.map((item) => catalogueItem(item, at(-60), { title: TITLE })));
  driver.input(topics.catalogue).send(catalogueItem('fresh', BORN, { title: TITLE, kind: 'quiz' }));
  tell(driver, topics.cohortTrends, trendOf(at(5), POPULAR));
  tell(driver, topics.segmentRecommendations, listOf('all', at(5), POPULAR.slice(0, 20)));
  tell(driver, topics.learnerContexts, contextOf('ada', at(-20)), contextOf('bob', at(5, 10.5 * HOUR_MS)));
  const studied = [1, 2, 3, 4].map((day) => hourOf('ada', at(day), POPULAR.slice(3 * day, 3 * day + 3)));
  tell(driver, topics.learnerActivity, ...studied, hourOf('ada', at(5, 9 * HOUR_MS), ['p01']), hourOf('ada', BORN, ['p02']));
}

const modelsWith = (embeddings: ItemEmbeddings): Models => ({
  at: (timeMs) => ({ ...formulaModels.at(timeMs), retrieval: { ...NO_RETRIEVAL, embeddings } }),
});

/** What a catalogue item of the test is in the curriculum. */
const pointOf = (embeddings: ItemEmbeddings, kind: string): Float32Array =>
  embeddings.vectorOf(place('x', { title: TITLE, kind }) satisfies CurriculumItem);

describe('a new item', () => {
  it('is in the lists of the first hour, with its likeness to what the learner used, although no training saw it', async () => {
    const embeddings = (await readEmbeddings(readBundle('test/runtime/models/fixtures/retrieval/bundle')))!;
    const options = { partitions: 1, models: modelsWith(embeddings) };
    await testTopology([curricula, recommendationsTopology({ loggedShare: 1, explorationShare: 0 })], options, async (driver) => {
      tellAll(driver);
      await driver.endInput();
      const of = (learner: string, atMs: number) =>
        driver
          .output(topics.recommendations)
          .of(learnerId(learner))
          .find(({ timestamp }) => timestamp === atMs)!.value!.personal.courses[0]!;
      const isFresh = ({ item }: { readonly item: string }): boolean => item === 'fresh';

      expect(of('ada', BORN - 1).new.some(isFresh)).toBe(false);
      expect(of('ada', BORN + HOUR_MS - 1).new.find(isFresh)).toMatchObject({
        source: 'NEW',
        reasons: expect.arrayContaining(['NEW_ITEM']) as unknown,
      });
      expect(
        of('bob', at(5, 10.5 * HOUR_MS))
          .next.slice(-2)
          .map(({ item, source }) => `${item} ${source}`),
      ).toEqual(['p18 POPULAR', 'fresh NEW']);

      const logged = driver
        .output(topics.featureLog)
        .of(learnerId('ada'))
        .find(({ timestamp }) => timestamp === BORN + HOUR_MS - 1)!
        .value!.personal.candidates.find(isFresh)!;
      const [one, other] = [pointOf(embeddings, 'quiz'), pointOf(embeddings, 'page')];
      const cosine = one.reduce((sum, value, n) => sum + value * other[n]!, 0);
      expect(embeddings.has(itemId('fresh'))).toBe(false);
      expect(cosine).toBeGreaterThan(0.1);
      expect(logged.features[itemFeatures.column('recent_similarity')]).toBeCloseTo(cosine, 5);
      expect(logged.newRank).toBeGreaterThanOrEqual(0);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('decides nothing anew: who is silent has it at the next midnight', async () => {
    await testTopology([curricula, recommendations], { partitions: 1 }, async (driver) => {
      tell(driver, topics.learnerContexts, contextOf('cyd', at(-20)));
      tell(driver, topics.learnerActivity, hourOf('cyd', at(4), ['p00']));
      tell(driver, topics.learnerFeatures, dayEndOf('cyd', at(5)), dayEndOf('cyd', at(6)));
      tellAll(driver);
      await driver.endInput();
      const decided = driver.output(topics.recommendations).of(learnerId('cyd'));
      const having = decided.filter(({ value }) => value!.personal.courses.some((course) => course.new.some(({ item }) => item === 'fresh')));
      expect(decided.map(({ timestamp }) => timestamp).filter((atMs) => atMs >= at(5) - 1 && atMs < at(7))).toEqual([at(5) - 1, at(6) - 1]);
      expect(having[0]!.timestamp).toBe(at(6) - 1);
    });
  });

  it('is in no list once it is withdrawn, nor in those of another course', async () => {
    await testTopology([curricula, recommendations], { partitions: 1 }, async (driver) => {
      tellAll(driver);
      driver.input(topics.catalogue).send(catalogueItem('elsewhere', BORN + 1, { course: 'BBB-2024J' }));
      driver.input(topics.catalogue).send(catalogueItem('fresh', BORN + 2, { title: TITLE, withdrawn: true }));
      await driver.endInput();
      const later = ['ada', 'bob'].flatMap((learner) => driver.output(topics.recommendations).of(learnerId(learner)));
      const courses = later.filter(({ timestamp }) => timestamp > BORN + 2).flatMap(({ value }) => value!.personal.courses);
      expect(courses.length).toBeGreaterThanOrEqual(2);
      expect(courses.every(({ course }) => course === courseId('AAA-2024J'))).toBe(true);
      const items = courses.flatMap(({ next, new: fresh }) => [...next, ...fresh]).map(({ item }) => String(item));
      expect(items.filter((item) => item === 'fresh' || item === 'elsewhere')).toEqual([]);
    });
  });
});
