import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localTools } from '../../../runtime/localTools.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import {
  cohortId,
  courseId,
  itemId,
  learnerId,
  topics,
  type FeatureLog,
  type LearnerActivity,
  type Opened,
  type Topic,
} from '../../../schemas/index.js';
import { RecordAppender } from '../../../scripts/commands/recordAppender.js';
import { exportDecisionLog, type DecisionLogCounts, type DecisionLogOptions } from '../../../scripts/evaluation/decisionLogExport.js';
import { newFolder } from '../../fixtures/folders.js';

const REGION = 'test';
const HOUR_MS = 3_600_000;
const COURSE = courseId('AAA-2024J');
const COHORT = cohortId('AAA-2024J');

async function append<V>(storage: MemoryStorage, topic: Topic<string, V>, values: readonly V[]): Promise<void> {
  const appender = new RecordAppender(storage, topic, REGION, `test/${topic.name}`);
  for (const value of values) appender.add(value);
  await appender.commit({});
  await appender.finish();
}

const used = (learner: string, hour: number, ...items: readonly string[]): Opened<LearnerActivity> => ({
  ...{ learner: learnerId(learner), region: REGION, hourStartMs: hour * HOUR_MS, topologyVersion: 1 },
  personal: {
    items: items.map((item) => ({
      ...{ course: COURSE, cohort: COHORT, item: itemId(item), events: 1, clicks: 1, dwellMs: 0, completed: false },
    })),
  },
});

/** Ranks from 0, -1 where it is not listed; then the propensities of both lists. */
type Weighed = readonly [item: string, nextRank: number, newRank: number, next: number, fresh: number];

const decided = (learner: string, decidedAtMs: number, drawing: Partial<FeatureLog>, ...candidates: readonly Weighed[]): Opened<FeatureLog> => ({
  ...{ learner: learnerId(learner), region: REGION, decisionId: `${learner}-${decidedAtMs}`, decidedAtMs },
  ...{ modelVersion: 'formula', featureSet: 'any', topologyVersion: 1, explored: false, explorationShare: 0.25, variant: '' },
  ...(drawing as Pick<FeatureLog, 'explored'>),
  personal: {
    course: COURSE,
    cohort: COHORT,
    candidates: candidates.map(([item, nextRank, newRank, nextPropensity, newPropensity]) => ({
      ...{ item: itemId(item), source: 'TRENDING', sources: 0, nextRank, newRank, score: 1, newScore: 1, features: [] },
      ...{
        nextPropensity: Math.fround(nextPropensity),
        newPropensity: Math.fround(newPropensity),
        inclusionProbability: 1,
        nextReasons: [],
        newReasons: [],
      },
    })),
  },
});

interface Line {
  readonly learner: string;
  readonly decision: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly shown: readonly { readonly item: string; readonly propensity: number }[];
  readonly target: readonly number[];
  readonly rankings: Readonly<Record<string, readonly (string | null)[]>>;
  readonly rewards: readonly number[];
}

async function exported(
  logs: readonly Opened<FeatureLog>[],
  uses: readonly Opened<LearnerActivity>[],
  options: Partial<DecisionLogOptions> = {},
): Promise<{ readonly counts: DecisionLogCounts; readonly lines: readonly Line[] }> {
  const storage = memoryStorage();
  await append(storage, topics.featureLog, logs);
  await append(storage, topics.learnerActivity, uses);
  const out = join(newFolder(), 'decisions.jsonl');
  const counts = await exportDecisionLog(localTools(storage), { region: REGION, out, list: 'next', withinDays: 1, ...options });
  const lines = readFileSync(out, 'utf8').split('\n').slice(0, -1);
  return { counts, lines: lines.map((line) => JSON.parse(line) as Line) };
}

/** Somebody who is there to the end, so that the days of all others are over. */
const LATER = used('zoe', 200, 'x');
const THREE: readonly Weighed[] = [
  ['c', -1, 1, 0, 0.125],
  ['a', 0, -1, 1, 0],
  ['b', 1, 0, 0.8125, 1],
];

describe('a log of decisions for estimates', () => {
  it('has the list by place, with the propensities of that list', async () => {
    const { lines, counts } = await exported([decided('ada', 10 * HOUR_MS, {}, ...THREE)], [LATER]);
    expect(lines).toEqual([
      {
        ...{ learner: 'ada', decision: `ada-${10 * HOUR_MS}` },
        context: {
          ...{ course: COURSE, cohort: COHORT, list: 'next', decidedAtMs: 10 * HOUR_MS, modelVersion: 'formula' },
          ...{ explored: false, explorationShare: 0.25 },
        },
        shown: [
          { item: 'a', propensity: 1 },
          { item: 'b', propensity: 0.8125 },
        ],
        target: [1, 0.8125],
        rankings: { 'without-exploration': ['a', 'b'] },
        rewards: [0, 0],
      },
    ]);
    expect(counts).toEqual({ decisions: 1, explored: 0, shown: 2, rewarded: 0, open: 0, mostlyDrawn: 0, otherRegion: 0 });
    const fresh = await exported([decided('ada', 10 * HOUR_MS, {}, ...THREE)], [LATER], { list: 'new' });
    expect(fresh.lines[0]!.shown).toEqual([
      { item: 'b', propensity: 1 },
      { item: 'c', propensity: 0.125 },
    ]);
  });

  it('counts what was used in the whole hours of the days after, by the learner alone', async () => {
    const at = 10 * HOUR_MS + 1;
    const rewardsOf = async (...uses: Opened<LearnerActivity>[]): Promise<readonly number[]> =>
      (await exported([decided('ada', at, {}, ...THREE)], [...uses, LATER])).lines[0]!.rewards;
    expect(await rewardsOf(used('ada', 11, 'b', 'x'))).toEqual([0, 1]);
    // The hour of the decision may hold what led to it; 24 hours later it is over.
    expect(await rewardsOf(used('ada', 10, 'a', 'b'))).toEqual([0, 0]);
    expect(await rewardsOf(used('ada', 34, 'a'))).toEqual([1, 0]);
    expect(await rewardsOf(used('ada', 35, 'a'))).toEqual([0, 0]);
    expect(await rewardsOf(used('ben', 11, 'a', 'b'))).toEqual([0, 0]);
    // Twice is once.
    expect(await rewardsOf(used('ada', 11, 'a'), used('ada', 12, 'a'))).toEqual([1, 0]);
  });

  it('takes a decision that falls on the hour together with that hour', async () => {
    const { lines } = await exported([decided('ada', 10 * HOUR_MS, {}, ...THREE)], [used('ada', 10, 'a'), used('ada', 34, 'b'), LATER]);
    expect(lines[0]!.rewards).toEqual([1, 0]);
  });

  it('leaves out decisions whose days are not over, by event time', async () => {
    const logs = [decided('ada', 10 * HOUR_MS, {}, ...THREE), decided('ben', 11 * HOUR_MS, {}, ...THREE)];
    const { lines, counts } = await exported(logs, [used('zoe', 33, 'x')]);
    expect([lines.map(({ learner }) => learner), counts.open]).toEqual([['ada'], 1]);
    expect((await exported(logs, [])).counts).toMatchObject({ decisions: 0, open: 2 });
    // Of what came later nothing is read.
    const cut = await exported(logs, [used('ada', 30, 'a'), LATER], { untilMs: 34 * HOUR_MS });
    expect([cut.lines.map(({ learner }) => learner), cut.lines[0]!.rewards, cut.counts.open]).toEqual([['ada'], [1, 0], 1]);
    expect((await exported(logs, [LATER], { untilMs: 11 * HOUR_MS })).counts).toMatchObject({ decisions: 0, open: 1 });
    expect((await exported(logs, [LATER], { fromMs: 11 * HOUR_MS })).lines.map(({ learner }) => learner)).toEqual(['ben']);
  });

  it('tells a drawn place from one that stands there anyway', async () => {
    const drawn: readonly Weighed[] = [
      ['a', 0, -1, 1, 0],
      // Of a stratum with the probabilities 1/4 and 3/4, of which the first is what stands there otherwise.
      ['b', 1, -1, 0.75 + 0.25 / 4, 0],
      ['c', 2, -1, 0.25 * 0.75, 0],
    ];
    const { lines, counts } = await exported([decided('ada', 10 * HOUR_MS, { explored: true }, ...drawn)], [LATER]);
    expect(lines[0]!.rankings['without-exploration']).toEqual(['a', 'b', null]);
    expect(counts.explored).toBe(1);
    const half = await exported([decided('ada', 10 * HOUR_MS, { explored: true, explorationShare: 0.5 }, ...drawn)], [LATER]);
    expect(half.counts).toMatchObject({ decisions: 0, mostlyDrawn: 1 });
  });

  it('is empty, and whole, where nothing ran', async () => {
    const out = join(newFolder(), 'decisions.jsonl');
    const counts = await exportDecisionLog(localTools(memoryStorage()), { region: REGION, out, list: 'next', withinDays: 7 });
    expect([counts.decisions, readFileSync(out, 'utf8')]).toEqual([0, '']);
  });
});
