/** Recommendations under experiments: a learner is assigned when something is ranked for them, stays where they are, and is exposed once in a while. */
import { describe, expect, it } from 'vitest';
import { describe as graphOf } from '../../operators/graph.js';
import type { Models } from '../../operators/ports/models.js';
import { formulaModels, formulaRanker } from '../../operators/recommend/index.js';
import { experimentsOf, readPayload } from '../../runtime/experiments/index.js';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { learnerId, topics, type ExperimentExposure, type Recommendation, type Opened, type Topic } from '../../schemas/index.js';
import recommendations, { recommendationsTopology } from '../../topologies/recommendations.js';
import { fullPayload, rankerPayload } from '../runtime/experiments/payloads.js';
import { HOUR_MS, at } from './clicks.js';
import { contextOf, curriculumOf, hourOf, trendOf, type Told } from './learning.js';

const ITEMS = ['a', 'b', 'c', 'd', 'e'];
const ENROLLED = at(-1, 23 * HOUR_MS);
const LEARNERS = Array.from({ length: 6 }, (_, n) => `learner-${n}`);
const inExperiments = recommendations.inExperiments!;

const opened = (payload: unknown) => experimentsOf(readPayload(JSON.stringify(payload), 'test').text);

/** A model that likes what the formula likes least, under the payloads from their instants on. */
function modelsUnder(...payloads: readonly (readonly [fromMs: number, payload: unknown])[]): Models {
  const base = formulaModels.at(0);
  const score: typeof formulaRanker.score = (matrix) => {
    const { next } = formulaRanker.score(matrix);
    const turned = next.map((one) => -one);
    return { next: turned, new: turned };
  };
  const straight = { ...base, version: 'straight', ranker: { ...formulaRanker, version: 'straight' } };
  const named = (number: string) => (number === '7' ? straight : undefined);
  const model = { ...base, version: 'turned', ranker: { ...formulaRanker, version: 'turned', score }, named };
  const read = payloads.map(([fromMs, payload]) => ({ fromMs, experiments: opened(payload) }));
  return {
    at: (timeMs) => {
      const found = read.findLast(({ fromMs }) => fromMs <= timeMs);
      return found === undefined ? model : { ...model, experiments: found.experiments };
    },
  };
}

function tell<V>(driver: TopologyTestDriver, topic: Topic<string, V>, ...told: readonly Told<V>[]): void {
  for (const [value, atMs] of told) driver.input(topic).send(value, { atMs });
}

/** Learners of a course who use something on each of some days. */
function aCourse(driver: TopologyTestDriver, learners: readonly string[], studyDays: readonly number[], consent = true): void {
  tell(driver, topics.curricula, curriculumOf(at(-30), ITEMS));
  tell(driver, topics.cohortTrends, trendOf(at(0), ITEMS));
  tell(driver, topics.learnerContexts, ...learners.map((learner) => contextOf(learner, ENROLLED, { consent })));
  for (const day of studyDays) tell(driver, topics.learnerActivity, ...learners.map((learner) => hourOf(learner, at(day), ['c', 'a'])));
}

type Lists = Opened<Recommendation>;
const recordsOf = (driver: TopologyTestDriver, learner: string): Lists[] =>
  driver
    .output(topics.recommendations)
    .of(learnerId(learner))
    .flatMap(({ value }) => value ?? []);
const exposuresOf = (driver: TopologyTestDriver, learner: string): ExperimentExposure[] =>
  driver
    .output(topics.experimentExposures)
    .of(learnerId(learner))
    .flatMap(({ value }) => value ?? []);
const lastNew = (records: readonly Lists[]): string =>
  records
    .at(-1)!
    .personal.courses[0]!.new.map(({ item }) => item)
    .join('');
const isProfiled = ({ variant }: Lists): boolean => variant !== '';

describe('recommendations under experiments', () => {
  it('rank by the variation of each learner, and say which it was', { timeout: 120_000 }, async () => {
    await testTopology(inExperiments, { partitions: 1, models: modelsUnder([-Infinity, rankerPayload()]) }, async (driver) => {
      aCourse(driver, LEARNERS, [0]);
      await driver.advanceWatermark(at(0, 2 * HOUR_MS));
      const found = LEARNERS.map((learner) => recordsOf(driver, learner).filter(isProfiled).at(-1)!);
      expect(
        new Set(
          found.map(
            ({ variant, modelVersion, personal }) => `${variant} ${modelVersion} ${personal.courses[0]!.new.map(({ item }) => item).join('')}`,
          ),
        ),
      ).toEqual(new Set(['ranker:control turned edb', 'ranker:formula formula-2+turned bde']));
      expect(found[0]!.topologyVersion).toBe(3);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('rank by the version of the model that a variation names, and by what decides where there is none of this number', async () => {
    const payload = rankerPayload({ variations: ['model', 'version:7', 'version:8'], weights: [0.4, 0.3, 0.3], meta: [{}, {}, {}] });
    await testTopology(inExperiments, { partitions: 1, models: modelsUnder([-Infinity, payload]) }, async (driver) => {
      const learners = Array.from({ length: 12 }, (_, n) => `learner-${n}`);
      aCourse(driver, learners, [0]);
      await driver.advanceWatermark(at(0, 2 * HOUR_MS));
      const found = learners.map((learner) => recordsOf(driver, learner).filter(isProfiled).at(-1)!);
      const told = found.map((one) => `${one.variant} ${one.modelVersion} ${lastNew([one])}`);
      expect(new Set(told)).toEqual(new Set(['ranker:0 turned edb', 'ranker:1 straight bde', 'ranker:2 turned edb']));
      const exposures = learners.flatMap((learner) => exposuresOf(driver, learner));
      expect(new Set(exposures.map(({ variation, modelVersion }) => `${variation} ${modelVersion}`))).toEqual(
        new Set(['0 turned', '1 straight', '2 turned']),
      );
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('expose a learner with the first ranked decision, and again after a week', async () => {
    await testTopology(inExperiments, { partitions: 1, models: modelsUnder([-Infinity, fullPayload()]) }, async (driver) => {
      aCourse(driver, ['ada'], [0, 3, 8]);
      await driver.advanceWatermark(at(8, 2 * HOUR_MS));
      const ranked = recordsOf(driver, 'ada').filter(isProfiled);
      // Before they used anything, nothing was ranked.
      expect(recordsOf(driver, 'ada').length).toBeGreaterThan(ranked.length);
      const exposures = exposuresOf(driver, 'ada');
      const keys = ranked[0]!.variant.split(',');
      expect(keys).toHaveLength(2);
      expect(exposures.map(({ experiment, variation }) => `${experiment}:${variation}`)).toEqual([...keys, ...keys]);
      expect(exposures.map(({ exposedAtMs }) => exposedAtMs)).toEqual([0, 0, 8, 8].map((day) => at(day, HOUR_MS - 1)));
      expect(exposures[0]).toMatchObject({ learner: 'ada', region: 'test', topologyVersion: 3, modelVersion: ranked[0]!.modelVersion });
    });
  });

  it('keep a learner in a variation when the shares change', async () => {
    const before = opened(rankerPayload());
    const sticky = (learner: string): string =>
      before.assign({ id: learner, region: 'test', courses: [], cohorts: [] }, {}).assignments[0]!.variation;
    const moved = LEARNERS.find((learner) => sticky(learner) === 'control')!;
    const models = modelsUnder([-Infinity, rankerPayload()], [at(2), rankerPayload({ weights: [0, 1] })]);
    await testTopology(inExperiments, { partitions: 1, models }, async (driver) => {
      aCourse(driver, [moved], [0, 3]);
      tell(driver, topics.learnerContexts, contextOf('late', at(2)));
      tell(driver, topics.learnerActivity, hourOf('late', at(3), ['b']));
      await driver.advanceWatermark(at(3, 2 * HOUR_MS));
      expect(
        new Set(
          recordsOf(driver, moved)
            .filter(isProfiled)
            .map(({ variant }) => variant),
        ),
      ).toEqual(new Set(['ranker:control']));
      expect(recordsOf(driver, 'late').at(-1)!.variant).toBe('ranker:formula');
    });
  });

  it('assign nobody who does not agree to profiling, and forget who no longer does', async () => {
    await testTopology(inExperiments, { partitions: 1, models: modelsUnder([-Infinity, rankerPayload()]) }, async (driver) => {
      aCourse(driver, ['ada'], [0], false);
      aCourse(driver, ['bob'], [0]);
      tell(driver, topics.learnerContexts, contextOf('bob', at(1), { consent: false }));
      await driver.advanceWatermark(at(2));
      expect(exposuresOf(driver, 'ada')).toEqual([]);
      expect(recordsOf(driver, 'ada').some(isProfiled)).toBe(false);
      expect(exposuresOf(driver, 'bob')).toHaveLength(1);
      expect(recordsOf(driver, 'bob').at(-1)!.variant).toBe('');
    });
  });

  it('are those without experiments where there are none, but for the version and what hangs on it', async () => {
    const lists: string[] = [];
    for (const topology of [recommendationsTopology({ explorationShare: 0 }), recommendationsTopology({ explorationShare: 0, experiments: true })])
      await testTopology(topology, { partitions: 1, models: modelsUnder() }, async (driver) => {
        aCourse(driver, ['ada'], [0, 1]);
        await driver.advanceWatermark(at(2));
        lists.push(JSON.stringify(recordsOf(driver, 'ada').map(({ topologyVersion: _, ...rest }) => rest)));
        expect(lastNew(recordsOf(driver, 'ada'))).toBe('edb');
      });
    expect(lists[2]).toBe(lists[0]);
    expect(new Set(lists).size).toBe(1);
  });

  it('have other operators than production, and so another version', () => {
    const [production, experiments] = [graphOf(recommendations), graphOf(inExperiments)];
    expect([production.version, experiments.version]).toEqual([2, 3]);
    const idsOf = ({ stages }: typeof production): string[] => stages.map(({ id }) => id);
    expect(idsOf(experiments).filter((id) => !idsOf(production).includes(id))).toEqual([
      'assigned',
      'decide-assigned',
      'exposed',
      'to-experiment-exposures',
    ]);
    expect(idsOf(production).filter((id) => !idsOf(experiments).includes(id))).toEqual([]);
  });
});
