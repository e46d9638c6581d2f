/** What windows publish before they close: on update, and at intervals. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { debounced, hopping, onUpdate, type WindowResult } from '../../operators/index.js';
import { toAsides, type Line } from '../operators/pipelines.js';
import { scenario } from './arbitraries.js';
import { aggregates } from './everyAggregate.js';
import { forAll } from './forAll.js';
import { poisoned, sane } from './oracles/poison.js';
import { arrivedByKey, sortedByKey, turnsOf } from './oracles/time.js';
import { late, onClose, onInterval, onUpdate as updates, type WindowSpec } from './oracles/windows.js';
import { expected, expectedOf, outcomeOf, underTest } from './outcome.js';

const specs: fc.Arbitrary<WindowSpec> = fc
  .record({ sizeMs: fc.integer({ min: 1, max: 24 }), advanceMs: fc.integer({ min: 1, max: 24 }), graceMs: fc.integer({ min: 0, max: 10 }) })
  .map((spec) => ({ ...spec, advanceMs: ((spec.advanceMs - 1) % spec.sizeMs) + 1 }));

/** The results that are, or are not, final. */
function finalOnes(results: ReadonlyMap<string, readonly Line[]>, final: boolean): Map<string, Line[]> {
  const lines = [...results.values()].flat();
  return expected(lines.filter(([, , value]) => (value as WindowResult<unknown>).final === final));
}

/** Each window of a key at most once in each interval [k * every, (k + 1) * every). */
function expectOncePerInterval(results: ReadonlyMap<string, readonly Line[]>, everyMs: number): void {
  for (const lines of results.values()) {
    const places = lines.map(
      ([, atMs, value]) => `interval ${Math.floor(atMs / everyMs)}, window ${(value as WindowResult<unknown>).window.startMs}`,
    );
    expect(new Set(places).size).toBe(places.length);
  }
}

describe('on update', () => {
  it('publishes, after each event, every open window that holds it with the events so far', () =>
    forAll(specs, scenario({ stragglers: true, poison: true }), async (spec, run) => {
      const topology = underTest(run.latenessMs, (source) =>
        source.pipe(hopping('windows', { ...spec, emit: onUpdate(), late: toAsides }, aggregates)),
      );
      const found = await outcomeOf(topology, run);
      const turns = turnsOf(run);
      const arrived = arrivedByKey(sane(turns));
      expect(found.results).toEqual(expectedOf(arrived, (key, events) => updates(key, events, spec)));
      expect(found.asides).toEqual(expectedOf(arrived, (key, events) => late(key, events, spec, 'windows')));
      expect(found.dead).toEqual(poisoned(turns));
    }));

  it('ends, for each window, with the aggregates of all events in it', () =>
    forAll(specs, scenario(), async (spec, run) => {
      const topology = underTest(run.latenessMs, (source) =>
        source.pipe(hopping('windows', { ...spec, emit: onUpdate(), late: toAsides }, aggregates)),
      );
      const { results } = await outcomeOf(topology, run);
      const lastOnes = [...results].flatMap(([key, lines]) => {
        const values = lines.map(([, , value]) => value as WindowResult<{ readonly last: number }>);
        const byEnd = new Map(values.map(({ window, value }) => [window.endMs, value] as const));
        return [...byEnd].sort(([a], [b]) => a - b).map(([endMs, value]): Line => [key, endMs - 1, value]);
      });
      const closed = expectedOf(sortedByKey(run.events), (key, events) => onClose(key, events, spec));
      const ofAll = [...closed.values()].flat().map(([key, atMs, result]): Line => [key, atMs, (result as WindowResult<unknown>).value]);
      expect(expected(lastOnes)).toEqual(expected(ofAll));
    }));
});

describe('at intervals', () => {
  const intervalMs = fc.integer({ min: 1, max: 20 });
  const withInterval = fc.tuple(specs, intervalMs);

  it('publishes the windows that changed, with the events so far, and each window once more, for good, when it closes', () =>
    forAll(withInterval, scenario({ stragglers: true, poison: true }), async ([spec, everyMs], run) => {
      const topology = underTest(run.latenessMs, (source) =>
        source.pipe(hopping('windows', { ...spec, emit: debounced(everyMs), late: toAsides }, aggregates)),
      );
      const found = await outcomeOf(topology, run);
      const turns = sane(turnsOf(run));
      const early = turns.flatMap((task) => [...arrivedByKey([task]).keys()].flatMap((key) => onInterval(key, task, spec, everyMs)));
      expect(finalOnes(found.results, false)).toEqual(expected(early));
      expect(finalOnes(found.results, true)).toEqual(expectedOf(arrivedByKey(turns), (key, events) => onClose(key, events, spec)));
      expect(found.dead).toEqual(poisoned(turnsOf(run)));
      expectOncePerInterval(finalOnes(found.results, false), everyMs);
    }));
});
