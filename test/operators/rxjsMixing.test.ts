import { filter, from, map, mergeMap, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  aggregate,
  count,
  dedupe,
  everySilent,
  joinTable,
  keyBy,
  reduce,
  schema,
  topicSchema,
  topology,
  tumbling,
  withValue,
  type Topology,
} from '../../operators/index.js';
import { openDriver, testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { around, asides, event, events, lines, others, resultsOf, timed, toAsides, toResults, type Event } from './pipelines.js';

const total = reduce<string, Event, number>('total', { state: schema.double, initial: 0, reduce: (sum, { n }) => sum + n });

/** Throws on the tag `bad`. */
const refusing = map((record: { readonly key: string; readonly value: Event; readonly timestamp: number }) => {
  if (record.value.tag === 'bad') throw new TypeError('a bad record');
  return record;
});

describe('operators of RxJS between stages', () => {
  it('map, filter and flatten values, in their order', async () => {
    const mixed = around((source) =>
      source.pipe(
        filter(({ value }) => value.n > 0),
        map((record) => withValue(record, { ...record.value, n: record.value.n * 10 })),
        mergeMap((record) => from([record, withValue(record, { ...record.value, n: 1 })])),
        total,
        map((record) => withValue(record, { sum: record.value })),
      ),
    );
    await resultsOf(mixed, [event('a', 1, { n: 2 }), event('a', 2, { n: 0 }), event('b', 3, { n: 5 }), event('a', 4, { n: 3 })], (_, found) => {
      expect(found).toEqual([
        ['a', 1, { sum: 20 }],
        ['a', 1, { sum: 21 }],
        ['b', 3, { sum: 50 }],
        ['b', 3, { sum: 51 }],
        ['a', 4, { sum: 51 }],
        ['a', 4, { sum: 52 }],
      ]);
    });
  });

  it('may change the event time: what follows works with the new one', async () => {
    const shifted = around((source) =>
      source.pipe(
        map((record) => ({ ...record, timestamp: record.timestamp + 10 })),
        tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }),
      ),
    );
    await resultsOf(shifted, [event('a', 1), event('a', 9)], (_, found) => expect(found.map(([, timestamp]) => timestamp)).toEqual([19]));
  });

  it('are given once to each reader of a stage', async () => {
    let calls = 0;
    const shared = topology('under-test', { version: 1 }, ({ source }) => {
      const counted = source(events, timed).pipe(total);
      const seen = counted.pipe(tap(() => calls++));
      seen.pipe(toResults());
      counted.pipe(toAsides);
    });
    const driver = await openDriver(shared);
    driver.input(events).sendAll([event('a', 1), event('a', 2)]);
    await driver.run();
    expect(calls).toBe(2);
    expect(lines(driver)).toEqual(lines(driver, asides));
  });
});

/** A sum, a seen set with its timers, an output and then a function that fails; the counts below come after it. */
const failingLate = topology('under-test', { version: 1 }, ({ source }) => {
  const all = source(events, timed).pipe(
    dedupe('once', { by: ({ n }) => String(n), withinMs: 100 }),
    everySilent('silent', { everyMs: 50, forMs: 50, value: topicSchema(events) }),
    filter(({ value }) => value.tick === 0),
    map((record) => withValue(record, record.value.value)),
  );
  all.pipe(total, toAsides);
  all.pipe(refusing, aggregate('after', { n: count() }), toResults());
});

const withoutBad = [event('a', 1, { n: 1 }), event('a', 2, { n: 2 }), event('b', 2, { n: 3 }), event('a', 5, { n: 5 })];
const withBad = [...withoutBad.slice(0, 3), event('a', 4, { n: 4, tag: 'bad' }), event('c', 4, { n: 4, tag: 'bad' }), ...withoutBad.slice(3)];

/** Everything that must be as if the bad records had never come. */
function left(driver: TopologyTestDriver): unknown {
  const stores = ['once/seen', 'silent/last', 'total/state', 'after/totals'].map((store) => [...driver.rows(store)]);
  return { stores, timers: driver.pendingTimers(), results: lines(driver), asides: lines(driver, asides) };
}

async function leftBy(of: Topology, sent: readonly Event[], maxRecords: number): Promise<unknown> {
  const batching = { name: `${maxRecords} at a time`, maxRecords, mostRead: 10, crashes: () => null };
  const driver = await openDriver(of, { partitions: 1, batching });
  driver.input(events).sendAll(sent);
  await driver.run();
  return left(driver);
}

describe('a record on which a later function throws', () => {
  it('leaves nothing: no state, no timer, no output, whatever batch it was in', async () => {
    for (const maxRecords of [1, 2, 1_000]) {
      const undisturbed = await leftBy(failingLate, withoutBad, maxRecords);
      expect(undisturbed).toMatchObject({ timers: 6 });
      expect(await leftBy(failingLate, withBad, maxRecords)).toEqual(undisturbed);
    }
  });

  it('goes to the dead letters with code, stage, position and bytes, and the next one proceeds', async () => {
    await testTopology(failingLate, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll(withBad);
      await driver.run();
      const log = driver.storage.log.read('test.events', 0, 0, 10);
      const letter = {
        code: 'SFS_PROCESSING_FAILED',
        reason: 'a bad record',
        stage: 'after',
        topology: 'under-test',
        topologyVersion: 1,
        region: 'test',
      };
      const position = (offset: number) => ({ sourceTopic: 'test.events', sourcePartition: 0, sourceOffset: offset, failedAtEventTimeMs: 4 });
      expect(driver.deadLetters()).toMatchObject([
        { ...letter, ...position(3), personal: { key: log[3]!.key, value: log[3]!.value } },
        { ...letter, ...position(4), personal: { key: log[4]!.key, value: log[4]!.value } },
      ]);
      expect(lines(driver).map(([key, timestamp, value]) => [key, timestamp, value])).toEqual([
        ['a', 1, { n: 1 }],
        ['a', 2, { n: 2 }],
        ['b', 2, { n: 1 }],
        ['a', 5, { n: 3 }],
      ]);
      expect(driver.counters()).toMatchObject({ records: 6, deadLetters: 2 });
    });
  });

  it('is undone as a whole when only one of the records that it became fails', async () => {
    const exploding = around((source) =>
      source.pipe(
        mergeMap((record) => from([0, 1, 2].map((step) => withValue(record, { ...record.value, n: step, tag: step === 2 ? record.value.tag : '' })))),
        total,
        map((record) => {
          if (record.value === 13) throw new Error('unlucky');
          return record;
        }),
      ),
    );
    const thirteenth = [event('a', 1), event('a', 2), event('a', 3), event('a', 4)];
    const bursting = around((source) =>
      source.pipe(
        mergeMap((record) => from([record, record])),
        total,
        refusing13,
      ),
    );
    await resultsOf(exploding, thirteenth, (driver, found) => {
      expect(found.map(([, , sum]) => sum)).toEqual([0, 1, 3, 3, 4, 6, 6, 7, 9, 9, 10, 12]);
      expect(driver.deadLetters()).toEqual([]);
    });
    await resultsOf(bursting, [event('a', 1, { n: 5 }), event('a', 2, { n: 1.5 }), event('a', 3, { n: 1 })], (driver, found) => {
      expect(found.map(([, , sum]) => sum)).toEqual([5, 10, 11, 12]);
      expect(driver.deadLetters()).toMatchObject([{ sourceOffset: 1, reason: 'thirteen' }]);
    });
  });

  it.each<[string, Topology]>([
    [
      'filter',
      around((source) =>
        source.pipe(
          total,
          filter(({ value }) => !isThree(value)),
        ),
      ),
    ],
    [
      'mergeMap',
      around((source) =>
        source.pipe(
          total,
          mergeMap((record) => (isThree(record.value) ? [] : [record])),
        ),
      ),
    ],
    [
      'tap',
      around((source) =>
        source.pipe(
          total,
          tap(({ value }) => isThree(value)),
        ),
      ),
    ],
    [
      'reduce',
      around((source) =>
        source.pipe(total, reduce('again', { state: schema.double, initial: 0, reduce: (_, value) => (isThree(value) ? 0 : value) })),
      ),
    ],
    ['keyBy', around((source) => source.pipe(total, keyBy('again', { key: (value) => (isThree(value) ? '' : 'a'), value: schema.double })))],
  ])('may fail in any operator: %s', async (_, of) => {
    await resultsOf(of, [event('a', 1), event('a', 2, { n: 2 }), event('a', 3)], (driver, found) => {
      expect(found.map(([, , sum]) => sum)).toEqual([1, 2]);
      expect(driver.state('total/state', 'a')).toBe(2);
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_PROCESSING_FAILED', reason: 'three', failedAtEventTimeMs: 2 }]);
    });
  });

  it('leaves a table update undone too, when that is what failed', async () => {
    const joined = topology('under-test', { version: 1 }, ({ source, table }) => {
      const rows = table(others, timed);
      source(events, timed).pipe(
        joinTable('row', rows, { miss: 'discard' }, (_, row) => row.tag),
        toResults(),
      );
      (rows.stage as never as ReturnType<typeof source<string, Event>>).pipe(refusing, toAsides);
    });
    await testTopology(joined, { partitions: 1 }, async (driver) => {
      driver.input(others).sendAll([event('a', 1, { tag: 'good' }), event('a', 2, { tag: 'bad' })]);
      driver.input(events).send(event('a', 3));
      await driver.endInput();
      expect(lines(driver)).toEqual([['a', 3, 'good']]);
      expect(driver.deadLetters()).toMatchObject([{ sourceTopic: 'test.others', sourceOffset: 1 }]);
    });
  });
});

const refusing13 = map(<T extends { readonly value: number }>(record: T) => {
  if (record.value === 13) throw new Error('thirteen');
  return record;
});

function isThree(value: number): boolean {
  if (value === 3) throw new Error('three');
  return false;
}

describe('a throw after a timer', () => {
  /** Windows of 10 ms whose results of key `b` fail on their way out. */
  const closing = around((source) =>
    source.pipe(
      tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }),
      map((record) => {
        if (record.key === 'b') throw new Error('no b');
        return withValue(record, record.value.value.n);
      }),
      aggregate('after', { n: count() }),
    ),
  );

  it('goes to the dead letters with the timer and its key, and takes no other result with it', async () => {
    await resultsOf(closing, [event('a', 1), event('b', 2), event('c', 3), event('a', 11)], (driver, found) => {
      expect(found).toEqual([
        ['a', 9, { n: 1 }],
        ['c', 9, { n: 1 }],
        ['a', 19, { n: 2 }],
      ]);
      expect(driver.deadLetters()).toMatchObject([
        {
          code: 'SFS_PROCESSING_FAILED',
          stage: 'after',
          reason: 'timer 10 of stage window for key "b": no b',
          failedAtEventTimeMs: 10,
          personal: { key: Buffer.from('b') },
        },
      ]);
    });
  });

  it('does not keep the window open: its own books are closed', async () => {
    await resultsOf(closing, [event('b', 2), event('b', 12), event('b', 25)], (driver, found) => {
      expect(found).toEqual([]);
      expect(driver.deadLetters()).toHaveLength(3);
      expect(new Set(driver.deadLetters().map(({ id }) => id)).size).toBe(3);
      expect(driver.rows('window/panes').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });
});
