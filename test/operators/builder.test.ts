import { from, map, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { describe as graphOf, stageOf } from '../../operators/graph.js';
import {
  aggregate,
  batch,
  branch,
  count,
  joinTable,
  keyBy,
  merge,
  to,
  topicSchema,
  topology,
  withValue,
  type Records,
  type Sources,
  type Topology,
} from '../../operators/index.js';
import { topic, type Topic } from '../../schemas/index.js';
import { asJson, event, events, others, results, timed, toResults, type Event } from './pipelines.js';

const building = (build: (sources: Sources) => void): Topology => topology('under-test', { version: 1 }, build);
const failing = (code: string): unknown => expect.objectContaining({ code });
const counted = (id: string) => aggregate<string, Event, { n: number }>(id, { n: count() });

describe('the id of a stage', () => {
  const named = (id: string): Topology => building(({ source }) => source(events, timed).pipe(counted(id), toResults()) && undefined);

  it.each(['a', 'a1', 'last-7-days', 'x'.repeat(64)])('may be %s', (id) => {
    expect(stageOf(graphOf(named(id)), id).kind).toBe('aggregate');
  });

  it.each(['', 'A', '1st', '-a', 'two words', 'a_b', 'é', 'a/b', 'a.b', 'x'.repeat(65)])('may not be "%s"', (id) => {
    expect(() => named(id).build()).toThrow(failing('SFS_STAGE_ID'));
    expect(() => named(id).build()).toThrow(`"${id}" is no stage id: lower-case letters, digits and dashes, at most 64, starting with a letter`);
  });

  it('is used once in a topology, whatever the operators are', () => {
    const twice = building(({ source }) => {
      const all = source(events, timed);
      all.pipe(counted('same'), toResults('one'));
      all.pipe(keyBy('same', { key: ({ tag }) => tag, value: topicSchema(events) }), toResults('two'));
    });
    expect(() => twice.build()).toThrow(failing('SFS_STAGE_DUPLICATE'));
    expect(() => twice.build()).toThrow('topology under-test has two stages with the id "same"');
  });

  it('is the name of the topic for a source and, unless given, in that of a sink, whatever the rule of topics allows', () => {
    const odd = (name: string): Topic<string, Event> => topic({ name, schema: topicSchema(events), keyFields: ['key'], partitions: 1 });
    const long = `2.long_${'x'.repeat(100)}`;
    const copying = building(({ source }) => source(odd(long), timed).pipe(to(odd('also.odd_1'))) && undefined);
    expect(graphOf(copying).stages.map(({ id }) => id)).toEqual([long, 'to-also.odd_1']);
  });

  it('is the name of the topic for a source, so that a topic is read once', () => {
    expect(() => building(({ source }) => [source(events, timed), source(events, timed)]).build()).toThrow(failing('SFS_STAGE_DUPLICATE'));
    expect(() => building(({ source, table }) => [source(events, timed), table(events, timed)]).build()).toThrow(failing('SFS_STAGE_DUPLICATE'));
  });

  it('may be the same in two topologies', () => {
    expect([named('same').build().stages.length, named('same').build().stages.length]).toEqual([3, 3]);
  });
});

describe('an operator on an observable of RxJS', () => {
  const record = { key: 'a', value: event('a', 1), timestamp: 1 };

  it.each<[string, (records: Records<string, Event>) => unknown]>([
    ['an aggregate', (records) => records.pipe(counted('n'))],
    ['a sink', (records) => records.pipe(asJson(), to(results))],
    ['keyBy', (records) => records.pipe(keyBy('by', { key: () => 'b', value: topicSchema(events) }))],
    ['batch', (records) => records.pipe(batch('by', { value: topicSchema(events), maxRecords: 1, run: () => Promise.resolve([]) }))],
    ['branch', (records) => branch('by', records, {})],
    ['merge', (records) => merge('both', records, records)],
  ])('is refused: %s', (_, apply) => {
    for (const records of [of(record), from([record]).pipe(map((one) => one))]) {
      const detached = building(({ source }) => [source(others, timed), apply(records)]);
      expect(() => detached.build()).toThrow(failing('SFS_TOPOLOGY_DETACHED'));
      expect(() => detached.build()).toThrow('use the operators `merge` and `branch` instead of creation functions of RxJS');
    }
  });

  it('is refused as a second input, too', () => {
    const mixed = building(({ source }) => void merge('both', source(events, timed), of(record)));
    expect(() => mixed.build()).toThrow(failing('SFS_TOPOLOGY_DETACHED'));
  });
});

describe('a stream of another topology', () => {
  it('is refused, with the stage that reads it', () => {
    let foreign: Records<string, Event> | undefined;
    building(({ source }) => void (foreign = source(others, timed))).build();
    const mixed = building(({ source }) => void merge('both', source(events, timed), foreign!));
    expect(() => mixed.build()).toThrow(failing('SFS_TOPOLOGY_MIXED'));
    expect(() => mixed.build()).toThrow('stage "both" of under-test reads a stream of another topology');
  });

  it('is refused as a table, and when it is of an earlier run of the same build function', () => {
    let first: ReturnType<Sources['table']> | undefined;
    const kept = building(({ source, table }) => {
      const rows = table(others, timed);
      first ??= rows as never;
      source(events, timed).pipe(
        joinTable('joined', first as unknown as typeof rows, { miss: 'discard' }, (value) => value),
        toResults(),
      );
    });
    expect(kept.build().stages).toHaveLength(4);
    expect(() => kept.build()).toThrow(failing('SFS_TOPOLOGY_MIXED'));
  });
});

describe('the stages of a topology', () => {
  it('are found through operators of RxJS, with their number', () => {
    const through = building(({ source }) => {
      const plain = source(events, timed);
      plain.pipe(counted('direct'), toResults());
      plain.pipe(
        map((record) => record),
        map((record) => withValue(record, record.value)),
        counted('through-two'),
      );
    });
    const inputs = through.build().stages.map(({ id, inputs: read }) => [id, read.map(({ stage, through: operators }) => `${stage} ${operators}`)]);
    expect(Object.fromEntries(inputs)).toEqual({ events: [], direct: ['events 0'], 'to-results': ['direct 1'], 'through-two': ['events 2'] });
  });

  it('are new with each build, and share nothing', () => {
    const declared = building(({ source }) => void source(events, timed).pipe(toResults()));
    const [first, second] = [declared.build(), declared.build()];
    expect(first.stages.map(({ id }) => id)).toEqual(second.stages.map(({ id }) => id));
    expect(first.stages[0]).not.toBe(second.stages[0]);
  });
});
