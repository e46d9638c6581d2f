/** Tumbling windows, hopping windows and window sets that publish on close, against sets of events: [k * advance, k * advance + size). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hopping, tumbling, windowSet, type Records } from '../../operators/index.js';
import { toAsides, type Event, type Line } from '../operators/pipelines.js';
import { scenario } from './arbitraries.js';
import { aggregates } from './everyAggregate.js';
import { forAll } from './forAll.js';
import { poisoned, sane } from './oracles/poison.js';
import { arrivedByKey, sortedByKey, turnsOf, type Arrived } from './oracles/time.js';
import { late, onClose, windowSetOnClose, type WindowSpec } from './oracles/windows.js';
import { expectNothingKept, expectedOf, outcomeOf, refuseThirds, underTest, withoutThirds } from './outcome.js';

type Operator = (source: Records<string, Event>) => Records<string, unknown>;

/** An operator of this family, and the windows that its contract promises. */
interface Family<S extends WindowSpec> {
  readonly name: string;
  readonly specs: fc.Arbitrary<S>;
  readonly operator: (spec: S) => Operator;
  readonly results: (key: string, events: readonly Arrived[], spec: S) => Line[];
}

const sizeMs = fc.integer({ min: 1, max: 24 });
const graceMs = fc.integer({ min: 0, max: 10 });

const tumblingWindows: Family<WindowSpec> = {
  name: 'tumbling',
  specs: fc.record({ sizeMs, graceMs }).map((spec) => ({ ...spec, advanceMs: spec.sizeMs })),
  operator: (spec) => tumbling('windows', { sizeMs: spec.sizeMs, graceMs: spec.graceMs, late: toAsides }, aggregates),
  results: onClose,
};

const hoppingWindows: Family<WindowSpec> = {
  name: 'hopping',
  specs: fc
    .record({ sizeMs, advanceMs: fc.integer({ min: 1, max: 24 }), graceMs })
    .map((spec) => ({ ...spec, advanceMs: ((spec.advanceMs - 1) % spec.sizeMs) + 1 })),
  operator: (spec) => hopping('windows', { ...spec, late: toAsides }, aggregates),
  results: onClose,
};

interface SetSpec extends WindowSpec {
  readonly sizesMs: Readonly<Record<string, number>>;
}

const windowSets: Family<SetSpec> = {
  name: 'windowSet',
  specs: fc
    .record({
      advanceMs: fc.integer({ min: 1, max: 12 }),
      multiples: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
      graceMs,
    })
    .map(({ advanceMs, multiples, ...rest }) => ({
      ...rest,
      advanceMs,
      sizeMs: advanceMs * Math.max(...multiples),
      sizesMs: Object.fromEntries(multiples.map((multiple, index) => [`size${index}`, multiple * advanceMs])),
    })),
  operator: ({ sizesMs, advanceMs, graceMs: grace }) => windowSet('windows', { sizesMs, advanceMs, graceMs: grace, late: toAsides }, aggregates),
  results: (key, events, spec) => windowSetOnClose(key, events, spec.sizesMs, spec),
};

function describeFamily<S extends WindowSpec>({ name, specs, operator, results }: Family<S>): void {
  describe(name, () => {
    it('gives, for each window, the aggregates of the events in it, whatever their order within the lateness', () =>
      forAll(specs, scenario(), async (spec, run) => {
        const found = await outcomeOf(underTest(run.latenessMs, operator(spec)), run);
        expect(found.results).toEqual(expectedOf(sortedByKey(run.events), (key, events) => results(key, events, spec)));
        expect(found.asides).toEqual(new Map());
      }));

    it('counts a late event in the windows that it meets open, and tells the late route of the others; nothing stays of failing records, and no state', () =>
      forAll(specs, scenario({ stragglers: true, poison: true }), async (spec, run) => {
        const found = await outcomeOf(underTest(run.latenessMs, operator(spec)), run);
        const turns = turnsOf(run);
        const arrived = arrivedByKey(sane(turns));
        expect(found.results).toEqual(expectedOf(arrived, (key, events) => results(key, events, spec)));
        expect(found.asides).toEqual(expectedOf(arrived, (key, events) => late(key, events, spec, 'windows')));
        expect(found.dead).toEqual(poisoned(turns));
        expectNothingKept(found, 'windows/panes');
      }));

    it('leaves out only the results for which a later operator throws', () =>
      forAll(specs, scenario(), async (spec, run) => {
        const failing: Operator = (source) => source.pipe(operator(spec), refuseThirds());
        const found = await outcomeOf(underTest(run.latenessMs, failing), run);
        const linesOf = (key: string, events: readonly Arrived[]): Line[] => results(key, events, spec);
        const all = [...sortedByKey(run.events)].flatMap(([key, events]) => linesOf(key, events));
        expect(found.results).toEqual(expectedOf(sortedByKey(run.events), (key, events) => withoutThirds(linesOf(key, events))));
        expect(found.dead.length).toBe(all.length - withoutThirds(all).length);
      }));
  });
}

describeFamily(tumblingWindows);
describeFamily(hoppingWindows);
describeFamily(windowSets);
