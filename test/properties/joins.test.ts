/** Interval joins against sets of pairs, and joins with tables against look-ups at a place of the task's merge order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinAsOf, joinInterval, joinTable, lookup, topicSchema } from '../../operators/index.js';
import { events as eventTopic, others, toAsides, type Event } from '../operators/pipelines.js';
import { twoSided } from './arbitraries.js';
import { forAll } from './forAll.js';
import {
  globalTurns,
  joinedAsOf,
  joinedAtTurn,
  joinedWhenKnown,
  pairOf,
  pairs,
  twoSidedTurns,
  type IntervalSpec,
  type Joined,
  type Sided,
} from './oracles/joins.js';
import { poisoned, sane } from './oracles/poison.js';
import type { Turn } from './oracles/time.js';
import { isInTime, lateLine } from './oracles/windows.js';
import { expectNothingKept, expected, refuseThirds, twoSidedOutcomeOf, underTestOfTwo, unordered, withoutThirds } from './outcome.js';

const value = topicSchema(eventTopic);
const punctual = twoSided();
const troubled = twoSided({ stragglers: true, poison: true });

describe('joinInterval', () => {
  const bound = fc.integer({ min: 0, max: 20 });
  const specs: fc.Arbitrary<IntervalSpec> = fc.record({ beforeMs: bound, afterMs: bound }).filter(({ beforeMs, afterMs }) => beforeMs + afterMs > 0);

  const joining = (spec: IntervalSpec, latenessMs: number) =>
    underTestOfTwo(latenessMs, (left, { source }, options) =>
      left.pipe(joinInterval('pairs', source(others, options), { ...spec, left: value, right: value, late: toAsides }, pairOf)),
    );

  it('gives each pair within the interval once, whatever the order within the lateness', () =>
    forAll(specs, punctual, async (spec, run) => {
      const found = await twoSidedOutcomeOf(joining(spec, run.latenessMs), run, 'stream');
      expect(unordered(found.results)).toEqual(unordered(expected(pairs(run.left, run.right, spec))));
      expect(found.asides).toEqual(new Map());
    }));

  it('pairs all that is not late, sends what is along the late route, and keeps neither failing records nor those that are past', () =>
    forAll(specs, troubled, async (spec, run) => {
      const found = await twoSidedOutcomeOf(joining(spec, run.latenessMs), run, 'stream');
      const turns = twoSidedTurns(run);
      const arrived = sane(turns)
        .flat()
        .flatMap(({ event, watermarkMs }) => (event === null ? [] : [{ ...event, watermarkMs }]));
      const inTime = arrived.filter((event) => isInTime(event, 0));
      const of = (side: Sided['side']) => inTime.filter((event) => event.side === side);
      expect(unordered(found.results)).toEqual(unordered(expected(pairs(of('left'), of('right'), spec))));
      expect(found.asides).toEqual(expected(arrived.filter((event) => !isInTime(event, 0)).map((event) => lateLine(event.key, event, 'pairs'))));
      expect(found.dead).toEqual(poisoned(turns));
      expectNothingKept(found, 'pairs/held');
    }));
});

/** Results and misses of every task. */
const ofTasks = (tasks: readonly (readonly Turn<Sided>[])[], join: (turns: readonly Turn<Sided>[]) => Joined) => {
  const all = tasks.map(join);
  return { results: expected(all.flatMap(({ results }) => results)), asides: expected(all.flatMap(({ misses }) => misses)) };
};

describe('joinTable', () => {
  it('joins each record with the row of its key after all updates that come before it in the merge order', () =>
    forAll(fc.constant(null), troubled, async (_, run) => {
      const topology = underTestOfTwo(run.latenessMs, (left, { table }, options) =>
        left.pipe(joinTable('row', table(others, options), { miss: toAsides }, pairOf)),
      );
      const found = await twoSidedOutcomeOf(topology, run, 'table');
      const turns = twoSidedTurns(run);
      expect(found).toMatchObject(ofTasks(sane(turns), (task) => joinedAtTurn(task, (event) => event.key)));
      expect(found.dead).toEqual(poisoned(turns));
    }));
});

describe('lookup', () => {
  const otherKey = (event: Event): string => ({ a: 'b', b: 'c', c: 'd' })[event.key] ?? 'a';

  it('joins each record with any row of the whole table, after all updates that come before it in the merge order', () =>
    forAll(fc.constant(null), troubled, async (_, run) => {
      const topology = underTestOfTwo(run.latenessMs, (left, { globalTable }, options) =>
        left.pipe(lookup('row', globalTable(others, options), { key: otherKey, miss: toAsides }, pairOf)),
      );
      const found = await twoSidedOutcomeOf(topology, run, 'table');
      const turns = globalTurns(run);
      expect(found).toMatchObject(ofTasks(sane(turns), (task) => joinedAtTurn(task, otherKey)));
      expect(found.dead).toEqual(poisoned(turns));
    }));
});

describe('joinAsOf', () => {
  const lags = fc.integer({ min: 0, max: 12 });

  const joining = (lagMs: number, latenessMs: number, failing = false) =>
    underTestOfTwo(latenessMs, (left, { versionedTable }, options) => {
      const joined = left.pipe(joinAsOf('version', versionedTable(others, options), { value, lagMs, miss: toAsides }, pairOf));
      return failing ? joined.pipe(refuseThirds()) : joined;
    });

  it('joins each record with the version that held at t - lag, whatever the order within the lateness', () =>
    forAll(lags, punctual, async (lagMs, run) => {
      const found = await twoSidedOutcomeOf(joining(lagMs, run.latenessMs), run, 'table');
      const { results, misses } = joinedAsOf(run.left, run.right, lagMs);
      expect(unordered(found.results)).toEqual(unordered(expected(results)));
      expect(unordered(found.asides)).toEqual(unordered(expected(misses)));
    }));

  it('lets the records of a key go in order of event time where none is known at once', () =>
    forAll(fc.constant(0), punctual, async (lagMs, run) => {
      const found = await twoSidedOutcomeOf(joining(lagMs, run.latenessMs), run, 'table');
      const { results, misses } = joinedAsOf(run.left, run.right, lagMs);
      expect(found).toMatchObject({ results: expected(results), asides: expected(misses) });
    }));

  it('waits no longer than the watermark tells: what is late finds the versions that have come', () =>
    forAll(lags, troubled, async (lagMs, run) => {
      const found = await twoSidedOutcomeOf(joining(lagMs, run.latenessMs), run, 'table');
      const turns = twoSidedTurns(run);
      expect(found).toMatchObject(ofTasks(sane(turns), (task) => joinedWhenKnown(task, lagMs)));
      expect(found.dead).toEqual(poisoned(turns));
      expectNothingKept(found, 'version/waiting');
    }));

  it('leaves out only the results for which a later operator throws', () =>
    forAll(lags, punctual, async (lagMs, run) => {
      const found = await twoSidedOutcomeOf(joining(lagMs, run.latenessMs, true), run, 'table');
      const { results, misses } = joinedAsOf(run.left, run.right, lagMs);
      expect(unordered(found.results)).toEqual(unordered(expected(withoutThirds(results))));
      expect(unordered(found.asides)).toEqual(unordered(expected(misses)));
      expect(found.dead.length).toBe(results.length - withoutThirds(results).length);
    }));
});
