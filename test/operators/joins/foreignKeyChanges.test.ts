import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { describe as graphOf } from '../../../operators/graph.js';
import {
  foreignKeyChanges,
  inTimeOrder,
  lookupAll,
  reduceTable,
  topicSchema,
  topology,
  withValue,
  type Records,
  type Sources,
  type Topology,
} from '../../../operators/index.js';
import { testTopology, type TopologyTestDriver } from '../../../runtime/testing/index.js';
import { derived, event, events, lines, others, timed, toResults, type Event } from '../pipelines.js';

const value = topicSchema(events);
const refersTo = ({ tag }: Event): string[] => (tag === '' ? [] : tag.split(' '));
const initial = event('', 0);
/** The last event of a key; `gone` deletes it. */
const last = { state: value, initial, reduce: (_: Event, now: Event) => (now.tag === 'gone' ? null : now) };
const options = { keys: refersTo, signature: ({ n }: Event) => String(n) };

/** The last event of each key, told of changes in the rows of `others` that its tag names. */
function told(after: (changes: Records<string, Event>, sources: Sources) => Records<string, unknown> = (changes) => changes): Topology {
  return topology('under-test', { version: 1 }, (sources) => {
    const left = reduceTable('left', sources.source(events, timed), last);
    after(foreignKeyChanges('told', left, sources.globalTable(others, timed), options), sources).pipe(toResults());
  });
}

/** The same with a right side of versions, and what it finds there as of the change; the left side is in order of time. */
const toldAsOf: Topology = topology('under-test', { version: 1 }, ({ source, globalVersionedTable }) => {
  const right = globalVersionedTable(derived);
  const left = reduceTable('left', source(events, { ...timed, latenessMs: 10 }).pipe(inTimeOrder('in-order', { value })), last);
  foreignKeyChanges('told', left, right, options).pipe(
    lookupAll('found', { right }, { keys: { right: refersTo }, value }, ({ tag }, rows) => ({
      tag,
      found: [...rows.right.values()].map(({ n }) => n),
    })),
    toResults(),
  );
});

const refer = (driver: TopologyTestDriver, key: string, tag: string, atMs: number): void => driver.input(events).send(event(key, atMs, { tag }));
const change = (driver: TopologyTestDriver, key: string, n: number, atMs: number): void => driver.input(others).send(event(key, atMs, { n }));
/** Keys that were told since the last call, with the event time. */
const heard = (driver: TopologyTestDriver): unknown[] => lines(driver).map(([key, atMs]) => [key, atMs]);

describe('foreignKeyChanges', () => {
  it('tells every key that refers to a changed row, in every task, with its own row and the event time of the change', async () => {
    await testTopology(told(), { partitions: 6 }, async (driver) => {
      const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
      keys.forEach((key, at) => refer(driver, key, at % 2 === 0 ? 'x' : 'y', 10));
      await driver.run();
      change(driver, 'x', 1, 20);
      await driver.endInput();
      expect(lines(driver)).toEqual(['a', 'c', 'e', 'g'].map((key) => [key, 20, event(key, 10, { tag: 'x' })]));
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('tells when a row appears, changes its signature and is removed, and not while the signature stays', async () => {
    await testTopology(told(), { partitions: 1 }, async (driver) => {
      refer(driver, 'a', 'x', 1);
      change(driver, 'x', 1, 10);
      driver.input(others).send(event('x', 20, { n: 1, tag: 'other words' }));
      change(driver, 'x', 2, 30);
      driver.input(others).delete('x', { atMs: 40, appendTimeMs: 40 });
      driver.input(others).delete('x', { atMs: 50, appendTimeMs: 50 });
      change(driver, 'x', 2, 60);
      await driver.endInput();
      expect(heard(driver)).toEqual([10, 30, 40, 60].map((atMs) => ['a', atMs]));
    });
  });

  it('tells a key once of several rows that change at one time', async () => {
    await testTopology(told(), { partitions: 1 }, async (driver) => {
      refer(driver, 'a', 'x y x', 1);
      refer(driver, 'later', '', 100);
      change(driver, 'x', 1, 10);
      change(driver, 'y', 1, 10);
      change(driver, 'y', 2, 11);
      await driver.endInput();
      expect(heard(driver)).toEqual([
        ['a', 10],
        ['a', 11],
      ]);
    });
  });

  it('tells those that refer to the row when the watermark comes to the change: not who does no more, or is deleted', async () => {
    await testTopology(told(), { partitions: 1 }, async (driver) => {
      for (const key of ['a', 'b', 'c', 'd']) refer(driver, key, 'x', 1);
      refer(driver, 'b', 'y', 5);
      refer(driver, 'c', 'gone', 6);
      refer(driver, 'd', '', 7);
      await driver.run();
      change(driver, 'x', 1, 20);
      await driver.advanceWatermark(20);
      expect(heard(driver)).toEqual([]);
      refer(driver, 'e', 'y x', 20);
      await driver.advanceWatermark(21);
      expect(heard(driver)).toEqual([
        ['a', 20],
        ['e', 20],
      ]);
    });
  });

  it('says nothing when a left row changes', async () => {
    await testTopology(told(), { partitions: 1 }, async (driver) => {
      change(driver, 'x', 1, 1);
      refer(driver, 'a', 'x', 10);
      refer(driver, 'a', 'x y', 11);
      await driver.endInput();
      expect(heard(driver)).toEqual([]);
    });
  });

  it('forgets all about keys that refer to nothing any more, and about rows that are gone', async () => {
    await testTopology(told(), { partitions: 1 }, async (driver) => {
      for (const key of ['a', 'b', 'c']) refer(driver, key, 'x y', 1);
      change(driver, 'x', 1, 2);
      await driver.run();
      expect(driver.rows('told/references').get('a')).toEqual(['x', 'y']);
      expect([...driver.rows<string[]>('told/index').values()].flat().sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
      for (const key of ['a', 'b', 'c']) refer(driver, key, 'gone', 10);
      driver.input(others).delete('x', { atMs: 20, appendTimeMs: 20 });
      await driver.endInput();
      for (const store of ['references', 'index', 'rights']) expect(driver.rows(`told/${store}`), store).toEqual(new Map());
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('tells at once of a change that comes late', async () => {
    await testTopology(told(), { partitions: 1 }, async (driver) => {
      refer(driver, 'a', 'x', 1);
      await driver.advanceWatermark(100);
      change(driver, 'x', 1, 50);
      await driver.run();
      expect(heard(driver)).toEqual([['a', 50]]);
    });
  });

  it('takes what it stored of a record back when a later operator throws, and a failing key keeps no other from being told', async () => {
    const failing = told((changes) =>
      changes.pipe(
        map((record) => {
          if (record.key === 'b') throw new Error('not b');
          return withValue(record, record.value);
        }),
      ),
    );
    await testTopology(failing, { partitions: 1 }, async (driver) => {
      for (const key of ['a', 'b', 'c']) refer(driver, key, 'x', 1);
      change(driver, 'x', 1, 10);
      await driver.endInput();
      expect(heard(driver)).toEqual([
        ['a', 10],
        ['c', 10],
      ]);
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_PROCESSING_FAILED', reason: 'timer 11 of stage told for key "b": not b' }]);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('spreads a change that concerns many keys over commits: a crash between two of them loses and doubles none', async () => {
    const keys = Array.from({ length: 500 }, (_, nth) => `learner-${String(nth).padStart(3, '0')}`);
    await testTopology(told(), { partitions: 1 }, async (driver) => {
      for (const key of keys) refer(driver, key, 'x', 1);
      change(driver, 'x', 1, 10);
      await driver.endInput();
      expect(heard(driver)).toEqual(keys.map((key) => [key, 10]));
      const index = [...driver.rows<string[]>('told/index').values()];
      expect(index.flat().sort()).toEqual(keys);
      expect(index.length).toBeGreaterThan(60);
      expect(Math.max(...index.map(({ length }) => length))).toBeLessThan(25);
    });
  });

  it('names its tables to plan', () => {
    expect(graphOf(told()).stages.find(({ id }) => id === 'told')).toMatchObject({
      kind: 'foreign-key-changes',
      parameters: { left: 'left/state', right: 'others/rows' },
      stores: [{ name: 'told/references' }, { name: 'told/index' }, { name: 'told/rights' }],
    });
    expect(graphOf(told()).warnings).toEqual([]);
  });
});

describe('foreignKeyChanges with a global versioned table', () => {
  const put = (driver: TopologyTestDriver, key: string, n: number, atMs: number): void => driver.input(derived).send(event(key, 0, { n }), { atMs });

  it('tells of each change at its own time, where lookupAll finds the row as of then', async () => {
    await testTopology(toldAsOf, { partitions: 1 }, async (driver) => {
      refer(driver, 'a', 'x', 5);
      put(driver, 'x', 1, 10);
      put(driver, 'x', 2, 20);
      put(driver, 'x', 2, 25);
      put(driver, 'x', 3, 30);
      refer(driver, 'b', 'x', 22);
      await driver.endInput();
      expect(lines(driver)).toEqual([
        ['a', 10, { tag: 'x', found: [1] }],
        ['a', 20, { tag: 'x', found: [2] }],
        ['a', 30, { tag: 'x', found: [3] }],
        ['b', 30, { tag: 'x', found: [3] }],
      ]);
    });
  });

  it('counts a reference that came late within the lateness, and one that ended before the change', async () => {
    await testTopology(toldAsOf, { partitions: 1 }, async (driver) => {
      refer(driver, 'b', 'x', 1);
      put(driver, 'x', 1, 20);
      refer(driver, 'a', 'x', 21);
      refer(driver, 'c', 'x', 19);
      refer(driver, 'b', 'gone', 18);
      await driver.endInput();
      expect(lines(driver)).toEqual([['c', 20, { tag: 'x', found: [1] }]]);
    });
  });

  it('says nothing of a version that comes when a later one is known', async () => {
    await testTopology(toldAsOf, { partitions: 1 }, async (driver) => {
      refer(driver, 'a', 'x', 1);
      put(driver, 'x', 1, 20);
      put(driver, 'x', 7, 15);
      driver.input(derived).delete('x', { atMs: 30 });
      await driver.endInput();
      expect(lines(driver)).toEqual([
        ['a', 20, { tag: 'x', found: [1] }],
        ['a', 30, { tag: 'x', found: [] }],
      ]);
    });
  });
});
