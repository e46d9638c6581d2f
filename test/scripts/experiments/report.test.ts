/** Reports over a log of exposures, clicks, quizzes and logged decisions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localTools } from '../../../runtime/localTools.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import {
  LocalSchemaIds,
  cohortId,
  courseId,
  itemId,
  learnerId,
  physicalTopicName,
  topicCodec,
  topics,
  type Click,
  type ExperimentExposure,
  type FeatureLog,
  type Opened,
  type QuizResult,
  type Topic,
} from '../../../schemas/index.js';
import { outcomesOf, type Outcomes } from '../../../scripts/experiments/outcomes.js';
import { reportOf, type ReportOptions } from '../../../scripts/experiments/report.js';
import { reportText } from '../../../scripts/commands/experimentReport.js';
import { randomFrom } from './randomness.js';

const REGION = 'eu-west';
const DAY = 86_400_000;
const COURSE = courseId('AAA-2024J');
const OPTIONS: ReportOptions = { goal: 'active-days', alpha: 0.05, tunedFor: 1_000, margin: 0.05 };

const ids = LocalSchemaIds.withAccepted();

/** A log that is written as topologies and clients write it. */
class Log {
  readonly storage: MemoryStorage = memoryStorage({ now: () => 0 });

  async add<V>(topic: Topic<string, V>, records: readonly (readonly [learner: string, value: V])[]): Promise<void> {
    const name = physicalTopicName(REGION, topic.name);
    this.storage.log.ensureTopic({ name, partitions: topic.partitions, cleanup: topic.cleanup, retentionMs: topic.retentionMs });
    const codec = topicCodec(topic, ids);
    await this.storage.log.append(
      records.map(([learner, value]) => {
        const key = Buffer.from(learner);
        return { topic: name, partition: partitionOf(key, topic.partitions), key, value: codec.encode(learner, value), header: null };
      }),
    );
  }

  outcomes(experiment = 'lists', windowDays = 7): Promise<Outcomes> {
    return outcomesOf(localTools(this.storage), { region: REGION, experiment, windowDays });
  }
}

const exposure = (learner: string, variation: string, exposedAtMs: number, experiment = 'lists'): readonly [string, ExperimentExposure] => [
  learner,
  { learner: learnerId(learner), region: REGION, experiment, variation, exposedAtMs, decisionId: 'd', modelVersion: 'm', topologyVersion: 3 },
];

let events = 0;
const happened = (learner: string, occurredAtMs: number) => ({
  eventId: `e${events++}`,
  learner: learnerId(learner),
  course: COURSE,
  cohort: cohortId(COURSE),
  occurredAtMs,
  region: REGION,
});
const click = (learner: string, atMs: number, item = 'a'): readonly [string, Opened<Click>] => [
  learner,
  { ...happened(learner, atMs), personal: { action: 'OPEN', item: itemId(item), dwellMs: 0, clicks: 1 } },
];
const quiz = (learner: string, atMs: number, score: number): readonly [string, Opened<QuizResult>] => [
  learner,
  { ...happened(learner, atMs), personal: { item: itemId('q'), skills: [], score, attempts: 1, correct: score > 0.5, banked: false } },
];

function logged(learner: string, decidedAtMs: number, next: readonly string[]): readonly [string, Opened<FeatureLog>] {
  const rest = {
    source: 'TRENDING',
    sources: 0,
    newRank: -1,
    score: 0,
    newScore: 0,
    features: [],
    nextPropensity: 1,
    newPropensity: 1,
    nextReasons: [],
    newReasons: [],
    inclusionProbability: 1,
  };
  const candidates = [
    ...next.map((item, nextRank) => ({ ...rest, item: itemId(item), nextRank })),
    { ...rest, item: itemId('unlisted'), nextRank: -1 },
  ];
  const common = { modelVersion: 'm', featureSet: 'f', topologyVersion: 3, explored: false, explorationShare: 0, variant: '' };
  const personal = { course: COURSE, cohort: cohortId(COURSE), candidates };
  return [learner, { learner: learnerId(learner), region: REGION, decisionId: `${learner}-${decidedAtMs}`, decidedAtMs, ...common, personal }];
}

describe('the outcomes of an experiment', () => {
  it('are what each learner did in the days after the first exposure, once the days are over', async () => {
    const log = new Log();
    await log.add(topics.experimentExposures, [
      exposure('ada', '0', 2 * DAY),
      exposure('ada', '0', 9 * DAY),
      exposure('bob', '1', 2 * DAY),
      exposure('eve', '1', 2 * DAY),
      exposure('eve', '0', 10 * DAY),
      exposure('late', '1', 8 * DAY),
      exposure('other', '1', 2 * DAY, 'another'),
    ]);
    await log.add(topics.clicks, [
      click('ada', 2 * DAY - 1),
      click('ada', 2 * DAY),
      click('ada', 2.5 * DAY, 'b'),
      click('ada', 4 * DAY),
      click('ada', 9 * DAY - 1, 'c'),
      click('ada', 9 * DAY, 'd'),
      click('bob', 12 * DAY),
      click('other', 3 * DAY),
    ]);
    await log.add(topics.quizResults, [quiz('ada', 3 * DAY, 0.4), quiz('ada', 4 * DAY, 0.8), quiz('ada', 20 * DAY, 0)]);
    await log.add(topics.featureLog, [logged('ada', 5 * DAY, ['a']), logged('ada', 3 * DAY, ['a', 'c', 'x', 'd']), logged('ada', DAY, ['a'])]);
    const outcomes = await log.outcomes();
    expect(Object.fromEntries(outcomes.byVariation)).toEqual({
      0: [{ 'active-days': 3, items: 3, 'listed-share': 0.5, 'quiz-score': expect.closeTo(0.6, 12) as number }],
      1: [{ 'active-days': 0, items: 0 }],
    });
    expect([outcomes.waiting, outcomes.mixed, outcomes.asOfMs]).toEqual([1, 1, 12 * DAY]);
  });

  it('of what was never there are none', async () => {
    const outcomes = await new Log().outcomes();
    expect([outcomes.byVariation.size, outcomes.asOfMs]).toEqual([0, null]);
    expect(() => reportOf(outcomes, OPTIONS)).toThrow(expect.objectContaining({ code: 'SFS_EXPERIMENT_UNKNOWN' }) as Error);
  });
});

const LEARNERS = 1_200;
const CHANCES = { control: 0.4, formula: 0.5 } as const;

describe('the report of an experiment', () => {
  let outcomes: Outcomes;
  const log = new Log();

  // Whoever is active on a day uses one item more; one in four hands in a quiz, whatever the variation.
  beforeAll(async () => {
    const random = randomFrom(7);
    const exposures = Array.from({ length: LEARNERS }, (_, n) => exposure(`l${n}`, random() < 0.5 ? 'control' : 'formula', n * 60_000));
    const clicks = exposures.flatMap(([learner, { exposedAtMs, variation }]) =>
      Array.from({ length: 7 }, (_, day) => day).flatMap((day) =>
        random() < CHANCES[variation as keyof typeof CHANCES] ? [click(learner, exposedAtMs + day * DAY, `item-${day}`)] : [],
      ),
    );
    const quizzes = exposures.flatMap(([learner, { exposedAtMs }]) =>
      random() < 0.25 ? [quiz(learner, exposedAtMs + DAY, 0.5 + 0.1 * random())] : [],
    );
    await log.add(topics.experimentExposures, exposures);
    await log.add(topics.clicks, [...clicks, click('nobody', 30 * DAY)]);
    await log.add(topics.quizResults, quizzes);
    outcomes = await log.outcomes();
  });

  afterAll(() => log.storage.close());

  it('finds the effect that there is, with an interval that covers it, and harm nowhere', () => {
    const report = reportOf(outcomes, OPTIONS);
    expect([report.control, report.sampleRatio.isMismatch, report.waiting, report.mixed]).toEqual(['control', false, 0, 0]);
    const [control, formula] = report.variations;
    expect(control!.learners + formula!.learners).toBe(LEARNERS);
    expect(control!.metrics.every(({ lift, verdict }) => lift === null && verdict === null)).toBe(true);
    const verdicts = Object.fromEntries(formula!.metrics.map(({ metric, verdict }) => [metric, verdict]));
    expect(verdicts).toEqual({ 'active-days': 'better', items: 'safe', 'listed-share': 'open', 'quiz-score': 'safe' });
    const { relative, difference } = formula!.metrics[0]!.lift!;
    const truth = 7 * (CHANCES.formula - CHANCES.control);
    expect([difference.low < truth, truth < difference.high, relative!.low < 0.25, 0.25 < relative!.high]).toEqual([true, true, true, true]);
  });

  it('tells harm, and a split that is not the planned one', () => {
    const turned = reportOf(outcomes, { ...OPTIONS, control: 'formula', goal: 'quiz-score', weights: [0.7, 0.3] });
    const [worse, control] = turned.variations;
    expect([worse!.metrics.map(({ metric, verdict }) => `${metric} ${verdict}`), control!.variation]).toEqual([
      ['quiz-score open', 'active-days harmed', 'items harmed', 'listed-share open'],
      'formula',
    ]);
    expect(turned.sampleRatio.isMismatch).toBe(true);
    const text = reportText('lists', turned);
    expect(text).toContain('! the split is not the planned one');
    expect(text).toMatch(/control +active-days +\d+ +2\.\d+ +-\d+\.\d % +-\d+\.\d % +-\d+\.\d % +harmed/);
    expect(text).toMatch(/formula \(control\) +active-days +\d+ +3\.\d+ +- +- +- +-/);
  });

  it('gives each of several variations its part of alpha', () => {
    const three = new Map([...outcomes.byVariation, ['third', outcomes.byVariation.get('formula')!]]);
    const width = (found: ReturnType<typeof reportOf>): number => {
      const { low, high } = found.variations[1]!.metrics[0]!.lift!.difference;
      return high - low;
    };
    const [two, more] = [reportOf(outcomes, OPTIONS), reportOf({ ...outcomes, byVariation: three }, OPTIONS)];
    expect(width(more)).toBeGreaterThan(width(two));
    expect(width(reportOf(outcomes, { ...OPTIONS, alpha: 0.025 }))).toBeCloseTo(width(more), 12);
  });

  it('refuses a control and weights that do not fit', () => {
    expect(() => reportOf(outcomes, { ...OPTIONS, control: 'best' })).toThrow(/no learner of the variation "best"/);
    expect(() => reportOf(outcomes, { ...OPTIONS, weights: [1, 1, 1] })).toThrow(/3 weights for 2 variations: control, formula/);
  });
});
