/** Operators that read tables which every task holds whole, and records in order of time, against whole inputs in the merge order of the tasks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foreignKeyChanges, inTimeOrder, lookupAll, reduceTable, topicSchema, type Records } from '../../operators/index.js';
import { event, events as eventTopic, others, type Event } from '../operators/pipelines.js';
import { GONE, scenario, twoSided } from './arbitraries.js';
import { forAll } from './forAll.js';
import { toldAtTurns } from './oracles/foreignKeys.js';
import { globalTurns, lookedUpWhenKnown, whenKnown } from './oracles/joins.js';
import { poisoned, sane } from './oracles/poison.js';
import { sortedByKey, turnsOf } from './oracles/time.js';
import { expectNothingKept, expected, expectedOf, outcomeOf, twoSidedOutcomeOf, underTest, underTestOfTwo, unordered } from './outcome.js';

const value = topicSchema(eventTopic);
const punctual = scenario();
const troubled = scenario({ stragglers: true, poison: true });
const troubledTwo = twoSided({ stragglers: true, poison: true });
const nothing = fc.constant(null);

const lineOf = ({ key, atMs, n, tag }: Event) => [key, atMs, { key, atMs, n, tag }] as const;

describe('inTimeOrder', () => {
  const ordering = (latenessMs: number) => underTest(latenessMs, (source) => source.pipe(inTimeOrder('in-order', { value })));

  it('sorts the records of a key by event time, those of one time by arrival, if none is late', () =>
    forAll(nothing, punctual, async (_, run) => {
      const found = await outcomeOf(ordering(run.latenessMs), { ...run, stops: [] });
      expect(found.results).toEqual(expectedOf(sortedByKey(run.events), (_key, events) => events.map(lineOf)));
      expectNothingKept(found, 'in-order/held');
    }));

  it('lets a record go at the first watermark above it, or at once, and loses none but those that fail', () =>
    forAll(nothing, troubled, async (_, run) => {
      const found = await outcomeOf(ordering(run.latenessMs), { ...run, stops: [] });
      const turns = turnsOf(run);
      const lines = sane(turns).flatMap((task) => whenKnown(task, { lagMs: 0, waits: () => true, done: lineOf }));
      expect(found.results).toEqual(expected(lines));
      expect(found.dead).toEqual(poisoned(turns));
      expectNothingKept(found, 'in-order/held');
    }));
});

/** One, two or no other keys. */
const keysOf = ({ key, tag }: Event): string[] => (tag === 'x' ? ['a', 'b'] : tag === 'y' ? [key, 'c', key] : []);

describe('lookupAll', () => {
  it('finds the versions that held at the time of the record, whatever of them has come by the watermark that lets it go', () =>
    forAll(nothing, troubledTwo, async (_, run) => {
      const topology = underTestOfTwo(run.latenessMs, (left, { globalVersionedTable }, options) =>
        left.pipe(
          lookupAll('rows', { rows: globalVersionedTable(others, options) }, { keys: { rows: keysOf }, value }, (found, { rows }) =>
            keysOf(found).map((key) => [key, rows.get(key)?.n ?? null]),
          ),
        ),
      );
      const found = await twoSidedOutcomeOf(topology, run, 'table');
      const turns = globalTurns(run, true);
      expect(found.results).toEqual(expected(sane(turns).flatMap((task) => lookedUpWhenKnown(task, keysOf))));
      expect(found.dead).toEqual(poisoned(turns));
      expectNothingKept(found, 'rows/waiting');
    }));
});

describe('foreignKeyChanges', () => {
  const last = { state: value, initial: event('', 0), reduce: (_: Event, now: Event) => (now.tag === GONE ? null : now) };
  const options = { keys: keysOf, signature: ({ n }: Event) => String(n) };
  const latest = (source: Records<string, Event>) => reduceTable('left', source, last);

  it.each([
    ['latest values', 'globalTable', false],
    ['versions', 'globalVersionedTable', true],
  ] as const)('tells who refers to a changed row when the watermark has passed the change: a table of %s', (_, kind, isVersioned) =>
    forAll(nothing, troubledTwo, async (__, run) => {
      const topology = underTestOfTwo(run.latenessMs, (left, sources, times) =>
        foreignKeyChanges('told', latest(left), sources[kind](others, times), options),
      );
      const found = await twoSidedOutcomeOf(topology, run, 'table');
      const turns = globalTurns(run, isVersioned);
      const lines = sane(turns).flatMap((task) => toldAtTurns(task, keysOf, isVersioned));
      expect(unordered(found.results)).toEqual(unordered(expected(lines)));
      expect(found.dead).toEqual(poisoned(turns));
      expect(found.driver.pendingTimers()).toBe(0);
    }),
  );
});
