import { describe, expect, it } from 'vitest';
import { describe as graphOf } from '../../../operators/graph.js';
import { lookup, topicSchema, topology, type Route, type Topology } from '../../../operators/index.js';
import { testTopology } from '../../../runtime/testing/index.js';
import { topic } from '../../../schemas/index.js';
import { asides, event, events, lines, others, timed, toAsides, toResults, type Event } from '../pipelines.js';

/** A global table need not have the partitions of the stream. */
const items = topic({ name: 'items', schema: topicSchema(others), keyFields: ['key'], partitions: 2 });

/** Each event with the n of the item that its tag names. */
const looked = (miss: Route<string, Event> = 'dead-letter'): Topology =>
  topology('under-test', { version: 1 }, ({ source, globalTable }) => {
    source(events, timed).pipe(
      lookup('item', globalTable(items, timed), { key: ({ tag }) => tag, miss }, (value, row, timestamp) => ({
        tag: value.tag,
        item: row.n,
        timestamp,
      })),
      toResults(),
    );
  });

describe('lookup', () => {
  it('joins each record with the row that its value names, in every task, at its own event time', async () => {
    await testTopology(looked(), { partitions: 6 }, async (driver) => {
      driver.input(items).sendAll([event('x', 1, { n: 100 }), event('y', 2, { n: 200 }), event('z', 3, { n: 300 })]);
      const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
      const tags = ['x', 'y', 'z'];
      driver.input(events).sendAll(keys.map((key, at) => event(key, 10 + at, { tag: tags[at % 3]! })));
      await driver.endInput();
      expect(lines(driver)).toEqual(keys.map((key, at) => [key, 10 + at, { tag: tags[at % 3]!, item: 100 * ((at % 3) + 1), timestamp: 10 + at }]));
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('reads every partition of the table in every task, which need not be as many as the stream has', () => {
    const [subtopology, ...more] = graphOf(looked()).subtopologies;
    expect(more).toEqual([]);
    expect(subtopology!.partitions).toBe(12);
    expect(subtopology!.inputs).toMatchObject([
      { topic: 'events', scope: 'task', partitions: 12 },
      { topic: 'items', scope: 'global', partitions: 2 },
    ]);
  });

  it('finds the row as it stands in the merge order of the task: what is before the record, nothing after it', async () => {
    await testTopology(looked(), { partitions: 2 }, async (driver) => {
      driver.input(events).sendAll([event('a', 10, { tag: 'x' }), event('a', 20, { tag: 'x' }), event('a', 30, { tag: 'x' })]);
      driver.input(items).sendAll([event('x', 9, { n: 1 }), event('x', 20, { n: 2 })]);
      await driver.endInput();
      // Of one time, the topic whose name comes first goes first: `events` before `items`.
      expect(lines(driver).map(([, , value]) => (value as { item: number }).item)).toEqual([1, 1, 2]);
    });
  });

  it('finds no row after a tombstone', async () => {
    await testTopology(looked(), { partitions: 2 }, async (driver) => {
      driver.input(items).send(event('x', 1, { n: 1 }));
      driver.input(items).delete('x', { atMs: 15, appendTimeMs: 15 });
      driver.input(events).sendAll([event('a', 10, { tag: 'x' }), event('a', 20, { tag: 'x' })]);
      await driver.endInput();
      expect(lines(driver).map(([, timestamp]) => timestamp)).toEqual([10]);
      expect(driver.deadLetters()).toMatchObject([
        { code: 'SFS_MISS', stage: 'item', reason: 'stage item found no row for key "x"', failedAtEventTimeMs: 20 },
      ]);
    });
  });

  it('has no output for an update, and waits for no watermark of the table', async () => {
    await testTopology(looked('discard'), { partitions: 2 }, async (driver) => {
      driver.input(items).sendAll([event('x', 1), event('x', 5)]);
      driver.input(events).send(event('a', 100, { tag: 'x' }), { partition: 0 });
      driver.input(events).send(event('b', 100, { tag: 'x' }), { partition: 1 });
      await driver.run();
      expect(lines(driver)).toHaveLength(2);
      expect(driver.watermark()).toBe(100);
    });
  });

  it('sends what it does not find along its route', async () => {
    for (const [route, counted, aside] of [
      ['discard', { misses: 1, deadLetters: 0 }, 0],
      [toAsides, { misses: 1, deadLetters: 0 }, 1],
      ['dead-letter', { misses: 0, deadLetters: 1 }, 0],
    ] as const) {
      await testTopology(looked(route), async (driver) => {
        driver.input(items).send(event('x', 1));
        driver.input(events).sendAll([event('a', 10, { tag: 'unknown' }), event('a', 11, { tag: 'x' })]);
        await driver.endInput();
        expect(lines(driver).map(([, timestamp]) => timestamp)).toEqual([11]);
        expect(driver.counters()).toMatchObject(counted);
        if (aside) expect(lines(driver, asides)).toEqual([['a', 10, event('a', 10, { tag: 'unknown' })]]);
      });
    }
  });
});
