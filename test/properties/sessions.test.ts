/** Sessions against chains of events with steps of at most the gap. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sessions, type Records } from '../../operators/index.js';
import { toAsides, type Event } from '../operators/pipelines.js';
import { scenario } from './arbitraries.js';
import { aggregates } from './everyAggregate.js';
import { forAll } from './forAll.js';
import { poisoned, sane } from './oracles/poison.js';
import { chainsOf, sessionsOnClose, sessionsWithLate, type SessionSpec } from './oracles/sessions.js';
import { arrivedByKey, sortedByKey, turnsOf, type Arrived } from './oracles/time.js';
import { expectNothingKept, expectedOf, outcomeOf, refuseThirds, underTest, withoutThirds } from './outcome.js';

const specs: fc.Arbitrary<SessionSpec> = fc.record({ gapMs: fc.integer({ min: 1, max: 12 }), graceMs: fc.integer({ min: 0, max: 10 }) });

const bySession = (spec: SessionSpec) => (source: Records<string, Event>) =>
  source.pipe(sessions('sessions', { ...spec, late: toAsides }, aggregates));

const ofChains = (key: string, events: readonly Arrived[], { gapMs }: SessionSpec) => sessionsOnClose(key, chainsOf(events, gapMs));

describe('sessions', () => {
  it('give the aggregates of each chain of events, whatever their order within the lateness', () =>
    forAll(specs, scenario(), async (spec, run) => {
      const found = await outcomeOf(underTest(run.latenessMs, bySession(spec)), run);
      expect(found.results).toEqual(expectedOf(sortedByKey(run.events), (key, events) => ofChains(key, events, spec)));
      expect(found.asides).toEqual(new Map());
    }));

  it('send an event to the late route that could only belong to a closed session, and keep neither failing records nor closed sessions', () =>
    forAll(specs, scenario({ stragglers: true, poison: true }), async (spec, run) => {
      const found = await outcomeOf(underTest(run.latenessMs, bySession(spec)), run);
      const turns = turnsOf(run);
      const arrived = arrivedByKey(sane(turns));
      expect(found.results).toEqual(expectedOf(arrived, (key, events) => sessionsWithLate(key, events, spec).results));
      expect(found.asides).toEqual(expectedOf(arrived, (key, events) => sessionsWithLate(key, events, spec).late));
      expect(found.dead).toEqual(poisoned(turns));
      expectNothingKept(found, 'sessions/sessions');
    }));

  it('leave out only the results for which a later operator throws', () =>
    forAll(specs, scenario(), async (spec, run) => {
      const found = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(bySession(spec), refuseThirds())),
        run,
      );
      const all = [...sortedByKey(run.events)].flatMap(([key, events]) => ofChains(key, events, spec));
      expect(found.results).toEqual(expectedOf(sortedByKey(run.events), (key, events) => withoutThirds(ofChains(key, events, spec))));
      expect(found.dead.length).toBe(all.length - withoutThirds(all).length);
    }));
});
