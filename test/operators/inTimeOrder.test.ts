import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { describe as graphOf } from '../../operators/graph.js';
import { inTimeOrder, reduce, schema, topicSchema, withValue, type Records, type Topology } from '../../operators/index.js';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import { around, event, events, lines, results, type Event } from './pipelines.js';

const value = topicSchema(events);
const LATENESS = { latenessMs: 10 };
const ordered = (latenessMs = 10) => around((source) => source.pipe(inTimeOrder('in-order', { value })), { latenessMs });
const tagged = (atMs: number, tag: string, key = 'a'): Event => event(key, atMs, { tag });
/** Event times and tags of all results so far, in the order in which they were written. */
const written = (driver: TopologyTestDriver): string[] =>
  driver
    .output(results)
    .records()
    .map((record) => `${record.timestamp}${(JSON.parse(record.value!.json) as Event).tag}`);

/** Sends all to one partition, to the end of the input. */
const through = (of: Topology, sent: readonly Event[], look: (driver: TopologyTestDriver) => void): Promise<void> =>
  testTopology(of, { partitions: 1 }, async (driver) => {
    driver.input(events).sendAll(sent);
    await driver.endInput();
    look(driver);
  });

describe('inTimeOrder', () => {
  it('hands the records of a key on by event time, those of one time by arrival, unchanged', async () => {
    await through(ordered(), [tagged(5, 'x'), tagged(3, 'y'), tagged(5, 'z'), tagged(1, 'w'), tagged(2, 'other', 'b')], (driver) => {
      expect(written(driver)).toEqual(['1w', '2other', '3y', '5x', '5z']);
      expect(lines(driver)[0]).toEqual(['a', 1, tagged(1, 'w')]);
      expect(driver.rows('in-order/held').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('keeps the order of arrival of more than ten records of one time', async () => {
    const tags = Array.from({ length: 13 }, (_, nth) => `#${nth}`);
    await through(
      ordered(),
      tags.map((tag) => tagged(5, tag)),
      (driver) => expect(written(driver)).toEqual(tags.map((tag) => `5${tag}`)),
    );
  });

  it('lets a record of t go when watermark > t, and not before', async () => {
    await testTopology(ordered(0), { partitions: 1 }, async (driver) => {
      driver.input(events).send(tagged(5, 'x'));
      await driver.advanceWatermark(5);
      expect(written(driver)).toEqual([]);
      await driver.advanceWatermark(6);
      expect(written(driver)).toEqual(['5x']);
    });
  });

  it('passes a late record at once, behind those that have left', async () => {
    await testTopology(ordered(), { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([tagged(20, 'x'), tagged(40, 'y'), tagged(8, 'late'), tagged(30, 'z')]);
      await driver.run();
      expect(driver.watermark()).toBe(30);
      expect(written(driver)).toEqual(['20x', '8late']);
      await driver.endInput();
      expect(written(driver)).toEqual(['20x', '8late', '30z', '40y']);
    });
  });

  it('makes what follows it independent of the order of arrival within the lateness', async () => {
    const story = around(
      (source) =>
        source.pipe(inTimeOrder('in-order', { value }), reduce('story', { state: schema.string, initial: '', reduce: (all, { tag }) => all + tag })),
      LATENESS,
    );
    for (const sent of [
      [tagged(1, 'one '), tagged(5, 'two '), tagged(9, 'three ')],
      [tagged(9, 'three '), tagged(1, 'one '), tagged(5, 'two ')],
    ]) {
      await through(story, sent, (driver) =>
        expect(lines(driver)).toEqual([
          ['a', 1, 'one '],
          ['a', 5, 'one two '],
          ['a', 9, 'one two three '],
        ]),
      );
    }
  });

  it('buries a held record with its own position when a later operator throws, and goes on with the others', async () => {
    const failing = around(
      (source: Records<string, Event>) =>
        source.pipe(
          inTimeOrder('in-order', { value }),
          map((record) => {
            if (record.value.tag === 'bad') throw new Error('not this one');
            return withValue(record, record.value);
          }),
        ),
      LATENESS,
    );
    await testTopology(failing, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([tagged(5, 'x'), tagged(3, 'bad'), tagged(3, 'y')]);
      await driver.endInput();
      expect(written(driver)).toEqual(['3y', '5x']);
      expect(driver.deadLetters()).toMatchObject([{ sourcePartition: 0, sourceOffset: 1, failedAtEventTimeMs: 4 }]);
      expect(driver.rows('in-order/held').size).toBe(0);
    });
  });

  it('survives a restart while records wait', async () => {
    await testTopology(ordered(), { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([tagged(5, 'x'), tagged(3, 'y')]);
      await driver.run();
      expect(driver.state<unknown[]>('in-order/held', 'a')).toHaveLength(2);
      await driver.restart();
      await driver.endInput();
      expect(written(driver)).toEqual(['3y', '5x']);
    });
  });

  it('holds nobody after it up: a second one in a row hands a record on at the same watermark', async () => {
    const twice = around((source) => source.pipe(inTimeOrder('first', { value }), inTimeOrder('second', { value })), {});
    await testTopology(twice, { partitions: 1 }, async (driver) => {
      driver.input(events).send(tagged(5, 'x'));
      await driver.advanceWatermark(6);
      expect(written(driver)).toEqual(['5x']);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('is a stage that plan can compare', () => {
    const stage = graphOf(ordered()).stages.find(({ id }) => id === 'in-order')!;
    expect(stage).toMatchObject({ kind: 'in-time-order', parameters: {}, stores: [{ name: 'in-order/held' }], ports: ['out'] });
  });
});
