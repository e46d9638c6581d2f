import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { describe as graphOf, taskCount } from '../../operators/graph.js';
import { aggregate, count, keyBy, merge, schema, topicSchema, topology, tumbling, withValue } from '../../operators/index.js';
import { partitionOf } from '../../schemas/partitioner.js';
import { openDriver, testTopology } from '../../runtime/testing/index.js';
import { around, event, events, lines, others, results, resultsOf, timed, toResults, type Event } from './pipelines.js';

const value = topicSchema(events);
const byTag = (partitions?: number) =>
  keyBy<string, Event, string>('by-tag', { key: ({ tag }) => tag, value, ...(partitions === undefined ? {} : { partitions }) });

/** The n of each event under its tag. */
const rekeyed = (partitions?: number) =>
  around((source) =>
    source.pipe(
      byTag(partitions),
      map((record) => withValue(record, record.value.n)),
    ),
  );

describe('keyBy', () => {
  it('gives every record the new key and leaves its event time and value', async () => {
    await resultsOf(
      rekeyed(),
      [event('a', 5, { tag: 'x', n: 1 }), event('b', 7, { tag: 'y', n: 2 }), event('c', 3, { tag: 'x', n: 3 })],
      (_, found) => {
        expect(found).toEqual([
          ['x', 3, 3],
          ['x', 5, 1],
          ['y', 7, 2],
        ]);
      },
    );
  });

  it('brings the records of a new key together, whatever partitions they came from', async () => {
    const counted = around((source) => source.pipe(byTag(), aggregate('per-tag', { n: count() })));
    const sent = Array.from({ length: 30 }, (_, n) => event(`k${n}`, n, { tag: n % 2 === 0 ? 'even' : 'odd' }));
    await resultsOf(counted, sent, (driver) => {
      expect(driver.rows('per-tag/totals')).toEqual(
        new Map([
          ['even', { n: 15 }],
          ['odd', { n: 15 }],
        ]),
      );
    });
  });

  it('sees key and event time of the record', async () => {
    const byBoth = around((source) => source.pipe(keyBy('by-both', { key: ({ n }, { key, timestamp }) => `${key}/${timestamp}/${n}`, value })));
    await resultsOf(byBoth, [event('a', 5, { n: 2 })], (_, found) => {
      expect(found.map(([key]) => key)).toEqual(['a/5/2']);
    });
  });

  it('writes to the partition of the new key, of as many as it is told', async () => {
    const tags = Array.from({ length: 40 }, (_, n) => `tag-${n}`);
    const driver = await openDriver(rekeyed(7), { partitions: 12 });
    driver.input(events).sendAll(tags.map((tag, at) => event('a', at, { tag })));
    await driver.endInput();
    for (let partition = 0; partition < 7; partition++) {
      const keys = driver.storage.log
        .read('test.under-test.v1.by-tag', partition, 0, 1_000)
        .flatMap(({ key }) => (key === null ? [] : [key.toString()]));
      expect(keys).toEqual(tags.filter((tag) => partitionOf(Buffer.from(tag), 7) === partition));
    }
    expect(driver.output(results).size).toBe(40);
  });

  it('starts a subtopology of its own, with a task per partition', () => {
    const graph = graphOf(rekeyed(7));
    expect(graph.subtopologies.map(({ stageIds, partitions }) => [stageIds.at(-1), partitions])).toEqual([
      ['by-tag', 12],
      ['to-results', 7],
    ]);
    expect(taskCount(graph)).toBe(19);
    expect(taskCount(graphOf(rekeyed()))).toBe(24);
  });

  it('sends a record to the dead letters whose key function throws or gives no text, and goes on', async () => {
    const failing = around((source) =>
      source.pipe(
        keyBy('by-tag', {
          key: ({ tag }) => {
            if (tag === 'bad') throw new Error('no key in this one');
            return (tag === 'none' ? undefined : tag)!;
          },
          value,
        }),
      ),
    );
    await resultsOf(failing, [event('a', 1, { tag: 'bad' }), event('a', 2, { tag: 'none' }), event('a', 3, { tag: 'x' })], (driver, found) => {
      expect(found.map(([key, timestamp]) => [key, timestamp])).toEqual([['x', 3]]);
      expect(driver.deadLetters()).toMatchObject([
        { stage: 'by-tag', code: 'SFS_PROCESSING_FAILED', reason: 'no key in this one', failedAtEventTimeMs: 1 },
        { stage: 'by-tag', failedAtEventTimeMs: 2 },
      ]);
    });
  });

  it('sends a value to the dead letters that does not fit the shape it travels in', async () => {
    const shrunk = around((source) => source.pipe(keyBy('by-tag', { key: ({ tag }) => tag, value: schema.avro<Event>('string') })));
    await resultsOf(shrunk, [event('a', 1, { tag: 'x' })], (driver, found) => {
      expect(found).toEqual([]);
      expect(driver.deadLetters()).toMatchObject([{ stage: 'by-tag', code: 'SFS_ENCODE_FAILED', sourceTopic: 'test.events' }]);
    });
  });

  it.each([0, -1, 1.5, NaN, Infinity])('refuses %s partitions', (partitions) => {
    expect(() => byTag(partitions)).toThrow(
      expect.objectContaining({ code: 'SFS_DURATION', message: `partitions must be a whole number above 0, not ${partitions}` }),
    );
  });
});

describe('the order after keyBy', () => {
  /** n of the records of one tag, as the task of the tag handed them on. */
  const handedOn = (from: readonly (readonly [key: string, atMs: number, n: number])[], look: (ns: readonly number[]) => void) =>
    testTopology(rekeyed(), { partitions: 3 }, async (driver) => {
      driver.input(events).sendAll(from.map(([key, atMs, n]) => event(key, atMs, { tag: 'all', n })));
      await driver.endInput();
      look(
        driver
          .output(results)
          .values()
          .map((one) => Number(one!.json)),
      );
    });

  it('is that of one upstream task, also where event times go back', async () => {
    await handedOn(
      [
        ['a', 10, 1],
        ['a', 30, 2],
        ['a', 20, 3],
        ['a', 5, 4],
      ],
      (ns) => {
        expect(ns).toEqual([1, 2, 3, 4]);
      },
    );
  });

  it('merges upstream tasks by stream time: the greatest event time that each had come to', async () => {
    const partition = (key: string): number => partitionOf(Buffer.from(key), 3);
    const [first, second] = ['a', 'b', 'c', 'd', 'e'].reduce<string[]>(
      (found, key) => (found.some((one) => partition(one) === partition(key)) ? found : [...found, key]),
      [],
    );
    // The second task's record of time 5 was sent at stream time 25.
    await handedOn(
      [
        [second!, 25, 1],
        [second!, 5, 2],
        [first!, 10, 3],
        [first!, 20, 4],
        [first!, 30, 5],
      ],
      (ns) => {
        expect(ns).toEqual([3, 4, 1, 2, 5]);
      },
    );
  });
});

describe('the watermark after keyBy', () => {
  const daily = topology('under-test', { version: 1 }, ({ source }) => {
    const fast = source(events, { ...timed, idleMs: 60_000 });
    const slow = source(others, { ...timed, idleMs: 60_000 });
    const all = merge('all', fast.pipe(keyBy('fast', { key: ({ tag }) => tag, value })), slow.pipe(keyBy('slow', { key: ({ tag }) => tag, value })));
    all.pipe(
      tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }),
      map((record) => withValue(record, record.value.value.n)),
      toResults(),
    );
  });

  it('is the least of all upstream tasks, so that a slow one makes nobody late', async () => {
    await testTopology(daily, { partitions: 2, markerMs: 1 }, async (driver) => {
      const onBothPartitions = (atMs: number, tag: string) => [event('a', atMs, { tag }), event('d', atMs, { tag })];
      driver.input(events).sendAll([...onBothPartitions(5, 'x'), ...onBothPartitions(500, 'x')]);
      driver.input(others).sendAll(onBothPartitions(3, 'x'));
      await driver.runLive();
      driver.input(others).sendAll(onBothPartitions(9, 'x'));
      await driver.runLive();
      expect(lines(driver)).toEqual([]);
      driver.input(others).sendAll([...onBothPartitions(501, 'x'), ...onBothPartitions(503, 'x')]);
      driver.input(events).sendAll(onBothPartitions(502, 'x'));
      await driver.runLive();
      expect(lines(driver)).toEqual([['x', 9, 6]]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('names the records of its topic that have no name: a schema registry takes no others', () => {
    const inner = schema.record({ tag: schema.string, inner: schema.record({ n: schema.long }) });
    const anonymous = around((source) =>
      source.pipe(
        map((record) => withValue(record, { tag: record.value.tag, inner: { n: record.value.n } })),
        keyBy('by-tag', { key: ({ tag }) => tag, value: inner }),
        map((record) => withValue(record, record.value.inner.n)),
      ),
    );
    const sources = anonymous.build().stages.flatMap((stage) => stage.source ?? []);
    const { topic } = sources.find(({ internal }) => internal === 'repartition')!;
    const [carried] = topic.schema!.fields;
    expect(carried!.type).toMatchObject({
      name: 'Carried_value',
      fields: [{ name: 'tag' }, { name: 'inner', type: { name: 'Carried_value_inner' } }],
    });
  });

  it('waits for a silent upstream partition until its idle time has passed', async () => {
    const alone = around((source) => source.pipe(byTag(), tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() })), {
      idleMs: 60_000,
    });
    await testTopology(alone, { partitions: 2, markerMs: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 5, { tag: 'x' }), event('a', 500, { tag: 'x' })]);
      await driver.elapse(59_999);
      expect(lines(driver)).toEqual([]);
      await driver.elapse(1);
      expect(lines(driver).map(([key, timestamp]) => [key, timestamp])).toEqual([['x', 9]]);
    });
  });
});
