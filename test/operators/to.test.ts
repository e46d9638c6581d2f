import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { describe as graphOf, stageOf } from '../../operators/graph.js';
import { branch, deleteFrom, reduce, schema, to, topology, withValue } from '../../operators/index.js';
import { readOrigin } from '../../runtime/engine/header.js';
import { partitionOf } from '../../schemas/partitioner.js';
import { openDriver, testTopology } from '../../runtime/testing/index.js';
import { asJson, asides, derived, event, events, lines, results, timed, toAsides, type Event, type Result } from './pipelines.js';

/** Counts per key and writes each count twice; the tag says what is wrong with the second copy. */
const counting = topology('under-test', { version: 1 }, ({ source }) => {
  const counted = source(events, timed).pipe(
    reduce('count', {
      state: schema.record({ n: schema.long, tag: schema.string }),
      initial: { n: 0, tag: '' },
      reduce: ({ n }, { tag }) => ({ n: n + 1, tag }),
    }),
  );
  counted.pipe(toAsides);
  counted.pipe(
    map((record) => withValue(record, spoilt({ key: record.key, json: String(record.value.n) }, record.value.tag))),
    to(results),
  );
});

function spoilt(value: Result, tag: string): Result {
  if (tag === 'other key') return { ...value, key: 'z' };
  if (tag === 'no key') return { ...value, key: '' };
  if (tag === 'unfit') return { ...value, json: 7 as unknown as string };
  return value;
}

describe('to', () => {
  it('writes every record with its key and event time, to the partition of the key', async () => {
    const copy = topology('under-test', { version: 1 }, ({ source }) => {
      source(events, timed).pipe(to(derived));
    });
    await testTopology(copy, { partitions: 5 }, async (driver) => {
      const sent = ['a', 'b', 'c', 'd', 'e', 'f'].map((key, at) => event(key, 100 - at, { n: at }));
      driver.input(events).sendAll(sent);
      await driver.run();
      const found = driver.output(derived).records();
      expect(found.map(({ value }) => value).sort((a, b) => a!.n - b!.n)).toEqual(sent);
      for (const { key, timestamp, value, partition } of found) {
        expect([key, timestamp, partition]).toEqual([value!.key, value!.atMs, partitionOf(Buffer.from(key), 5)]);
      }
    });
  });

  it.each([
    ['whose key is not the one in the value', 'other key', 'SFS_KEY_MISMATCH', 'key "a" of a record for results is not the key in the value: "z"'],
    ['without a key in the value', 'no key', 'SFS_KEY_INVALID', expect.stringContaining('"key" of a record of results')],
    ['that does not fit the schema of the topic', 'unfit', 'SFS_ENCODE_FAILED', expect.stringContaining('at "json"')],
  ])('sends a record %s to the dead letters, and undoes its state and its other outputs', async (_, tag, code, reason) => {
    await testTopology(counting, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 1), event('a', 2, { tag }), event('a', 3)]);
      await driver.run();
      expect(driver.deadLetters()).toMatchObject([
        {
          code,
          reason: reason as string,
          stage: 'to-results',
          sourceTopic: 'test.events',
          sourcePartition: 0,
          sourceOffset: 1,
          failedAtEventTimeMs: 2,
        },
      ]);
      expect(driver.output(results).values()).toEqual([
        { key: 'a', json: '1' },
        { key: 'a', json: '2' },
      ]);
      expect(lines(driver, asides).map(([, timestamp]) => timestamp)).toEqual([1, 3]);
      expect(driver.state('count/state', 'a')).toEqual({ n: 2, tag: '' });
    });
  });

  it('writes with the commit of the input or not at all, and once whenever the process dies', async () => {
    for (const end of ['before', 'after'] as const) {
      const batching = { name: 'dying', maxRecords: 1, mostRead: 10, crashes: (commit: number) => (commit <= 3 ? end : null) };
      const driver = await openDriver(counting, { partitions: 1, batching });
      driver.input(events).sendAll([event('a', 1), event('a', 2)]);
      await driver.run();
      expect(
        driver
          .output(results)
          .values()
          .map((value) => value!.json),
      ).toEqual(['1', '2']);
      expect(driver.output(asides).size).toBe(2);
    }
  });

  it('writes the input that caused a record into its header', async () => {
    const driver = await openDriver(counting, { partitions: 1 });
    driver.input(events).sendAll([event('a', 1), event('a', 2)]);
    await driver.run();
    const origins = driver.storage.log.read('test.results', 0, 0, 10).map(({ header }) => readOrigin(header));
    expect(origins).toEqual([
      { topic: 'test.events', partition: 0, offset: 0, index: 1 },
      { topic: 'test.events', partition: 0, offset: 1, index: 1 },
    ]);
  });

  it('is named after its topic unless it has an id, so that two of one topic need one', () => {
    const twice = (id?: string) =>
      topology('under-test', { version: 1 }, ({ source }) => {
        const all = source(events, timed).pipe(asJson());
        all.pipe(to(results));
        all.pipe(id === undefined ? to(results) : to(results, id));
      });
    expect(() => twice().build()).toThrow(expect.objectContaining({ code: 'SFS_STAGE_DUPLICATE' }));
    const graph = graphOf(twice('again'));
    expect([stageOf(graph, 'to-results').topic, stageOf(graph, 'again').topic]).toEqual(['results', 'results']);
  });
});

describe('deleteFrom', () => {
  const tidy = topology('under-test', { version: 1 }, ({ source }) => {
    const { gone, otherwise } = branch('gone', source(events, timed), { gone: ({ value }: { readonly value: Event }) => value.tag === 'gone' });
    otherwise.pipe(asJson(), to(results));
    gone.pipe(deleteFrom(results));
  });

  it('writes a tombstone for the key of each record, with its event time', async () => {
    await testTopology(tidy, { partitions: 2 }, async (driver) => {
      driver.input(events).sendAll([event('a', 1), event('b', 2), event('a', 3, { tag: 'gone' })]);
      await driver.run();
      expect(
        driver
          .output(results)
          .of('a')
          .map(({ timestamp, value }) => [timestamp, value === null]),
      ).toEqual([
        [1, false],
        [3, true],
      ]);
      expect([...driver.output(results).latest().keys()]).toEqual(['b']);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('is a stage of its own beside a sink of the same topic', () => {
    expect(stageOf(graphOf(tidy), 'delete-from-results')).toMatchObject({
      kind: 'sink',
      topic: 'results',
      parameters: { topic: 'results', tombstones: true },
    });
  });
});
