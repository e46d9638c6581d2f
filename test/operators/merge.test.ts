import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { merge, topology, withValue, type Records } from '../../operators/index.js';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { derived, event, events, others, results, timed, toResults, type Event } from './pipelines.js';

const tags = () => map((record: Parameters<typeof withValue>[0] & { readonly value: Event }) => withValue(record, record.value.tag));

const two = topology('under-test', { version: 1 }, ({ source }) => {
  merge('both', source(others, timed), source(events, timed)).pipe(tags(), toResults());
});

/** Values in the order in which the task handed them on. */
const order = (driver: TopologyTestDriver): unknown[] =>
  driver
    .output(results)
    .values()
    .map((value) => JSON.parse(value!.json) as unknown);

describe('merge', () => {
  it('gives records of several topics in the order of event time, whichever came first', async () => {
    await testTopology(two, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 10, { tag: 'e10' }), event('b', 30, { tag: 'e30' })]);
      driver.input(others).sendAll([event('a', 5, { tag: 'o5' }), event('b', 20, { tag: 'o20' }), event('c', 40, { tag: 'o40' })]);
      await driver.endInput();
      expect(order(driver)).toEqual(['o5', 'e10', 'o20', 'e30', 'o40']);
    });
  });

  it('takes the topic whose name comes first where event times are equal, in whatever order the streams are given', async () => {
    await testTopology(two, { partitions: 1 }, async (driver) => {
      driver.input(others).send(event('a', 10, { tag: 'other' }));
      driver.input(events).sendAll([event('a', 10, { tag: 'first' }), event('a', 10, { tag: 'second' })]);
      await driver.endInput();
      expect(order(driver)).toEqual(['first', 'second', 'other']);
    });
  });

  it('never turns the order of one partition: a record out of order stands where the greatest time before it stands', async () => {
    await testTopology(two, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 30, { tag: 'e30' }), event('a', 10, { tag: 'e10' })]);
      driver.input(others).sendAll([event('a', 20, { tag: 'o20' }), event('a', 40, { tag: 'o40' })]);
      await driver.endInput();
      expect(order(driver)).toEqual(['o20', 'e30', 'e10', 'o40']);
    });
  });

  it('keeps key and event time of each record', async () => {
    await testTopology(two, async (driver) => {
      driver.input(events).send(event('a', 7, { tag: 'x' }));
      driver.input(others).send(event('b', 8, { tag: 'y' }));
      await driver.endInput();
      const found = driver.output(results).take();
      expect(found.map(({ key, timestamp }) => [key, timestamp])).toEqual([
        ['a', 7],
        ['b', 8],
      ]);
    });
  });

  it('takes three and four streams, of several types', async () => {
    const labelled = <L extends string>(records: Records<string, Event>, label: L) => records.pipe(map((record) => withValue(record, label)));
    const four = topology('under-test', { version: 1 }, ({ source }) => {
      const all = source(events, timed);
      const three = merge('three', labelled(all, 'x'), all.pipe(map((record) => withValue(record, record.value.n))), labelled(all, 'z'));
      merge('four', three, labelled(source(others, timed), 'o'), labelled(source(derived), 'd'), labelled(all, 'again')).pipe(toResults());
    });
    await testTopology(four, { partitions: 1 }, async (driver) => {
      driver.input(events).send(event('a', 1, { n: 7 }));
      driver.input(others).send(event('a', 2));
      driver.input(derived).send(event('a', 3), { atMs: 3 });
      await driver.endInput();
      expect(order(driver)).toEqual(['x', 7, 'z', 'again', 'o', 'd']);
    });
  });

  it('hands a record on as often as its stream is given', async () => {
    const doubled = topology('under-test', { version: 1 }, ({ source }) => {
      const all = source(events, timed);
      merge('twice', all, all).pipe(tags(), toResults());
    });
    await testTopology(doubled, async (driver) => {
      driver.input(events).send(event('a', 1, { tag: 'x' }));
      await driver.endInput();
      expect(order(driver)).toEqual(['x', 'x']);
    });
  });
});
