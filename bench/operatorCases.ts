/** One topology around each operator. */
import { map } from 'rxjs';
import {
  aggregate,
  batch,
  branch,
  count,
  days,
  debounce,
  dedupe,
  distinctCount,
  everySilent,
  ewma,
  hopping,
  hours,
  joinAsOf,
  joinInterval,
  joinTable,
  keyBy,
  last,
  lookup,
  max,
  mean,
  merge,
  min,
  minutes,
  onUpdate,
  reduce,
  schema,
  sessions,
  sliding,
  sum,
  to,
  topK,
  topicSchema,
  topology,
  tumbling,
  windowSet,
  withValue,
  type Aggregates,
  type Records,
  type Sources,
  type Topology,
} from '../operators/index.js';
import { eventsIn, results, rows, type Event } from './events.js';

/** An operator with what it is set to. */
export interface OperatorCase {
  readonly name: string;
  readonly topology: Topology;
  /** Reads {@link rows} too. */
  readonly readsRows: boolean;
}

type Stream = Records<string, Event>;

export const events = eventsIn(1);
const timed = { eventTimeMs: (value: Event) => value.atMs, maxAheadMs: Number.MAX_SAFE_INTEGER };
const value = topicSchema(events);
const late = 'dead-letter';
const miss = 'dead-letter';

function around(name: string, operator: (source: Stream, sources: Sources) => unknown, readsRows = false): OperatorCase {
  const under = topology('under-test', { version: 1 }, (sources) => void operator(sources.source(events, timed), sources));
  return { name, topology: under, readsRows };
}

const aggregating = <P extends Record<string, unknown>>(name: string, aggregates: Aggregates<Event, P>): OperatorCase =>
  around(`aggregate: ${name}`, (source) => source.pipe(aggregate('total', aggregates)));

const n = (event: Event): number => event.n;
const tag = (event: Event): string => event.tag;
const together = (left: Event, right: Event): number => left.n + right.n;

const stateless: readonly OperatorCase[] = [
  around('source alone', (source) => source),
  around('map of RxJS, then branch in 1', (source) => branch('all', source.pipe(map((record) => withValue(record, record.value.n))), {})),
  around('branch in 3', (source) => branch('by-number', source, { few: ({ value }) => value.n < 3, some: ({ value }) => value.n < 6 })),
  around('merge of 2 (each record comes twice)', (source) => merge('both', source, source)),
  around('to', (source) => source.pipe(to(results))),
  around('keyBy', (source) => source.pipe(keyBy('by-tag', { key: tag, value }))),
  around('batch of 500', (source) =>
    source.pipe(batch('work', { value, maxRecords: 500, run: (records) => Promise.resolve(records.map(({ value }) => value.n)) })),
  ),
];

const unwindowed: readonly OperatorCase[] = [
  aggregating('count', { n: count() }),
  aggregating('sum', { n: sum(n) }),
  aggregating('mean', { n: mean(n) }),
  aggregating('min, max', { min: min(n), max: max(n) }),
  aggregating('last', { tag: last(tag, schema.string) }),
  aggregating('ewma', { n: ewma(n, hours(1)) }),
  aggregating('distinctCount (7 values)', { n: distinctCount(tag) }),
  aggregating('topK (3 of 7 values)', { top: topK(3, tag) }),
  around('reduce', (source) =>
    source.pipe(reduce('folded', { state: schema.record({ n: schema.double }), initial: { n: 0 }, reduce: (state, { n }) => ({ n: state.n + n }) })),
  ),
  around('dedupe within 1 h', (source) => source.pipe(dedupe('once', { by: tag, withinMs: hours(1) }))),
  around('debounce of 1 h', (source) => source.pipe(debounce('calm', { intervalMs: hours(1), value }))),
  around('everySilent, daily for 3 d', (source) => source.pipe(everySilent('silent', { everyMs: days(1), forMs: days(3), value }))),
];

const windowed: readonly OperatorCase[] = [
  around('tumbling 1 d', (source) => source.pipe(tumbling('day', { sizeMs: days(1), late }, { n: count() }))),
  around('tumbling 1 d, on update', (source) => source.pipe(tumbling('day', { sizeMs: days(1), late, emit: onUpdate() }, { n: count() }))),
  around('hopping 7 d by 1 d', (source) => source.pipe(hopping('week', { sizeMs: days(7), advanceMs: days(1), late }, { n: count() }))),
  around('hopping 7 d by 1 d, on update (7 results)', (source) =>
    source.pipe(hopping('week', { sizeMs: days(7), advanceMs: days(1), late, emit: onUpdate() }, { n: count() })),
  ),
  around('windowSet 1, 7, 28 d by 1 d', (source) =>
    source.pipe(windowSet('sizes', { sizesMs: { d1: days(1), d7: days(7), d28: days(28) }, advanceMs: days(1), late }, { n: count() })),
  ),
  around('sliding 1 h', (source) => source.pipe(sliding('recent', { sizeMs: hours(1), late }, { n: count() }))),
  around('sessions, gap 30 min', (source) => source.pipe(sessions('visits', { gapMs: minutes(30), late }, { n: count() }))),
];

const joins: readonly OperatorCase[] = [
  around('joinInterval with itself, 1 min before', (source) =>
    source.pipe(joinInterval('near', source, { beforeMs: minutes(1), afterMs: 0, left: value, right: value, late }, together)),
  ),
  around('joinTable', (source, { table }) => source.pipe(joinTable('with', table(rows, timed), { miss }, together)), true),
  around('joinAsOf', (source, { versionedTable }) => source.pipe(joinAsOf('as-of', versionedTable(rows, timed), { miss, value }, together)), true),
  around(
    'lookup',
    (source, { globalTable }) => source.pipe(lookup('found', globalTable(rows, timed), { key: ({ key }: Event) => key, miss }, together)),
    true,
  ),
];

/** Every operator of the language. */
export const operatorCases: readonly OperatorCase[] = [...stateless, ...unwindowed, ...windowed, ...joins];
