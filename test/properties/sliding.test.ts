/** Sliding windows against sets of events: (t - size, t] for every event time t. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sliding, type Records } from '../../operators/index.js';
import { toAsides, type Event } from '../operators/pipelines.js';
import { scenario } from './arbitraries.js';
import { aggregates } from './everyAggregate.js';
import { forAll } from './forAll.js';
import { poisoned, sane } from './oracles/poison.js';
import { arrivedByKey, sortedByKey, turnsOf } from './oracles/time.js';
import { isInTime, lateLine, slidingOnClose } from './oracles/windows.js';
import { expectNothingKept, expectedOf, outcomeOf, refuseThirds, underTest, withoutThirds } from './outcome.js';

interface SlidingSpec {
  readonly sizeMs: number;
  readonly graceMs: number;
}

const specs: fc.Arbitrary<SlidingSpec> = fc.record({ sizeMs: fc.integer({ min: 1, max: 40 }), graceMs: fc.integer({ min: 0, max: 10 }) });

const windows = (spec: SlidingSpec) => (source: Records<string, Event>) => source.pipe(sliding('windows', { ...spec, late: toAsides }, aggregates));

describe('sliding', () => {
  it('gives, for each event time of a key, the aggregates of the events in the window that ends there, whatever their order within the lateness', () =>
    forAll(specs, scenario(), async (spec, run) => {
      const found = await outcomeOf(underTest(run.latenessMs, windows(spec)), run);
      expect(found.results).toEqual(expectedOf(sortedByKey(run.events), (key, events) => slidingOnClose(key, events, spec)));
      expect(found.asides).toEqual(new Map());
    }));

  it('sends an event behind its window to the late route, counts the others, and keeps neither failing records nor closed windows', () =>
    forAll(specs, scenario({ stragglers: true, poison: true }), async (spec, run) => {
      const found = await outcomeOf(underTest(run.latenessMs, windows(spec)), run);
      const turns = turnsOf(run);
      const arrived = arrivedByKey(sane(turns));
      expect(found.results).toEqual(expectedOf(arrived, (key, events) => slidingOnClose(key, events, spec)));
      const late = expectedOf(arrived, (key, events) =>
        events.filter((event) => !isInTime(event, spec.graceMs)).map((event) => lateLine(key, event, 'windows')),
      );
      expect(found.asides).toEqual(late);
      expect(found.dead).toEqual(poisoned(turns));
      expectNothingKept(found, 'windows/instants');
    }));

  it('leaves out only the results for which a later operator throws', () =>
    forAll(specs, scenario(), async (spec, run) => {
      const found = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(windows(spec), refuseThirds())),
        run,
      );
      const all = [...sortedByKey(run.events)].flatMap(([key, events]) => slidingOnClose(key, events, spec));
      expect(found.results).toEqual(expectedOf(sortedByKey(run.events), (key, events) => withoutThirds(slidingOnClose(key, events, spec))));
      expect(found.dead.length).toBe(all.length - withoutThirds(all).length);
    }));
});
