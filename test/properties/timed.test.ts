/** Operators that wait for a time: debounce, and the ticks of keys that fell silent. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { debounce, everySilent, topicSchema, type Records } from '../../operators/index.js';
import { event, events as eventTopic, type Event, type Line } from '../operators/pipelines.js';
import { scenario, type Scenario } from './arbitraries.js';
import { forAll } from './forAll.js';
import { poisoned, sane } from './oracles/poison.js';
import { arrivedByKey, sortedByKey, turnsOf } from './oracles/time.js';
import { debounced, lastOfIntervals, ticks, ticksOf, type SilenceSpec } from './oracles/timed.js';
import { expectNothingKept, expected, expectedOf, outcomeOf, refuseThirds, underTest, unordered, withoutThirds } from './outcome.js';

const troubled = scenario({ stragglers: true, poison: true });
const value = topicSchema(eventTopic);
const lineOf = ({ key, atMs, n, tag }: Event): Line => [key, atMs, { key, atMs, n, tag }];

describe('debounce', () => {
  const intervals = fc.integer({ min: 1, max: 25 });
  const calm = (intervalMs: number) => debounce<string, Event>('calm', { intervalMs, value });
  const lastOnes = (events: readonly Event[], intervalMs: number): Line[] => lastOfIntervals(events, intervalMs).map(lineOf);

  it('gives the last event of each interval of a key, whatever the order within the lateness', () =>
    forAll(intervals, scenario(), async (intervalMs, run) => {
      const { results } = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(calm(intervalMs))),
        run,
      );
      expect(results).toEqual(expectedOf(sortedByKey(run.events), (_, events) => lastOnes(events, intervalMs)));
    }));

  it('passes an event at once whose interval is over, and keeps neither failing records nor intervals that are over', () =>
    forAll(intervals, troubled, async (intervalMs, run) => {
      const found = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(calm(intervalMs))),
        run,
      );
      expect(found.results).toEqual(expectedOf(arrivedByKey(sane(turnsOf(run))), (_, events) => debounced(events, intervalMs).map(lineOf)));
      expect(found.dead).toEqual(poisoned(turnsOf(run)));
      expectNothingKept(found, 'calm/held');
    }));

  it('leaves out only the results for which a later operator throws', () =>
    forAll(intervals, scenario(), async (intervalMs, run) => {
      const found = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(calm(intervalMs), refuseThirds())),
        run,
      );
      const all = [...sortedByKey(run.events).values()].flatMap((events) => lastOnes(events, intervalMs));
      expect(found.results).toEqual(expected(withoutThirds(all)));
      expect(found.dead.length).toBe(all.length - withoutThirds(all).length);
    }));
});

/** A run of events of one key without trouble, to keep what once failed. */
const plainRun = (latenessMs: number, times: readonly number[]): Scenario => ({
  latenessMs,
  events: times.map((atMs) => event('a', atMs)),
  stops: [],
  schedule: { partitions: 1, maxRecords: 1_000, mostRead: 1_000, crashes: [] },
});

describe('everySilent', () => {
  const specs: fc.Arbitrary<SilenceSpec> = fc.record({ everyMs: fc.integer({ min: 1, max: 20 }), forMs: fc.integer({ min: 1, max: 60 }) });
  /** A record at the time of a tick; one that came before the watermark reached the tick; one between two that do not tick. */
  const onceFailed: [SilenceSpec, Scenario][] = [
    [{ everyMs: 1, forMs: 1 }, plainRun(1, [0, 1, 5])],
    [{ everyMs: 1, forMs: 1 }, plainRun(2, [-4, -2])],
    [{ everyMs: 2, forMs: 6 }, plainRun(3, [0, 5, 6])],
    [{ everyMs: 2, forMs: 6 }, plainRun(9, [5, 6, 0])],
  ];
  const ticking = (spec: SilenceSpec) => (source: Records<string, Event>) => source.pipe(everySilent('silent', { ...spec, value }));

  it('repeats the last event of a key at t + n * every as long as nothing else has come by then, whatever the order within the lateness', () =>
    forAll(
      specs,
      scenario(),
      async (spec, run) => {
        const { results } = await outcomeOf(underTest(run.latenessMs, ticking(spec)), run);
        expect(unordered(results)).toEqual(unordered(expectedOf(sortedByKey(run.events), (key, events) => ticks(key, events, spec))));
      },
      onceFailed,
    ));

  it('ticks in the order of the watermark, forgets a key whose ticks are over, and keeps nothing of failing records', () =>
    forAll(specs, troubled, async (spec, run) => {
      const found = await outcomeOf(underTest(run.latenessMs, ticking(spec)), run);
      const lines = sane(turnsOf(run)).flatMap((task) => [...arrivedByKey([task]).keys()].flatMap((key) => ticksOf(key, task, spec)));
      expect(found.results).toEqual(expected(lines));
      expect(found.dead).toEqual(poisoned(turnsOf(run)));
      expectNothingKept(found, 'silent/last');
    }));

  it('goes on ticking after a tick for which a later operator throws', () =>
    forAll(specs, scenario(), async (spec, run) => {
      const found = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(ticking(spec), refuseThirds())),
        run,
      );
      // An event that fails itself is undone, and with it its ticks.
      const sound = run.events.filter((event) => withoutThirds([lineOf(event)]).length > 0);
      const lines = [...sortedByKey(sound)].flatMap(([key, events]) => ticks(key, events, spec));
      expect(unordered(found.results)).toEqual(unordered(expected(withoutThirds(lines))));
      expect(found.dead.length).toBe(run.events.length - sound.length + lines.length - withoutThirds(lines).length);
    }));
});
