import { describe, expect, it } from 'vitest';
import { describe as graphOf, stageOf } from '../../../operators/graph.js';
import { joinTable, topology, type Route, type Topology } from '../../../operators/index.js';
import { openDriver, testTopology, type TopologyTestDriver } from '../../../runtime/testing/index.js';
import type { Topic } from '../../../schemas/index.js';
import { asides, event, events, lines, others, timed, toAsides, toResults, type Event } from '../pipelines.js';

/** Events of `stream`, each with the tag of its key's row in `rows`. */
const joined = (miss: Route<string, Event> = 'dead-letter', stream: Topic<string, Event> = events, rows: Topic<string, Event> = others): Topology =>
  topology('under-test', { version: 1 }, ({ source, table }) => {
    source(stream, timed).pipe(
      joinTable('with-row', table(rows, timed), { miss }, (value, row, timestamp) => ({ n: value.n, row: row.tag, timestamp })),
      toResults(),
    );
  });

describe('joinTable', () => {
  it('joins each record with the row of its key, at its own event time', async () => {
    await testTopology(joined(), async (driver) => {
      driver.input(others).sendAll([event('a', 1, { tag: 'A' }), event('b', 2, { tag: 'B' })]);
      driver.input(events).sendAll([event('a', 10, { n: 1 }), event('b', 20, { n: 2 })]);
      await driver.endInput();
      expect(lines(driver)).toEqual([
        ['a', 10, { n: 1, row: 'A', timestamp: 10 }],
        ['b', 20, { n: 2, row: 'B', timestamp: 20 }],
      ]);
    });
  });

  /** Rows that events of key `a` at 10, 20 and 30 find. */
  const found = async (of: Topology, updates: readonly Event[], stream = events, rows = others): Promise<unknown[]> => {
    let seen: unknown[] = [];
    await testTopology(of, { partitions: 1 }, async (driver) => {
      driver.input(stream).sendAll([10, 20, 30].map((atMs) => event('a', atMs)));
      driver.input(rows).sendAll(updates);
      await driver.endInput();
      seen = lines(driver).map(([, , value]) => (value as { row: string }).row);
    });
    return seen;
  };

  it('sees every update of an earlier stream time and none of a later one, whichever was sent first', async () => {
    expect(await found(joined(), [event('a', 9, { tag: 'one' }), event('a', 19, { tag: 'two' }), event('a', 21, { tag: 'three' })])).toEqual([
      'one',
      'two',
      'three',
    ]);
  });

  it('decides between a record and an update of one time by the names of their topics', async () => {
    const updates = [event('a', 5, { tag: 'one' }), event('a', 20, { tag: 'two' })];
    expect(await found(joined(), updates)).toEqual(['one', 'one', 'two']);
    expect(await found(joined('dead-letter', others, events), updates, others, events)).toEqual(['one', 'two', 'two']);
  });

  it('takes an update that comes out of order where it stands in its partition', async () => {
    const updates = [event('a', 5, { tag: 'one' }), event('b', 25, { tag: 'b' }), event('a', 15, { tag: 'late' })];
    expect(await found(joined(), updates)).toEqual(['one', 'one', 'late']);
  });

  it('has no output for an update', async () => {
    await testTopology(joined(), async (driver) => {
      driver.input(others).sendAll([event('a', 1), event('a', 2)]);
      await driver.endInput();
      expect(lines(driver)).toEqual([]);
      expect(driver.counters()).toMatchObject({ records: 2, deadLetters: 0, misses: 0 });
      expect([...driver.rows('others/rows').keys()]).toEqual(['a']);
    });
  });

  it('finds no row after a tombstone, and a new one after that', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(others).send(event('a', 1, { tag: 'old' }));
      driver.input(others).delete('a', { atMs: 15, appendTimeMs: 15 });
      driver.input(others).send(event('a', 25, { tag: 'new' }));
      driver.input(events).sendAll([event('a', 10), event('a', 20), event('a', 30)]);
      await driver.endInput();
      expect(lines(driver).map(([, timestamp, value]) => [timestamp, (value as { row: string }).row])).toEqual([
        [10, 'old'],
        [30, 'new'],
      ]);
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_MISS', stage: 'with-row', failedAtEventTimeMs: 20 }]);
    });
  });

  it('keeps no row after a tombstone', async () => {
    await testTopology(joined(), async (driver) => {
      driver.input(others).sendAll([event('a', 1), event('b', 1)]);
      driver.input(others).delete('a', { atMs: 2, appendTimeMs: 2 });
      await driver.endInput();
      expect([...driver.rows('others/rows').keys()]).toEqual(['b']);
    });
  });

  it('undoes nothing of the table when the join function throws', async () => {
    const failing = topology('under-test', { version: 1 }, ({ source, table }) => {
      source(events, timed).pipe(
        joinTable('with-row', table(others, timed), { miss: 'discard' }, ({ n }, row) => {
          if (n < 0) throw new Error('negative');
          return row.tag;
        }),
        toResults(),
      );
    });
    await testTopology(failing, { partitions: 1 }, async (driver) => {
      driver.input(others).send(event('a', 1, { tag: 'row' }));
      driver.input(events).sendAll([event('a', 2, { n: -1 }), event('a', 3)]);
      await driver.endInput();
      expect(lines(driver)).toEqual([['a', 3, 'row']]);
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_PROCESSING_FAILED', stage: 'with-row', sourceTopic: 'test.events', sourceOffset: 0 }]);
    });
  });

  it('does not build with a topic of another number of partitions', async () => {
    const fewer = { ...others, partitions: 4 };
    await expect(openDriver(joined('discard', events, fewer), { partitions: 12 })).rejects.toMatchObject({ code: 'SFS_PARTITIONS_DIFFER' });
  });
});

describe('a record that finds no row', () => {
  const miss = async (route: Route<string, Event>, look: (driver: TopologyTestDriver) => void): Promise<void> =>
    testTopology(joined(route), async (driver) => {
      driver.input(events).send(event('a', 10, { tag: 'lost' }), { partition: 0 });
      await driver.endInput();
      expect(lines(driver)).toEqual([]);
      look(driver);
    });

  it('goes to the dead letters with its bytes', async () => {
    await miss('dead-letter', (driver) => {
      const [record] = driver.storage.log.read('test.events', 0, 0, 1);
      expect(driver.deadLetters()).toMatchObject([
        {
          code: 'SFS_MISS',
          reason: 'stage with-row found no row for key "a"',
          stage: 'with-row',
          sourceTopic: 'test.events',
          sourcePartition: 0,
          sourceOffset: 0,
          personal: { key: record!.key, value: record!.value },
        },
      ]);
      expect(driver.counters()).toMatchObject({ deadLetters: 1, misses: 0 });
    });
  });

  it('is counted when it is discarded', async () => {
    await miss('discard', (driver) => {
      expect(driver.deadLetters()).toEqual([]);
      expect(driver.counters()).toMatchObject({ deadLetters: 0, misses: 1 });
    });
  });

  it('goes as it is into the pipeline of the route, and is counted', async () => {
    await miss(toAsides, (driver) => {
      expect(lines(driver, asides)).toEqual([['a', 10, event('a', 10, { tag: 'lost' })]]);
      expect(driver.counters()).toMatchObject({ deadLetters: 0, misses: 1 });
    });
  });

  it('shows in the graph by its route', () => {
    const parameter = (route: Route<string, Event>): unknown => stageOf(graphOf(joined(route)), 'with-row').parameters['miss'];
    expect([parameter('dead-letter'), parameter('discard'), parameter(toAsides)]).toEqual(['dead-letter', 'discard', 'pipeline']);
  });
});
