/** Operators that move records: along branches, together again, and through the internal topic of a batch stage. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batch, branch, merge, reduce, schema, topicSchema, tumbling } from '../../operators/index.js';
import { events as eventTopic, others, toAsides, type Event, type Line } from '../operators/pipelines.js';
import { POISON, scenario, twoSided } from './arbitraries.js';
import { aggregates } from './everyAggregate.js';
import { forAll } from './forAll.js';
import { twoSidedTurns } from './oracles/joins.js';
import { folds } from './oracles/keyed.js';
import { poisoned, sane } from './oracles/poison.js';
import { repartitioned } from './oracles/repartition.js';
import { arrivedByKey, groupedBy, turnsOf } from './oracles/time.js';
import { late, onClose } from './oracles/windows.js';
import { expectedOf, outcomeOf, twoSidedOutcomeOf, underTest, underTestOfTwo, undisturbed } from './outcome.js';

const value = topicSchema(eventTopic);
const troubled = scenario({ stragglers: true, poison: true });

/** A trace of the records of a key in the order in which they come. */
const traced = (state: string, event: Event): string => `${state.slice(-80)}${event.tag}${event.n}@${event.atMs} `;
const trace = () => reduce<string, Event, string>('trace', { state: schema.string, initial: '', reduce: traced });
const traceOf = (key: string, events: readonly Event[]): Line[] => folds(key, events, '', traced);

describe('branch and merge', () => {
  it('send each record along the first branch that takes it, and leave the order within a branch', () =>
    forAll(fc.integer({ min: -30, max: 60 }), troubled, async (borderMs, run) => {
      const topology = underTest(run.latenessMs, (source) => {
        const { early, x, otherwise } = branch('ways', source, {
          early: ({ timestamp }) => timestamp < borderMs,
          x: (record) => record.value.tag === 'x',
        });
        x.pipe(trace(), toAsides);
        branch('nowhere', otherwise, {});
        return early;
      });
      const found = await outcomeOf(topology, run);
      const arrived = arrivedByKey(sane(turnsOf(run)));
      const isEarly = (event: Event): boolean => event.atMs < borderMs;
      const plain = ({ key, atMs, n, tag }: Event): Line => [key, atMs, { key, atMs, n, tag }];
      expect(found.results).toEqual(expectedOf(arrived, (_, events) => events.filter(isEarly).map(plain)));
      expect(found.asides).toEqual(
        expectedOf(arrived, (key, events) =>
          traceOf(
            key,
            events.filter((event) => !isEarly(event) && event.tag === 'x'),
          ),
        ),
      );
      expect(found.dead).toEqual(poisoned(turnsOf(run)));
    }));

  it('bring branches together again in the order of the task', () =>
    forAll(fc.constant(null), troubled, async (_, run) => {
      const topology = underTest(run.latenessMs, (source) => {
        const { x, otherwise } = branch('ways', source, { x: (record) => record.value.tag === 'x' });
        return merge('all', otherwise, x).pipe(trace());
      });
      const found = await outcomeOf(topology, run);
      expect(found.results).toEqual(expectedOf(arrivedByKey(sane(turnsOf(run))), traceOf));
      expect(found.dead).toEqual(poisoned(turnsOf(run)));
    }));

  it('merge two sources by clock, then topic', () =>
    forAll(fc.constant(null), twoSided({ stragglers: true, poison: true }), async (_, run) => {
      const topology = underTestOfTwo(run.latenessMs, (left, { source }, options) => merge('all', left, source(others, options)).pipe(trace()));
      const found = await twoSidedOutcomeOf(topology, run, 'stream');
      const turns = twoSidedTurns(run);
      const inOrder = groupedBy(
        sane(turns)
          .flat()
          .flatMap(({ event }) => event ?? []),
        ({ key }) => key,
      );
      expect(found.results).toEqual(expectedOf(inOrder, traceOf));
      expect(found.dead).toEqual(poisoned(turns));
    }));
});

describe('batch', () => {
  const most = fc.integer({ min: 1, max: 12 });

  /** Doubles numbers and notes the sizes of its batches; the work of a failing record is an error, or fails the whole batch. */
  const doubling = (maxRecords: number, failsWhole = false, sizes: number[] = []) =>
    batch<string, Event, Event>('work', {
      value,
      maxRecords,
      run: (records) => {
        sizes.push(records.length);
        if (failsWhole && records.some((record) => record.value.tag === POISON)) return Promise.reject(new Error('the batch failed'));
        return Promise.resolve(
          records.map(({ value: event }) => (event.tag === POISON ? new Error('this record failed') : { ...event, n: event.n * 2 })),
        );
      },
    });
  const doubled = (event: Event): Event => ({ ...event, n: event.n * 2 });

  it.each([false, true])(
    'maps each record and keeps their order; records whose work fails go to the dead letters alone (whole batches fail: %s)',
    (failsWhole) =>
      forAll(most, troubled, async (maxRecords, run) => {
        const sizes: number[] = [];
        const topology = undisturbed(run.latenessMs, (source) => source.pipe(doubling(maxRecords, failsWhole, sizes), trace()));
        const found = await outcomeOf(topology, { ...run, stops: [] });
        const arrived = arrivedByKey(sane(turnsOf(run)));
        expect(found.results).toEqual(expectedOf(arrived, (key, events) => traceOf(key, events.map(doubled))));
        expect(found.dead.length).toBe(run.events.filter((event) => event.tag === POISON).length);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(maxRecords);
      }),
  );

  it('passes time on: windows after it are those of the records that came in time', () =>
    forAll(fc.tuple(most, fc.integer({ min: 1, max: 20 })), troubled, async ([maxRecords, markerMs], run) => {
      const spec = { sizeMs: 7, advanceMs: 7, graceMs: 2 };
      const windows = tumbling<string, Event, Record<string, unknown>>('windows', { ...spec, late: toAsides }, aggregates);
      const topology = undisturbed(run.latenessMs, (source) => source.pipe(doubling(maxRecords), windows));
      const found = await outcomeOf(topology, { ...run, stops: [] }, markerMs);
      const { partitions } = run.schedule;
      const tasks = repartitioned(sane(turnsOf(run)), { partitions, markerMs }, ({ key }) => key);
      const arrived = arrivedByKey(tasks.map((turns) => turns.map((turn) => ({ ...turn, event: turn.event && doubled(turn.event) }))));
      expect(found.results).toEqual(expectedOf(arrived, (key, events) => onClose(key, events, spec)));
      expect(found.asides).toEqual(expectedOf(arrived, (key, events) => late(key, events, spec, 'windows')));
    }));
});
