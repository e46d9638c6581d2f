/** Records that move to other tasks under another key, and stages after stages: time must go with them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { map } from 'rxjs';
import { keyBy, reduce, schema, sessions, sum, topicSchema, tumbling, withValue, type WindowResult } from '../../operators/index.js';
import { events as eventTopic, toAsides, type Event, type Line } from '../operators/pipelines.js';
import { scenario, type Scenario } from './arbitraries.js';
import { aggregates } from './everyAggregate.js';
import { forAll } from './forAll.js';
import { folds } from './oracles/keyed.js';
import { poisoned, sane } from './oracles/poison.js';
import { repartitioned, type RepartitionSpec } from './oracles/repartition.js';
import { chainsOf } from './oracles/sessions.js';
import { groupedBy, sortedByKey, turnsOf, type Arrived } from './oracles/time.js';
import { late, onClose, type WindowSpec } from './oracles/windows.js';
import { expected, expectedOf, outcomeOf, underTest } from './outcome.js';

const value = topicSchema(eventTopic);
const tagOf = ({ tag }: Event): string => tag;
const byTag = (partitions: number) => keyBy<string, Event, string>('by-tag', { key: tagOf, value, partitions });
const troubled = scenario({ stragglers: true, poison: true });

const windowSpecs: fc.Arbitrary<WindowSpec> = fc
  .record({ sizeMs: fc.integer({ min: 1, max: 24 }), graceMs: fc.integer({ min: 0, max: 10 }) })
  .map((spec) => ({ ...spec, advanceMs: spec.sizeMs }));
const repartitions: fc.Arbitrary<RepartitionSpec> = fc.record({
  partitions: fc.integer({ min: 1, max: 5 }),
  markerMs: fc.integer({ min: 1, max: 20 }),
});

/** A stop makes the tasks upstream idle, and records after it are placed at the reader's clock: a logged decision, not the data's. */
const withoutStops = (run: Scenario): Scenario => ({ ...run, stops: [] });

/** Which value of the greatest event time came last depends on the order of arrival when several tasks wrote it. */
function withoutLast([key, atMs, result]: Line): Line {
  const { value: summary, ...rest } = result as { readonly value: object };
  return [key, atMs, { ...rest, value: { ...summary, last: null } }];
}

/** The events by tag as the tasks after `keyBy` take them. */
function arrivedByTag(run: Scenario, spec: RepartitionSpec): Map<string, Arrived[]> {
  const turns = repartitioned(sane(turnsOf(run)), spec, tagOf).flat();
  return groupedBy(
    turns.flatMap(({ event, watermarkMs }) => (event === null ? [] : [{ ...event, watermarkMs }])),
    tagOf,
  );
}

describe('keyBy', () => {
  const windowed = (latenessMs: number, spec: WindowSpec, partitions: number) =>
    underTest(latenessMs, (source) => source.pipe(byTag(partitions), tumbling('windows', { ...spec, late: toAsides }, aggregates)));

  it('brings together what several tasks know of a key: windows are those of the sorted events', () =>
    forAll(fc.tuple(windowSpecs, repartitions), scenario(), async ([spec, { partitions, markerMs }], run) => {
      const found = await outcomeOf(windowed(run.latenessMs, spec, partitions), withoutStops(run), markerMs);
      const sorted = groupedBy([...sortedByKey(run.events).values()].flat(), tagOf);
      expect(expectedOf(found.results, (_, lines) => lines.map(withoutLast))).toEqual(
        expectedOf(sorted, (key, events) => onClose(key, events, spec).map(withoutLast)),
      );
      expect(found.asides).toEqual(new Map());
    }));

  it('makes a record late only by what all tasks upstream have told', () =>
    forAll(fc.tuple(windowSpecs, repartitions), troubled, async ([spec, repartition], run) => {
      const found = await outcomeOf(windowed(run.latenessMs, spec, repartition.partitions), withoutStops(run), repartition.markerMs);
      const arrived = arrivedByTag(run, repartition);
      expect(found.results).toEqual(expectedOf(arrived, (key, events) => onClose(key, events, spec)));
      expect(found.asides).toEqual(expectedOf(arrived, (key, events) => late(key, events, spec, 'windows')));
      expect(found.dead).toEqual(poisoned(turnsOf(run)));
    }));

  it('merges the records of several tasks by their clocks, then by task, whoever is faster', () =>
    forAll(repartitions, troubled, async (repartition, run) => {
      const fold = (state: string, event: Event): string => `${state.slice(-60)}${event.key}${event.n}@${event.atMs} `;
      const trace = reduce<string, Event, string>('trace', { state: schema.string, initial: '', reduce: fold });
      const topology = underTest(run.latenessMs, (source) => source.pipe(byTag(repartition.partitions), trace));
      const found = await outcomeOf(topology, withoutStops(run), repartition.markerMs);
      expect(found.results).toEqual(expectedOf(arrivedByTag(run, repartition), (key, events) => folds(key, events, '', fold)));
      expect(found.dead).toEqual(poisoned(turnsOf(run)));
    }));
});

describe('a window after another stage', () => {
  type Sum = { readonly n: number };
  const whole = (event: { readonly n: number }): number => Math.round(event.n % 1e6);
  const totalOf = (events: readonly Event[]): number => events.reduce((total, event) => total + whole(event), 0);

  it('in two phases, per task and then together, gives the sums of one', () =>
    forAll(
      fc.tuple(windowSpecs, fc.integer({ min: 1, max: 4 }), repartitions),
      scenario(),
      async ([spec, multiple, { partitions, markerMs }], run) => {
        const sizeMs = spec.sizeMs * multiple;
        const topology = underTest(run.latenessMs, (source) =>
          source.pipe(
            tumbling('first', { ...spec, late: 'dead-letter' }, { n: sum<Event>(whole) }),
            map((record) => withValue(record, { n: record.value.value.n })),
            keyBy('together', { key: () => 'all', value: schema.record({ n: schema.double }), partitions }),
            tumbling('second', { sizeMs, late: toAsides }, { n: sum<Sum>(({ n }) => n) }),
          ),
        );
        const found = await outcomeOf(topology, withoutStops(run), markerMs);
        const windows = groupedBy(
          [...run.events].sort((a, b) => a.atMs - b.atMs),
          (event) => String(Math.floor(event.atMs / sizeMs)),
        );
        const lines = [...windows].map(([index, events]): Line => {
          const startMs = Number(index) * sizeMs;
          const result: WindowResult<Sum> = { window: { startMs, endMs: startMs + sizeMs }, final: true, value: { n: totalOf(events) } };
          return ['all', startMs + sizeMs - 1, result];
        });
        expect(found.results).toEqual(expected(lines));
        expect(found.asides).toEqual(new Map());
      },
    ));

  it('waits for sessions whose results lie behind the watermark: none of them is late', () =>
    forAll(
      fc.tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 24 })),
      scenario(),
      async ([gapMs, graceMs, sizeMs], run) => {
        const topology = underTest(run.latenessMs, (source) =>
          source.pipe(
            sessions('first', { gapMs, graceMs, late: 'dead-letter' }, { n: sum<Event>(whole) }),
            tumbling('second', { sizeMs, late: toAsides }, { n: sum<WindowResult<Sum>>((session) => session.value.n) }),
          ),
        );
        const found = await outcomeOf(topology, run);
        const lines = expectedOf(sortedByKey(run.events), (key, events) => {
          const windows = groupedBy(chainsOf(events, gapMs), (chain) => String(Math.floor(chain.at(-1)!.atMs / sizeMs)));
          return [...windows].map(([index, chains]): Line => {
            const startMs = Number(index) * sizeMs;
            return [key, startMs + sizeMs - 1, { window: { startMs, endMs: startMs + sizeMs }, final: true, value: { n: totalOf(chains.flat()) } }];
          });
        });
        expect(found.results).toEqual(lines);
        expect(found.asides).toEqual(new Map());
      },
    ));
});
