import { describe, expect, it } from 'vitest';
import { decide, formulaModels, type DecisionLookups } from '../../operators/recommend/index.js';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { learnerId, topics, type Topic } from '../../schemas/index.js';
import curricula from '../../topologies/curricula.js';
import learnerActivity from '../../topologies/learner-activity.js';
import learnerContexts from '../../topologies/learner-contexts.js';
import recommendations from '../../topologies/recommendations.js';
import { EMPTY, argumentsOf, place, trend, use } from '../operators/recommend/worlds.js';
import { HOUR_MS, at, click } from './clicks.js';
import { catalogueItem, profile, statement, type ProfileParts } from './statements.js';

const OF_PEOPLE = [learnerActivity, learnerContexts, curricula, recommendations];
const education = { segments: { education: 'HE' } };

/** What a decision is told of a learner beside the context, as a trap: any look at it fails. */
function trapped<State extends object>(state: State): State {
  const told = ['histories', 'skills', 'engagement'];
  const look = (name: string): never => {
    throw new Error(`looked at ${name}`);
  };
  return Object.defineProperties({ ...state }, Object.fromEntries(told.map((name) => [name, { get: () => look(name) }])));
}

/** Tables that tell which keys were looked up in them. */
function watched(lookups: DecisionLookups): { readonly lookups: DecisionLookups; readonly seen: { segments: string[]; batch: string[] } } {
  const seen: { segments: string[]; batch: string[] } = { segments: [], batch: [] };
  const watching = <K extends string, V>(rows: ReadonlyMap<K, V>, keys: string[]): ReadonlyMap<K, V> => {
    const copy = new Map(rows);
    copy.get = (key) => {
      keys.push(key);
      return rows.get(key);
    };
    return copy;
  };
  return { lookups: { ...lookups, segments: watching(lookups.segments, seen.segments), batch: watching(lookups.batch, seen.batch) }, seen };
}

/** Promises of everybody who writes a source: nothing of an event time before `toMs` comes any more. */
function clock(driver: TopologyTestDriver, toMs: number): void {
  const written = [topics.clicks, topics.lmsEvents, topics.profiles, topics.catalogue] as readonly Topic<string, unknown>[];
  for (const topic of written) driver.input(topic).sendMarker(toMs);
}

/** A learner who agreed and used an item says something after three hours, and uses another one after it. */
async function afterSaying(said: readonly (readonly [ProfileParts, number])[], look: (driver: TopologyTestDriver) => void): Promise<void> {
  await testTopology(OF_PEOPLE, { partitions: 1, nowMs: at(60) }, async (driver) => {
    driver.input(topics.catalogue).sendAll(['i1', 'i2', 'i3'].map((item) => catalogueItem(item, at(-20))));
    driver.input(topics.lmsEvents).send(statement('ENROLLED', 'ada', at(-10)));
    driver.input(topics.profiles).sendAll([profile('ada', at(-10), education), ...said.map(([parts, ms]) => profile('ada', at(0, ms), parts))]);
    driver.input(topics.clicks).sendAll([click('ada', at(0, 1), { item: 'i1' }), click('ada', at(0, 5 * HOUR_MS), { item: 'i2' })]);
    clock(driver, at(1));
    await driver.run();
    look(driver);
    expect(driver.deadLetters()).toEqual([]);
  });
}

/** Decisions from an instant of the first day on: the event time, the segment, and whether the opened item is known as such. */
const decisionsFrom = (driver: TopologyTestDriver, ms: number) =>
  driver
    .output(topics.recommendations)
    .of(learnerId('ada'))
    .filter(({ timestamp }) => timestamp >= at(0, ms))
    .map(({ value }) => value!.personal.courses.map(({ segment, new: fresh }) => [segment, fresh.some(({ item }) => item === 'i1')]));

describe('a learner without consent', () => {
  it('is decided for without a look at anything that is known of them but their courses', () => {
    const world = { ...EMPTY, trends: [trend('a', 3)], places: [place('b')], uses: [use('a', 1)] };
    const options = { models: formulaModels, region: 'test', topologyVersion: 1, validForMs: 1, loggedShare: 1 };
    const decisionFor = (consent: boolean) => {
      const { moment, lookups } = argumentsOf(world, { consent, segment: 'he' });
      return decide({ ...moment, state: trapped(moment.state) }, lookups, options);
    };
    expect(() => decisionFor(true)).toThrow('looked at histories');
    const { recommendation, log } = decisionFor(false);
    expect(log).toEqual([]);
    expect(recommendation.personal.courses.map(({ segment, next }) => [segment, next.length > 0])).toEqual([['', true]]);
  });

  it('has no row of a segment looked up, nor of the daily batch', () => {
    const world = { ...EMPTY, trends: [trend('a', 3)], places: [place('b')], uses: [use('a', 1)] };
    const options = { models: formulaModels, region: 'test', topologyVersion: 1, validForMs: 1 };
    const seenBy = (consent: boolean) => {
      const { moment, lookups } = argumentsOf(world, { consent, segment: 'he' });
      const { lookups: tables, seen } = watched(lookups);
      decide(moment, tables, options);
      return seen;
    };
    const ofSegment = (keys: readonly string[]): string[] => keys.filter((key) => key.includes('he'));
    const [agreed, refused] = [seenBy(true), seenBy(false)];
    expect([ofSegment(agreed.segments).length > 0, agreed.batch.length > 0]).toEqual([true, true]);
    expect([ofSegment(refused.segments), refused.batch]).toEqual([[], []]);
  });
});

describe('what a learner says of the use of their data', () => {
  it.each([
    ['a withdrawn consent', { ...education, consent: false }],
    ['an objection, whatever the consent', { ...education, objects: true }],
  ])('holds from that instant on: %s', async (_, parts) => {
    await afterSaying([[parts, 3 * HOUR_MS]], (driver) => {
      expect(decisionsFrom(driver, 0)[0]).toEqual([['he', false]]);
      const after = decisionsFrom(driver, 3 * HOUR_MS);
      expect(after.length).toBeGreaterThan(0);
      for (const courses of after) expect(courses).toEqual([['', true]]);
      const { state } = driver.rows<{ state: Record<string, unknown> }>('learner/state').get('ada')!;
      expect([state.histories, state.skills, state.engagement]).toEqual([[], [], null]);
    });
  });

  it('outlives a profile that says nothing of it, until it is taken back', async () => {
    const said = [
      [{ ...education, objects: true }, 2 * HOUR_MS],
      [education, 3 * HOUR_MS],
      [{ ...education, objects: false }, 8 * HOUR_MS],
    ] as const;
    await afterSaying(said, (driver) => {
      expect(decisionsFrom(driver, 3 * HOUR_MS)[0]).toEqual([['', true]]);
      expect(decisionsFrom(driver, 8 * HOUR_MS)[0]).toEqual([['he', true]]);
    });
  });

  it('ends all decisions where data may only be kept: the lists become empty, until it is lifted', async () => {
    const said = [
      [{ ...education, restricted: true }, 3 * HOUR_MS],
      [education, 4 * HOUR_MS],
      [{ ...education, restricted: false }, 8 * HOUR_MS],
    ] as const;
    await afterSaying(said, (driver) => {
      const during = decisionsFrom(driver, 3 * HOUR_MS);
      expect(during.filter((courses) => courses.length === 0).length).toBeGreaterThan(0);
      expect(during.findIndex((courses) => courses.length > 0)).toBe(during.filter((courses) => courses.length === 0).length);
      expect(decisionsFrom(driver, 8 * HOUR_MS)[0]).toEqual([['he', true]]);
      expect(decisionsFrom(driver, 3 * HOUR_MS + 1).filter((courses) => courses.length > 0)).toEqual(decisionsFrom(driver, 8 * HOUR_MS));
    });
  });
});
