import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { aggregate, count, everySilent, merge, sum, to, topicSchema, topology, tumbling, withValue, type Records } from '../../../operators/index.js';
import { testTopology } from '../../../runtime/testing/index.js';
import { around, asides, asJson, event, events, lines, others, timed, toAsides, toResults, type Event } from '../../operators/pipelines.js';

/** Fails for what is tagged so. */
const failing = <V>(when: (value: V) => boolean) =>
  map((record: { key: string; value: V; timestamp: number }) => {
    if (when(record.value)) throw new Error(`cannot take the record of ${record.timestamp}`);
    return record;
  });
const isBad = (value: Event): boolean => value.tag === 'bad';

describe('a record that fails in a later operator', () => {
  it('leaves no trace in the stores, timers and outputs of the operators before', async () => {
    const undone = around((source) => {
      const windowed = source.pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }));
      const repeated = source.pipe(everySilent('silent', { everyMs: 100, forMs: 100, value: topicSchema(events) }));
      toAsides(source);
      const totals = source.pipe(
        aggregate('total', { n: count() }),
        failing<{ n: number }>((value) => value.n === 2),
      );
      return merge('all', windowed as Records<string, unknown>, repeated as Records<string, unknown>, totals as Records<string, unknown>);
    });
    await testTopology(undone, { partitions: 1 }, async (driver) => {
      driver.input(events).send(event('a', 1));
      await driver.run();
      const before = driver.snapshot();
      driver.input(events).send(event('a', 2));
      await driver.run();
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_PROCESSING_FAILED', reason: 'cannot take the record of 2', sourceOffset: 1 }]);
      const after = driver.snapshot();
      const changed = [...after.keys()].filter((place) => JSON.stringify(after.get(place)) !== JSON.stringify(before.get(place)));
      // Its dead letter, and the task's own watermark and counts.
      expect(changed.sort()).toEqual(['dead letters', 'task under-test@1/0/0']);
      expect(driver.output(asides).size).toBe(1);
    });
  });

  it('may throw what is no error at all', async () => {
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('no');
      },
      getPrototypeOf: () => {
        throw new Error('no');
      },
    });
    const throwing = around((source) =>
      source.pipe(
        map((one) => {
          if (isBad(one.value)) throw hostile;
          return one;
        }),
        aggregate('total', { n: count() }),
      ),
    );
    await testTopology(throwing, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 1, { tag: 'bad' }), event('a', 2)]);
      await driver.run();
      expect(lines(driver)).toEqual([['a', 2, { n: 1 }]]);
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_PROCESSING_FAILED', reason: 'something was thrown that has no text' }]);
    });
  });

  it('does not keep the next ones from their way, also through an operator of RxJS that ended in the throw', async () => {
    const fragile = around((source) =>
      source.pipe(
        failing(isBad),
        aggregate('total', { n: count() }),
        failing<{ n: number }>((value) => value.n === 3),
      ),
    );
    await testTopology(fragile, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 1), event('a', 2, { tag: 'bad' }), event('a', 3), event('a', 4), event('b', 5)]);
      await driver.run();
      expect(lines(driver)).toEqual([
        ['a', 1, { n: 1 }],
        ['a', 3, { n: 2 }],
        ['b', 5, { n: 1 }],
      ]);
      expect(driver.deadLetters().map(({ sourceOffset }) => sourceOffset)).toEqual([1, 3]);
      expect(driver.state('total/totals', 'a')).toEqual({ n: 2 });
    });
  });

  it('is undone as a whole when the second of two branches fails', async () => {
    const branches = topology('branches', { version: 1 }, ({ source }) => {
      const all = source(events, timed);
      all.pipe(aggregate('first', { n: sum((value: Event) => value.n) }), toResults('to-first'));
      all.pipe(failing(isBad), asJson(), to(asides));
    });
    await testTopology(branches, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 1), event('a', 2, { tag: 'bad', n: 100 }), event('a', 3)]);
      await driver.run();
      expect(lines(driver)).toEqual([
        ['a', 1, { n: 1 }],
        ['a', 3, { n: 2 }],
      ]);
      expect(driver.counters()).toMatchObject({ records: 3, deadLetters: 1 });
    });
  });
});

describe('a timer that fails in a later operator', () => {
  const closing = around((source) =>
    source.pipe(
      tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: sum((value) => value.n) }),
      failing<{ value: { n: number } }>(({ value }) => value.n < 0),
    ),
  );

  it('goes to the dead letters with its stage, key and time; other windows close, and its own never again', async () => {
    await testTopology(closing, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 1), event('b', 2, { n: -1 }), event('c', 3), event('b', 15)]);
      await driver.advanceWatermark(10);
      expect(lines(driver).map(([key, timestamp]) => [key, timestamp])).toEqual([
        ['a', 9],
        ['c', 9],
      ]);
      expect(driver.deadLetters()).toMatchObject([
        {
          code: 'SFS_PROCESSING_FAILED',
          reason: expect.stringContaining('timer 10 of stage window for key "b": cannot take') as string,
          failedAtEventTimeMs: 10,
          personal: { key: Buffer.from('b'), value: null },
        },
      ]);
      expect([...driver.rows('window/panes').keys()].filter((key) => key.startsWith('a') || key.startsWith('c'))).toEqual([]);
      await driver.endInput();
      expect(lines(driver).map(([key, timestamp]) => [key, timestamp])).toEqual([['b', 19]]);
      expect(driver.deadLetters()).toHaveLength(1);
      expect(driver.rows('window/panes').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('has a letter of its own for each timer that one input sets off', async () => {
    await testTopology(closing, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 1, { n: -1 }), event('b', 1, { n: -1 }), event('c', 1, { n: -1 })]);
      await driver.endInput();
      const ids = driver.deadLetters().map(({ id }) => id);
      expect(new Set(ids).size).toBe(3);
      expect(driver.counters()).toMatchObject({ records: 3, timers: 3, deadLetters: 3 });
    });
  });
});

describe('what a record did before a crash', () => {
  it('is done again from the last commit and comes out the same, with a record that fails in between', async () => {
    const joined = topology('joined', { version: 1 }, ({ source }) => {
      const both = merge('both', source(events, timed), source(others, timed));
      both.pipe(
        failing(isBad),
        aggregate('total', { n: count() }),
        map((record) => withValue(record, record.value.n)),
        toResults(),
      );
    });
    // `testTopology` runs it a second time record by record, with a process that keeps dying, and compares everything.
    await testTopology(joined, { partitions: 2 }, async (driver) => {
      for (let n = 0; n < 20; n++) driver.input(n % 3 === 0 ? others : events).send(event(`k${n % 4}`, n, { tag: n % 5 === 0 ? 'bad' : '' }));
      await driver.endInput();
      expect(driver.deadLetters()).toHaveLength(4);
      expect(
        lines(driver)
          .map(([, , n]) => n as number)
          .reduce((a, b) => a + b),
      ).toBeGreaterThan(16);
    });
  });
});
