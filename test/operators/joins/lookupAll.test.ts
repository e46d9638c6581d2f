import { describe, expect, it } from 'vitest';
import { describe as graphOf } from '../../../operators/graph.js';
import { inTimeOrder, lookupAll, topicSchema, topology, type SourceOptions, type Topology } from '../../../operators/index.js';
import { testTopology, type TopologyTestDriver } from '../../../runtime/testing/index.js';
import { topic } from '../../../schemas/index.js';
import { derived, event, events, lines, others, timed, toResults, type Event } from '../pipelines.js';

/** Global tables need not have the partitions of the stream. */
const items = topic({ name: 'items', schema: topicSchema(others), keyFields: ['key'], partitions: 2 });

const words = ({ tag }: Event): readonly string[] => tag.split(' ');
const value = topicSchema(events);

/** Each event with the n of the items that its tag names, as the table stands. */
const current: Topology = topology('under-test', { version: 1 }, ({ source, globalTable }) => {
  source(events, timed).pipe(
    lookupAll('found', { items: globalTable(items, timed) }, { keys: { items: words } }, (_, rows, timestamp) => ({
      items: [...rows.items].map(([key, { n }]) => [key, n]),
      timestamp,
    })),
    toResults(),
  );
});

interface Setting extends SourceOptions<Event> {
  readonly historyMs?: number;
  /** Puts the events in order first. */
  readonly inOrder?: boolean;
}

/** Each event with the n of the rows that its tag names, as of its own time; `derived` is written by another topology. */
const asOf = ({ historyMs, inOrder = false, latenessMs = 0 }: Setting = {}): Topology =>
  topology('under-test', { version: 1 }, ({ source, globalVersionedTable }) => {
    const rows = globalVersionedTable(derived, { idleMs: 5_000, ...(historyMs === undefined ? {} : { historyMs }) });
    const stream = source(events, { ...timed, latenessMs, idleMs: 5_000 });
    (inOrder ? stream.pipe(inTimeOrder('in-order', { value })) : stream).pipe(
      lookupAll('rows', { rows }, { keys: { rows: words }, value }, (_, found) => [...found.rows].map(([key, { n }]) => [key, n])),
      toResults(),
    );
  });

/** Sends a row of `derived` that holds from a time on. */
const put = (driver: TopologyTestDriver, key: string, n: number, atMs: number): void => driver.input(derived).send(event(key, 0, { n }), { atMs });

const asking = (atMs: number, tag: string, key = 'a'): Event => event(key, atMs, { tag });

describe('lookupAll in a global table', () => {
  it('joins each record with the rows of all its keys, in every task, at its own event time', async () => {
    await testTopology(current, { partitions: 6 }, async (driver) => {
      driver.input(items).sendAll([event('x', 1, { n: 100 }), event('y', 2, { n: 200 }), event('z', 3, { n: 300 })]);
      const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
      driver.input(events).sendAll(keys.map((key, at) => asking(10 + at, 'z x', key)));
      await driver.endInput();
      const rows = [
        ['z', 300],
        ['x', 100],
      ];
      expect(lines(driver)).toEqual(keys.map((key, at) => [key, 10 + at, { items: rows, timestamp: 10 + at }]));
    });
  });

  it('leaves out keys without a row, removed ones too, and counts a key that is named twice once', async () => {
    await testTopology(current, async (driver) => {
      driver.input(items).sendAll([event('x', 1, { n: 1 }), event('y', 1, { n: 2 })]);
      driver.input(items).delete('y', { atMs: 15, appendTimeMs: 15 });
      driver.input(events).sendAll([asking(10, 'x y unknown x'), asking(20, 'y unknown'), asking(30, 'x')]);
      await driver.endInput();
      expect(lines(driver).map(([, , result]) => (result as { items: unknown }).items)).toEqual([
        [
          ['x', 1],
          ['y', 2],
        ],
        [],
        [['x', 1]],
      ]);
      expect(driver.counters()).toMatchObject({ misses: 0, deadLetters: 0 });
    });
  });

  it('finds rows as they stand in the merge order, and waits for nothing', async () => {
    await testTopology(current, { partitions: 1 }, async (driver) => {
      driver.input(items).sendAll([event('x', 9, { n: 1 }), event('x', 20, { n: 2 })]);
      driver.input(events).sendAll([asking(10, 'x'), asking(20, 'x'), asking(30, 'x')]);
      await driver.run();
      // Of one time, the topic whose name comes first goes first: `events` before `items`.
      expect(lines(driver).map(([, , result]) => (result as { items: unknown }).items)).toEqual([[['x', 1]], [['x', 1]], [['x', 2]]]);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('keeps no state of its own', () => {
    expect(graphOf(current).stages.find(({ kind }) => kind === 'lookup-all')).toMatchObject({
      parameters: { tables: { items: 'items/rows' } },
      stores: [],
    });
  });
});

describe('lookupAll in a global versioned table', () => {
  it('joins a record of t with the versions of greatest time v <= t, whatever comes later', async () => {
    await testTopology(asOf(), { partitions: 3 }, async (driver) => {
      for (const [n, atMs] of [
        [1, 10],
        [2, 20],
        [3, 30],
      ] as const)
        put(driver, 'x', n, atMs);
      put(driver, 'y', 7, 15);
      driver.input(events).sendAll([9, 10, 19, 20, 29, 30].map((atMs) => asking(atMs, 'x y')));
      await driver.endInput();
      expect(lines(driver).map(([, atMs, rows]) => [atMs, ...(rows as unknown[])])).toEqual([
        [9],
        [10, ['x', 1]],
        [19, ['x', 1], ['y', 7]],
        [20, ['x', 2], ['y', 7]],
        [29, ['x', 2], ['y', 7]],
        [30, ['x', 3], ['y', 7]],
      ]);
      expect(driver.rows('rows/waiting').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('finds no row after a removal', async () => {
    await testTopology(asOf(), async (driver) => {
      put(driver, 'x', 1, 10);
      driver.input(derived).delete('x', { atMs: 20 });
      driver.input(events).sendAll([asking(19, 'x'), asking(20, 'x')]);
      await driver.endInput();
      expect(lines(driver).map(([, , rows]) => rows)).toEqual([[['x', 1]], []]);
    });
  });

  it('finds no row before its history', async () => {
    await testTopology(asOf({ historyMs: 5 }), { partitions: 1 }, async (driver) => {
      for (const atMs of [0, 10]) put(driver, 'x', atMs, atMs);
      await driver.advanceWatermark(15);
      put(driver, 'x', 20, 20);
      driver.input(events).sendAll([asking(20, 'x'), asking(9, 'x'), asking(14, 'x')]);
      await driver.endInput();
      expect(lines(driver).map(([, atMs, rows]) => [atMs, rows])).toEqual([
        [9, []],
        [14, [['x', 10]]],
        [20, [['x', 20]]],
      ]);
    });
  });

  it('waits until the watermark of the writer has passed the record, also where the writer has gone on', async () => {
    await testTopology(asOf(), { partitions: 1 }, async (driver) => {
      put(driver, 'x', 1, 10);
      driver.input(derived).sendMarker(10);
      put(driver, 'x', 3, 150);
      driver.input(events).sendAll([50, 149, 151].map((atMs) => asking(atMs, 'x')));
      await driver.runLive();
      expect(lines(driver)).toEqual([]);
      expect(driver.state<unknown[]>('rows/waiting', 'a')).toHaveLength(2);
      put(driver, 'x', 2, 50);
      driver.input(derived).sendMarker(50);
      await driver.runLive();
      expect(lines(driver)).toEqual([]);
      driver.input(derived).sendMarker(51);
      await driver.runLive();
      expect(lines(driver)).toEqual([['a', 50, [['x', 2]]]]);
    });
  });

  it('waits no longer than idleMs for a writer that is silent', async () => {
    await testTopology(asOf(), { partitions: 1 }, async (driver) => {
      put(driver, 'x', 1, 10);
      driver.input(derived).sendMarker(10);
      driver.input(events).sendAll([asking(50, 'x'), asking(100, 'x')]);
      await driver.elapse(4_999);
      expect(lines(driver)).toEqual([]);
      await driver.elapse(1);
      expect(lines(driver)).toEqual([['a', 50, [['x', 1]]]]);
    });
  });

  it('waits no more for a record that has waited in inTimeOrder: nothing is stored a second time', async () => {
    await testTopology(asOf({ inOrder: true, latenessMs: 10 }), { partitions: 1 }, async (driver) => {
      put(driver, 'x', 1, 10);
      put(driver, 'x', 2, 50);
      driver.input(derived).sendMarker(200);
      driver.input(events).sendAll([asking(50, 'x'), asking(49, 'x')]);
      await driver.endInput();
      expect(lines(driver)).toEqual([
        ['a', 49, [['x', 1]]],
        ['a', 50, [['x', 2]]],
      ]);
      // One for each record that inTimeOrder let go.
      expect(driver.counters().timers).toBe(2);
    });
  });

  it('joins a late record at once', async () => {
    await testTopology(asOf(), { partitions: 1 }, async (driver) => {
      put(driver, 'x', 1, 10);
      driver.input(derived).sendMarker(90);
      driver.input(derived).sendMarker(200);
      driver.input(events).sendAll([asking(100, 'x'), asking(50, 'x')]);
      await driver.runLive();
      expect(lines(driver)).toEqual([['a', 50, [['x', 1]]]]);
      expect(driver.state<unknown[]>('rows/waiting', 'a')).toHaveLength(1);
    });
  });

  it('survives a restart while records wait', async () => {
    await testTopology(asOf(), { partitions: 1 }, async (driver) => {
      put(driver, 'x', 1, 10);
      driver.input(derived).sendMarker(10);
      driver.input(events).sendAll([asking(50, 'x'), asking(100, 'x')]);
      await driver.runLive();
      put(driver, 'x', 2, 50);
      driver.input(derived).sendMarker(60);
      await driver.restart();
      await driver.endInput();
      expect(lines(driver).map(([, , rows]) => rows)).toEqual([[['x', 2]], [['x', 2]]]);
    });
  });

  it('buries a record for which the join throws with its own position, of those of one time that one alone', async () => {
    const failing = topology('under-test', { version: 1 }, ({ source, globalVersionedTable }) => {
      source(events, timed).pipe(
        lookupAll('rows', { rows: globalVersionedTable(derived) }, { keys: { rows: words }, value }, ({ n }) => {
          if (n === 2) throw new Error('not two');
          return n;
        }),
        toResults(),
      );
    });
    await testTopology(failing, { partitions: 1 }, async (driver) => {
      put(driver, 'x', 1, 0);
      driver.input(events).sendAll([1, 2, 3].map((n) => event('a', 10, { n })));
      await driver.endInput();
      expect(lines(driver).map(([, , n]) => n)).toEqual([1, 3]);
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_PROCESSING_FAILED', stage: 'rows', sourcePartition: 0, sourceOffset: 1 }]);
      expect(driver.rows('rows/waiting').size).toBe(0);
    });
  });
});

describe('lookupAll in several tables', () => {
  const both = topology('under-test', { version: 1 }, ({ source, globalTable, globalVersionedTable }) => {
    source(events, timed).pipe(
      lookupAll(
        'both',
        { current: globalTable(items, timed), asOf: globalVersionedTable(derived) },
        { keys: { current: words, asOf: ({ key }) => [key] }, value },
        (_, rows) => ({ current: [...rows.current.values()].map(({ n }) => n), asOf: rows.asOf.get('a')?.n ?? null }),
      ),
      toResults(),
    );
  });

  it('gives the rows of each under its own name, each by its own rule', async () => {
    await testTopology(both, { partitions: 1 }, async (driver) => {
      driver.input(items).sendAll([event('x', 5, { n: 1 }), event('x', 15, { n: 2 })]);
      put(driver, 'a', 10, 5);
      put(driver, 'a', 20, 15);
      driver.input(events).sendAll([asking(10, 'x'), asking(20, 'y')]);
      await driver.endInput();
      // The record of 10 waited for the watermark: when it is joined, the table of latest values has gone on to 15.
      expect(lines(driver)).toEqual([
        ['a', 10, { current: [2], asOf: 10 }],
        ['a', 20, { current: [], asOf: 20 }],
      ]);
    });
  });

  it('names its tables to plan', () => {
    expect(graphOf(both).stages.find(({ id }) => id === 'both')).toMatchObject({
      kind: 'lookup-all',
      parameters: { tables: { current: 'items/rows', asOf: 'derived/versions' } },
      stores: [{ name: 'both/waiting' }],
    });
  });
});

describe('a global versioned table', () => {
  it('is read whole by every task, and keeps the history that it was told to', () => {
    const graph = graphOf(asOf({ historyMs: 5 }));
    expect(graph.subtopologies).toHaveLength(1);
    expect(graph.subtopologies[0]!.inputs).toMatchObject([
      { topic: 'derived', scope: 'global', partitions: 12 },
      { topic: 'events', scope: 'task', partitions: 12 },
    ]);
    expect(graph.stages.find(({ id }) => id === 'derived')).toMatchObject({ kind: 'global-table', parameters: { historyMs: 5 } });
    expect(graph.fingerprint).not.toBe(graphOf(asOf({ historyMs: 6 })).fingerprint);
  });

  it('remembers two days unless told otherwise, and refuses what is no duration', () => {
    expect(graphOf(asOf()).stages.find(({ id }) => id === 'derived')!.parameters).toMatchObject({ historyMs: 172_800_000 });
    expect(() => asOf({ historyMs: -1 }).build()).toThrow(expect.objectContaining({ code: 'SFS_DURATION' }));
  });

  it("holds the task's watermark back, which a global table of latest values does not", async () => {
    const watermarkWith = async (kind: 'globalTable' | 'globalVersionedTable'): Promise<number> => {
      let found = NaN;
      const joined = topology('under-test', { version: 1 }, (sources) => {
        const rows = sources[kind](derived);
        sources
          .source(events, timed)
          .pipe(
            rows.kind === 'global-table'
              ? lookupAll('rows', { rows }, { keys: { rows: words } }, (event) => event.n)
              : lookupAll('rows', { rows }, { keys: { rows: words }, value }, (event) => event.n),
            toResults(),
          );
      });
      await testTopology(joined, { partitions: 1 }, async (driver) => {
        driver.input(derived).sendMarker(40);
        put(driver, 'x', 1, 200);
        driver.input(events).send(asking(100, 'x'));
        await driver.runLive();
        found = driver.watermark();
      });
      return found;
    };
    expect(await watermarkWith('globalTable')).toBe(100);
    expect(await watermarkWith('globalVersionedTable')).toBe(40);
  });
});
