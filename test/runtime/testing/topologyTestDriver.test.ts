import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { aggregate, count, merge, sum, to, topology, tumbling, withValue } from '../../../operators/index.js';
import { openDriver, testTopology } from '../../../runtime/testing/index.js';
import { around, derived, event, events, lines, others, results, timed, toResults, type Event } from '../../operators/pipelines.js';

const counting = around((source) => source.pipe(aggregate('total', { n: count(), sum: sum((value) => value.n) })));

describe('a topology test', () => {
  it('runs its body in two batchings', async () => {
    const names: string[] = [];
    await testTopology(counting, async (driver) => {
      names.push(driver.batching);
      driver.input(events).sendAll([event('a', 1), event('b', 2), event('a', 3)]);
      await driver.run();
      expect(lines(driver)).toEqual([
        ['a', 1, { n: 1, sum: 1 }],
        ['b', 2, { n: 1, sum: 1 }],
        ['a', 3, { n: 2, sum: 2 }],
      ]);
    });
    expect(names).toEqual(['in one batch', 'one by one, with crashes']);
  });

  it('fails on state in a closure of the build function, and names topic and key', async () => {
    const hidden = around((source) => {
      let seen = 0;
      return source.pipe(map((record) => withValue(record, ++seen)));
    });
    const test = testTopology(hidden, async (driver) => {
      driver.input(events).sendAll([event('a', 1), event('a', 2), event('a', 3)]);
      await driver.run();
    });
    await expect(test).rejects.toMatchObject({ code: 'SFS_NOT_DETERMINISTIC' });
    await expect(test).rejects.toThrow(/output topic results, key "a".*\n.*in one batch.*\n.*one by one/);
  });

  it('fails on state in a variable of the module, and names the store', async () => {
    let seen = 0;
    const hidden = around((source) =>
      source.pipe(
        map((record) => withValue(record, { n: ++seen })),
        aggregate('total', { n: sum((value) => value.n) }),
      ),
    );
    const test = testTopology(hidden, async (driver) => {
      driver.input(events).sendAll([event('a', 1), event('a', 2)]);
      await driver.run();
    });
    await expect(test).rejects.toMatchObject({ code: 'SFS_NOT_DETERMINISTIC' });
  });

  it('fails with the difference where only the second batching breaks an expectation', async () => {
    let seen = 0;
    const hidden = around((source) => source.pipe(map((record) => withValue(record, ++seen))));
    const test = testTopology(hidden, async (driver) => {
      driver.input(events).sendAll([event('a', 1)]);
      await driver.run();
      expect(lines(driver)).toEqual([['a', 1, 1]]);
    });
    await expect(test).rejects.toThrow(/key "a"/);
  });

  it('passes an expectation that fails on, as it is', async () => {
    const test = testTopology(counting, () => Promise.reject(new Error('not yet')));
    await expect(test).rejects.toThrow(/^not yet$/);
  });
});

describe('the driver', () => {
  const windows = around((source) => source.pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() })), { latenessMs: 5 });

  it('closes windows up to a watermark on every partition', async () => {
    await testTopology(windows, async (driver) => {
      driver.input(events).sendAll([event('a', 1), event('b', 12), event('c', 25)]);
      await driver.advanceWatermark(20);
      expect(lines(driver).map(([key, timestamp]) => [key, timestamp])).toEqual([
        ['a', 9],
        ['b', 19],
      ]);
      expect(driver.watermark()).toBe(20);
      expect(driver.pendingTimers()).toBe(1);
      driver.input(events).send(event('b', 19));
      await driver.run();
      expect(driver.late().map((letter) => [letter.stage, letter.failedAtEventTimeMs])).toEqual([['window', 19]]);
      expect(driver.counters()).toMatchObject({ records: 4, deadLetters: 1 });
    });
  });

  it('sends the promise of a source, in its place among the records, as that of a topic that a topology writes', async () => {
    const windows = around((source) => source.pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() })));
    await testTopology(windows, async (driver) => {
      const input = driver.input(events);
      input.send(event('a', 5));
      input.sendMarker(10);
      input.send(event('a', 6));
      await driver.run();
      expect(driver.watermark()).toBe(10);
      expect(lines(driver)).toMatchObject([['a', 9, { value: { n: 1 } }]]);
      expect(driver.late().map(({ failedAtEventTimeMs }) => failedAtEventTimeMs)).toEqual([6]);
    });
  });

  it('shows rows of a store by key and as a whole, and refuses a store that there is not', async () => {
    await testTopology(counting, async (driver) => {
      driver.input(events).sendAll([event('b', 1, { n: 2 }), event('a', 1), event('b', 1, { n: 3 })]);
      await driver.run();
      expect(driver.state('total/totals', 'b')).toEqual({ n: 2, sum: 5 });
      expect(driver.state('total/totals', 'z')).toBeUndefined();
      expect([...driver.rows('total/totals').keys()]).toEqual(['a', 'b']);
      expect(() => driver.rows('none')).toThrow(expect.objectContaining({ code: 'SFS_TEST_STORE' }));
      expect(driver.output(results).latest().get('b')).toEqual({ key: 'b', json: '{"n":2,"sum":5}' });
      expect(driver.output(results).of('b')).toHaveLength(2);
      expect(driver.output(results).size).toBe(3);
    });
  });

  it('sends garbage to the dead letters with its bytes', async () => {
    await testTopology(counting, async (driver) => {
      const input = driver.input(events);
      input.sendRaw({ key: 'a', value: 'no avro' });
      input.sendRaw({ key: null, value: Buffer.from([0, 1, 2, 3, 4, 5]) });
      input.send(event('a', 1));
      await driver.run();
      expect(
        driver
          .deadLetters()
          .map((letter) => letter.code)
          .sort(),
      ).toEqual(['SFS_KEY_NULL', 'SFS_WIRE_FORMAT']);
      expect(lines(driver)).toEqual([['a', 1, { n: 1, sum: 1 }]]);
    });
  });

  it('refuses a topic that the topology does not read, and an event time said twice', async () => {
    const driver = await openDriver(counting);
    expect(() => driver.input(others)).toThrow(expect.objectContaining({ code: 'SFS_TEST_INPUT' }));
    expect(() => driver.input(events).send(event('a', 1), { atMs: 2 })).toThrow(expect.objectContaining({ code: 'SFS_TEST_INPUT' }));
  });

  it('refuses a value without an event time, and shows what it found in which value', async () => {
    const driver = await openDriver(counting);
    const { atMs: _, ...timeless } = event('a', 1);
    expect(() => driver.input(events).send(timeless as Event)).toThrow(
      'the event time of a record of events is undefined, which is no whole number of milliseconds: ' +
        "eventTimeMs of the source took it from { key: 'a', n: 1, tag: '' }",
    );
    expect(() => driver.input(events).send(event('a', 0.5))).toThrow('is 0.5, which is no whole number of milliseconds');
  });

  it('asks for the event time of a topic that carries it in its header', async () => {
    const copying = topology('copying', { version: 1 }, ({ source }) => {
      source(derived).pipe(toResults());
    });
    const driver = await openDriver(copying);
    expect(() => driver.input(derived).send(event('a', 1))).toThrow('the event time of a record of derived comes with the header: give atMs');
  });

  it('sends an event far ahead of its append time to the dead letters', async () => {
    await testTopology(
      around((source) => source.pipe(aggregate('total', { n: count() })), { maxAheadMs: 100 }),
      async (driver) => {
        driver.input(events).send(event('a', 1_100), { appendTimeMs: 1_000 });
        driver.input(events).send(event('a', 1_101), { appendTimeMs: 1_000 });
        driver.input(events).send(event('a', 5_000_000));
        await driver.run();
        expect(driver.deadLetters().map((letter) => letter.code)).toEqual(['SFS_EVENT_TIME_AHEAD']);
        expect(lines(driver)).toHaveLength(2);
      },
    );
  });

  it('sends each key to the partition that the broker would choose, of as many as it is told', async () => {
    const driver = await openDriver(counting, { partitions: 5 });
    driver.input(events).sendAll(Array.from({ length: 40 }, (_, n) => event(`k${n}`, n)));
    driver.input(events).send(event('moved', 1), { partition: 4 });
    await driver.run();
    expect(
      new Set(
        driver
          .output(results)
          .records()
          .map((record) => record.partition),
      ),
    ).toEqual(new Set([0, 1, 2, 3, 4]));
  });
});

describe('the driver, live', () => {
  const two = topology('two', { version: 1 }, ({ source }) => {
    merge('both', source(events, { ...timed, idleMs: 1_000 }), source(others, { ...timed, idleMs: 1_000 })).pipe(
      map((record) => withValue(record, record.value.tag)),
      toResults(),
    );
  });

  it('waits for a silent source until its idle time has passed', async () => {
    await testTopology(two, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 10, { tag: 'e10' }), event('a', 20, { tag: 'e20' })]);
      driver.input(others).send(event('a', 15, { tag: 'o15' }));
      await driver.runLive();
      expect(lines(driver).map(([, , tag]) => tag)).toEqual(['e10', 'o15']);
      await driver.elapse(999);
      expect(lines(driver)).toEqual([]);
      await driver.elapse(1);
      expect(lines(driver).map(([, , tag]) => tag)).toEqual(['e20']);
    });
  });

  it('puts what an idle source sends later behind what the others did meanwhile', async () => {
    await testTopology(two, { partitions: 1 }, async (driver) => {
      driver.input(events).send(event('a', 100, { tag: 'e100' }));
      await driver.elapse(1_000);
      driver.input(others).send(event('a', 50, { tag: 'o50' }));
      driver.input(events).send(event('a', 110, { tag: 'e110' }));
      await driver.elapse(1_000);
      expect(
        driver
          .output(results)
          .records()
          .map(({ timestamp }) => timestamp),
      ).toEqual([100, 50, 110]);
    });
  });
});

describe('the driver with several topologies', () => {
  it('runs the writer of a topic and its reader together', async () => {
    const writer = topology('writer', { version: 1 }, ({ source }) => {
      source(events, timed).pipe(to(derived));
    });
    const reader = topology('reader', { version: 1 }, ({ source }) => {
      source(derived).pipe(aggregate('total', { n: count() }), toResults());
    });
    await testTopology([writer, reader], async (driver) => {
      driver.input(events).sendAll([event('a', 5), event('b', 3), event('a', 4)]);
      await driver.run();
      expect(driver.output(derived).size).toBe(3);
      expect(lines(driver)).toEqual([
        ['b', 3, { n: 1 }],
        ['a', 4, { n: 2 }],
        ['a', 5, { n: 1 }],
      ]);
    });
  });
});
