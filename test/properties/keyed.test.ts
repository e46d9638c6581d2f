/** Operators that answer each record at once from what they keep of its key. Their order is that in which the task takes its records. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregate, dedupe, ewma, reduce, schema } from '../../operators/index.js';
import type { Event, Line } from '../operators/pipelines.js';
import { scenario } from './arbitraries.js';
import { aggregates } from './everyAggregate.js';
import { forAll } from './forAll.js';
import { decayedMean, firsts, folds, totals } from './oracles/keyed.js';
import { poisoned, sane } from './oracles/poison.js';
import { arrivedByKey, sortedByKey, turnsOf } from './oracles/time.js';
import { expectNothingKept, expectedOf, outcomeOf, underTest } from './outcome.js';

const troubled = scenario({ stragglers: true, poison: true });
const nothing = fc.constant(null);

describe('aggregate', () => {
  it('gives, for each record, the aggregates of all records of its key so far', () =>
    forAll(nothing, troubled, async (_, run) => {
      const found = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(aggregate('totals', aggregates))),
        run,
      );
      expect(found.results).toEqual(expectedOf(arrivedByKey(sane(turnsOf(run))), totals));
      expect(found.dead).toEqual(poisoned(turnsOf(run)));
    }));

  it('comes to the same totals in every order of arrival', () =>
    forAll(nothing, scenario({ stragglers: true }), async (_, run) => {
      const { results } = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(aggregate('totals', aggregates))),
        run,
      );
      const last = [...results].map(([key, lines]) => [key, withoutLast(lines.at(-1)![2])]);
      const sorted = expectedOf(sortedByKey(run.events), totals);
      expect(new Map(last as never)).toEqual(new Map([...sorted].map(([key, lines]) => [key, withoutLast(lines.at(-1)![2])])));
    }));

  it('decays by event time, late records included', () =>
    forAll(fc.integer({ min: 1, max: 50 }), troubled, async (halfLifeMs, run) => {
      const operator = aggregate<string, Event, { mean: number | null }>('totals', { mean: ewma((event) => modest(event), halfLifeMs) });
      const { results } = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(operator)),
        run,
      );
      const arrived = arrivedByKey(sane(turnsOf(run)));
      expect([...results.keys()].sort()).toEqual([...arrived.keys()].sort());
      for (const [key, events] of arrived) {
        const means = results.get(key)!.map(([, , value]) => (value as { mean: number }).mean);
        expect(means.length).toBe(events.length);
        means.forEach((mean, index) =>
          expect(mean).toBeCloseTo(
            decayedMean(
              events.slice(0, index + 1).map((one) => ({ ...one, n: modest(one) })),
              halfLifeMs,
            ),
            9,
          ),
        );
      }
    }));
});

/** Which of several values of the greatest event time came last depends on the order of arrival. */
const withoutLast = (totals: unknown): unknown => ({ ...(totals as object), last: null });

/** Sums of doubles far apart lose digits: a mean of such is no measure. */
const modest = ({ n }: Event): number => (Math.abs(n) > 9 ? 9 : n);

describe('reduce', () => {
  it('folds the records of a key in the order of the task, and starts anew after it forgot the key', () =>
    forAll(fc.integer({ min: 2, max: 9 }), troubled, async (factor, run) => {
      const fold = (state: string, event: Event): string | null =>
        event.n === factor ? null : `${state.slice(-60)}${event.tag}${event.n}@${event.atMs} `;
      const operator = reduce<string, Event, string>('folds', { state: schema.string, initial: '', reduce: (state, event) => fold(state, event) });
      const found = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(operator)),
        run,
      );
      expect(found.results).toEqual(expectedOf(arrivedByKey(sane(turnsOf(run))), (key, events): Line[] => folds(key, events, '', fold)));
      expect(found.dead).toEqual(poisoned(turnsOf(run)));
    }));
});

describe('dedupe', () => {
  const withinMs = fc.integer({ min: 1, max: 40 });
  const once = (ms: number) => dedupe<string, Event>('once', { by: (event) => event.tag, withinMs: ms });

  it('lets the first of its identity through and swallows those near it, until it is forgotten', () =>
    forAll(withinMs, troubled, async (within, run) => {
      const found = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(once(within))),
        run,
      );
      const passed = expectedOf(arrivedByKey(sane(turnsOf(run))), (_, events) => firsts(events, within, (event) => event.tag).map(lineOf));
      expect(found.results).toEqual(passed);
      expect(found.dead).toEqual(poisoned(turnsOf(run)));
      expectNothingKept(found, 'once/seen');
    }));

  it('leaves, of records within the lateness, some that lie apart and near all others', () =>
    forAll(withinMs, scenario(), async (within, run) => {
      const { results } = await outcomeOf(
        underTest(run.latenessMs, (source) => source.pipe(once(within))),
        run,
      );
      const passed = [...results.values()].flat().map(([, , value]) => value as Event);
      const near = (event: Event): Event[] =>
        passed.filter((other) => other.key === event.key && other.tag === event.tag && Math.abs(other.atMs - event.atMs) < within);
      for (const event of passed) expect(near(event)).toEqual([event]);
      for (const event of run.events) expect(near(event).length).toBeGreaterThan(0);
    }));
});

const lineOf = ({ key, atMs, n, tag }: Event): Line => [key, atMs, { key, atMs, n, tag }];
