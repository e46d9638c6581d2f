/** What a decision sees comes from what happened up to its event time: through the topologies that production runs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Models } from '../../operators/ports/models.js';
import { formulaModels, itemFeatures } from '../../operators/recommend/index.js';
import { openModels } from '../../runtime/models/index.js';
import { openDriver, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { topics, type FeatureLog, type Opened, type Topic } from '../../schemas/index.js';
import cohortTrends from '../../topologies/cohort-trends.js';
import curricula from '../../topologies/curricula.js';
import learnerActivity from '../../topologies/learner-activity.js';
import learnerContexts from '../../topologies/learner-contexts.js';
import learnerEngagement from '../../topologies/learner-engagement.js';
import quizMastery from '../../topologies/quiz-mastery.js';
import { recommendationsTopology } from '../../topologies/recommendations.js';
import segmentLists from '../../topologies/segment-lists.js';
import { REGION, RETRIEVAL } from '../runtime/models/fixture.js';
import { HOUR_MS, at } from './clicks.js';
import { DAYS, SOURCES, histories, type Event } from './drawnCourse.js';

const PATH = [
  learnerActivity,
  learnerContexts,
  quizMastery,
  curricula,
  cohortTrends,
  segmentLists,
  learnerEngagement,
  recommendationsTopology({ loggedShare: 1, explorationShare: 0 }),
];
const RUNS = Number(process.env['SKILLFORGE_RUNS'] ?? 8);
/** Of a test, with the shrinking of an example that fails. */
const MOST_MS = Math.max(8, RUNS) * 30_000;
/** The features that keep their fallback where there is no model, since nothing was learnt of items; with one, none does. */
const LEARNT = ['als_score', 'als_rank', 'covisit_score', 'covisit_rank', 'covisit_front_score', 'recent_similarity'];

/** All that is decided when these events come, and what it saw, with the clock at the end of the last day. */
async function decidedFrom(events: readonly Event[], models: Models) {
  const driver: TopologyTestDriver = await openDriver(PATH, { partitions: 1, nowMs: at(60), markerMs: HOUR_MS, models });
  for (const topic of SOURCES as readonly Topic<string, unknown>[]) {
    const own = events.filter((event) => event.topic === topic).sort((a, b) => a.atMs - b.atMs);
    driver.input(topic).sendAll(own.map(({ value }) => value));
    driver.input(topic).sendMarker(at(DAYS + 1));
  }
  await driver.run();
  expect(driver.deadLetters()).toEqual([]);
  return { log: driver.output(topics.featureLog).records(), lists: driver.output(topics.recommendations).records() };
}

type Decided = Awaited<ReturnType<typeof decidedFrom>>;
const upTo = ({ log, lists }: Decided, cutMs: number): Decided => ({
  log: log.filter(({ timestamp }) => timestamp <= cutMs),
  lists: lists.filter(({ timestamp }) => timestamp <= cutMs),
});

/** In how many decisions each feature was something else than its fallback. */
class Seen {
  private readonly counts = itemFeatures.declarations.map(({ name, fallback }) => ({ name, fallback: Math.fround(fallback), decisions: 0 }));

  add({ personal: { candidates } }: Opened<FeatureLog>): void {
    this.counts.forEach((one, column) => {
      if (candidates.some(({ features }) => features[column] !== one.fallback)) one.decisions++;
    });
  }

  /** Features that the test is blind to, or nearly so. */
  inFewerThan(decisions: number): string[] {
    return this.counts.flatMap((one) => (one.decisions < decisions ? [one.name] : []));
  }
}

/** Takes away what happens after an instant, and compares what was decided until then. @returns what the decisions that were compared saw */
async function compareAll(models: Models): Promise<Seen> {
  const seen = new Seen();
  const property = fc.asyncProperty(histories, async ({ events, cutMs }) => {
    const whole = upTo(await decidedFrom(events, models), cutMs);
    const known = events.filter(({ atMs }) => atMs <= cutMs);
    const cut = upTo(await decidedFrom(known, models), cutMs);
    expect(cut.log).toEqual(whole.log);
    // Those of whom nothing is logged, as they have used nothing, see lists of segments and trends, too.
    expect(cut.lists).toEqual(whole.lists);
    for (const { value } of whole.log) seen.add(value!);
  });
  await fc.assert(property, { numRuns: RUNS, seed: 20_240_601, interruptAfterTimeLimit: MOST_MS - 20_000, markInterruptAsFailure: true });
  return seen;
}

describe('what a decision sees', { timeout: MOST_MS }, () => {
  it('does not change when what happened after it is taken away', async () => {
    const seen = await compareAll(formulaModels);
    expect(seen.inFewerThan(RUNS)).toEqual(LEARNT);
  });

  it('does not change under a model that has learnt of items and segments, either', async () => {
    await using models = await openModels(RETRIEVAL, { region: REGION });
    const seen = await compareAll(models);
    expect(seen.inFewerThan(RUNS)).toEqual([]);
  });
});
