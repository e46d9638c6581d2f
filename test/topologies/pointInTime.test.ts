/** Features of a decision come from what happened up to its event time: through the topologies that production runs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BATCH_FEATURES } from '../../operators/features/batchFeatures.js';
import { itemFeatures } from '../../operators/recommend/index.js';
import { openDriver, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { topics, type Topic } from '../../schemas/index.js';
import cohortTrends from '../../topologies/cohort-trends.js';
import curricula from '../../topologies/curricula.js';
import learnerActivity from '../../topologies/learner-activity.js';
import learnerContexts from '../../topologies/learner-contexts.js';
import learnerEngagement from '../../topologies/learner-engagement.js';
import quizMastery from '../../topologies/quiz-mastery.js';
import { recommendationsTopology } from '../../topologies/recommendations.js';
import segmentLists from '../../topologies/segment-lists.js';
import { DAY_MS, HOUR_MS, at, click } from './clicks.js';
import { hardnessOf, paceOf } from './learning.js';
import { catalogueItem, profile, quiz, statement } from './statements.js';

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
const SOURCES = [topics.clicks, topics.quizResults, topics.lmsEvents, topics.profiles, topics.catalogue, topics.batchFeatures] as const;
const BATCH = BATCH_FEATURES.map(({ name, fallback }) => ({ column: itemFeatures.column(name), fallback: Math.fround(fallback) }));
const LEARNERS = ['ada', 'bob', 'cyd'];
const ITEMS = ['i1', 'i2', 'i3', 'i4', 'i5'];
const DAYS = 4;
const RUNS = Number(process.env['SKILLFORGE_RUNS'] ?? 8);

interface Event {
  readonly topic: (typeof SOURCES)[number];
  readonly value: unknown;
  readonly atMs: number;
}

const instant = fc.integer({ min: 0, max: DAYS * 24 * 4 - 1 }).map((quarters) => at(0, (quarters * HOUR_MS) / 4));
const learner = fc.constantFrom(...LEARNERS);
const item = fc.constantFrom(...ITEMS);

const clicked = fc.tuple(learner, item, instant, fc.boolean()).map(([who, what, atMs, isDone]): Event => ({
  topic: topics.clicks,
  value: click(who, atMs, { item: what, action: isDone ? 'COMPLETE' : 'OPEN' }),
  atMs,
}));
const answered = fc.tuple(learner, instant, fc.boolean()).map(([who, atMs, isRight]): Event => ({
  topic: topics.quizResults,
  value: quiz(who, atMs, isRight, { item: 'i5', skills: ['algebra'] }),
  atMs,
}));
const changed = fc.tuple(item, instant, fc.boolean()).map(([what, atMs, withdrawn]): Event => ({
  topic: topics.catalogue,
  value: catalogueItem(what, atMs, { withdrawn, kind: 'quiz', skills: ['algebra'], difficulty: 0.5, title: `Title at ${atMs}` }),
  atMs,
}));
const due = fc.tuple(learner, item, instant).map(([who, what, atMs]): Event => ({
  topic: topics.lmsEvents,
  value: statement('DEADLINE', who, atMs, { item: what, dueAtMs: atMs + 3 * DAY_MS }),
  atMs,
}));

/** Rows of the daily batch: published at the end of their day, or some hours later; some days are published twice. */
const published = fc
  .tuple(fc.integer({ min: 0, max: DAYS - 1 }), fc.constantFrom(0, 3, 20), fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())
  .map(([day, hoursLater, value, isOfItems]): Event => {
    const [endMs, atMs] = [at(day), at(day, hoursLater * HOUR_MS)];
    const hardness = Object.fromEntries(ITEMS.map((one, n) => [one, [value / (n + 1), n % 2 === 0 ? null : value] as const]));
    return { topic: topics.batchFeatures, value: isOfItems ? hardnessOf(endMs, hardness, atMs) : paceOf(endMs, 10 * value, atMs), atMs };
  });

/** What stands before the first day: a catalogue, and learners who agree to profiling and are enrolled. */
const before: readonly Event[] = [
  ...ITEMS.map((one) => ({ topic: topics.catalogue, value: catalogueItem(one, at(-20)), atMs: at(-20) })),
  ...LEARNERS.map((one) => ({ topic: topics.profiles, value: profile(one, at(-10), { segments: { education: 'HE' } }), atMs: at(-10) })),
  ...LEARNERS.map((one) => ({ topic: topics.lmsEvents, value: statement('ENROLLED', one, at(-9)), atMs: at(-9) })),
];

const histories = fc.tuple(
  fc.array(clicked, { minLength: 12, maxLength: 30 }),
  fc.array(answered, { maxLength: 3 }),
  fc.array(changed, { maxLength: 2 }),
  fc.array(due, { maxLength: 2 }),
  fc.array(published, { minLength: 2, maxLength: 6 }),
);

/** All that is logged when these events come, with the clock at the end of the last day. */
async function logOf(events: readonly Event[]) {
  const driver: TopologyTestDriver = await openDriver(PATH, { partitions: 1, nowMs: at(60), markerMs: HOUR_MS });
  for (const topic of SOURCES as readonly Topic<string, unknown>[]) {
    const own = events.filter((event) => event.topic === topic).sort((a, b) => a.atMs - b.atMs);
    driver.input(topic).sendAll(own.map(({ value }) => value));
    driver.input(topic).sendMarker(at(DAYS + 1));
  }
  await driver.run();
  expect(driver.deadLetters()).toEqual([]);
  return driver.output(topics.featureLog).records();
}

/** Whether a decision saw something of the daily batch. */
const seesBatch = (log: unknown): boolean =>
  (log as { readonly personal: { readonly candidates: readonly { readonly features: readonly number[] }[] } }).personal.candidates.some(
    ({ features }) => BATCH.some(({ column, fallback }) => features[column] !== fallback),
  );

describe('the features of a decision', { timeout: 240_000 }, () => {
  it('do not change when what happened after it is taken away', async () => {
    let [compared, told] = [0, 0];
    await fc.assert(
      fc.asyncProperty(histories, instant, async (drawn, cutMs) => {
        const events = [...before, ...drawn.flat()];
        const upToCut = (log: Awaited<ReturnType<typeof logOf>>) =>
          log.filter(({ timestamp }) => timestamp <= cutMs).map(({ key, timestamp, value }) => [key, timestamp, value]);
        const whole = upToCut(await logOf(events));
        expect(upToCut(await logOf(events.filter(({ atMs }) => atMs <= cutMs)))).toEqual(whole);
        compared += whole.length;
        told += whole.filter(([, , value]) => seesBatch(value)).length;
      }),
      { numRuns: RUNS, seed: 20_240_601 },
    );
    expect(compared).toBeGreaterThan(RUNS);
    // What is taken away must be something that decisions look at.
    expect(told).toBeGreaterThan(RUNS);
  });
});
