import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { count, debounce, topicSchema, tumbling, withValue } from '../../operators/index.js';
import { testTopology } from '../../runtime/testing/index.js';
import { around, event, events, lines, resultsOf, type Event, type Line } from './pipelines.js';

const value = topicSchema(events);
const calm = (intervalMs: number, latenessMs = 0) => around((source) => source.pipe(debounce('calm', { intervalMs, value })), { latenessMs });
const tagged = (key: string, atMs: number, tag: string): Event => event(key, atMs, { tag });
const passed = (found: readonly Line[]): unknown[] => found.map(([key, atMs, held]) => [key, atMs, (held as Event).tag]);

describe('debounce', () => {
  it('publishes the last record of each key and interval [k * intervalMs, (k + 1) * intervalMs), with its own event time', async () => {
    const sent = [tagged('a', -1, 'p'), tagged('a', 0, 'q'), tagged('b', 3, 'r'), tagged('a', 9, 's'), tagged('a', 10, 't'), tagged('a', 35, 'u')];
    await resultsOf(calm(10), sent, (driver, found) => {
      expect(passed(found)).toEqual([
        ['a', -1, 'p'],
        ['b', 3, 'r'],
        ['a', 9, 's'],
        ['a', 10, 't'],
        ['a', 35, 'u'],
      ]);
      expect(driver.rows('calm/held').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('publishes when the watermark reaches the end of the interval, and forgets the record then', async () => {
    await testTopology(calm(10), async (driver) => {
      driver.input(events).send(tagged('a', 3, 'x'));
      await driver.advanceWatermark(9);
      expect(lines(driver)).toEqual([]);
      expect(driver.rows('calm/held').size).toBe(1);
      await driver.advanceWatermark(10);
      expect(passed(lines(driver))).toEqual([['a', 3, 'x']]);
      expect(driver.rows('calm/held').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('takes the greatest event time, of several the one processed last', async () => {
    await resultsOf(
      calm(10, 100),
      [tagged('a', 7, 'first'), tagged('a', 4, 'older'), tagged('a', 7, 'second'), tagged('a', 6, 'older')],
      (_, found) => {
        expect(passed(found)).toEqual([['a', 7, 'second']]);
      },
    );
  });

  it('holds one value for each open interval', async () => {
    await testTopology(calm(10, 100), async (driver) => {
      driver.input(events).sendAll([tagged('a', 25, 'x'), tagged('a', 3, 'y'), tagged('a', 24, 'z'), tagged('a', 5, 'w')]);
      await driver.run();
      expect(lines(driver)).toEqual([]);
      expect(driver.state<unknown[]>('calm/held', 'a')).toHaveLength(2);
      await driver.advanceWatermark(10);
      expect(passed(lines(driver))).toEqual([['a', 5, 'w']]);
      expect(driver.state<unknown[]>('calm/held', 'a')).toHaveLength(1);
      await driver.advanceWatermark(30);
      expect(passed(lines(driver))).toEqual([['a', 25, 'x']]);
    });
  });

  it('passes a record at once whose interval has been published', async () => {
    await testTopology(calm(10), async (driver) => {
      await driver.advanceWatermark(10);
      driver.input(events).sendAll([tagged('a', 9, 'x'), tagged('a', 2, 'y'), tagged('a', 10, 'z')]);
      await driver.run();
      expect(passed(lines(driver))).toEqual([
        ['a', 2, 'y'],
        ['a', 9, 'x'],
      ]);
      await driver.endInput();
      expect(passed(lines(driver))).toEqual([['a', 10, 'z']]);
    });
  });

  it('gives results that are in time for windows after it', async () => {
    const pipeline = around((source) =>
      source.pipe(debounce('calm', { intervalMs: 10, value }), tumbling('after', { sizeMs: 5, late: 'dead-letter' }, { n: count() })),
    );
    await resultsOf(pipeline, [tagged('a', 1, 'x'), tagged('b', 9, 'y'), tagged('a', 12, 'z'), tagged('a', 300, 'w')], (driver, found) => {
      expect(found.map(([key, atMs]) => [key, atMs])).toEqual([
        ['a', 4],
        ['b', 9],
        ['a', 14],
        ['a', 304],
      ]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('buries what a later operator refuses, and forgets it', async () => {
    const failing = around((source) =>
      source.pipe(
        debounce('calm', { intervalMs: 10, value }),
        map((record) => {
          if (record.timestamp === 3) throw new Error('not at 3');
          return withValue(record, record.value);
        }),
      ),
    );
    await resultsOf(failing, [tagged('a', 3, 'x'), tagged('a', 14, 'y')], (driver, found) => {
      expect(passed(found)).toEqual([['a', 14, 'y']]);
      expect(driver.deadLetters().map((letter) => letter.reason)).toEqual(['timer 10 of stage calm for key "a": not at 3']);
      expect(driver.rows('calm/held').size).toBe(0);
    });
  });

  it('buries a record that it passes at once as that record, not as a timer', async () => {
    const failing = around((source) =>
      source.pipe(
        debounce('calm', { intervalMs: 10, value }),
        map((): never => {
          throw new Error('nothing passes');
        }),
      ),
    );
    await testTopology(failing, async (driver) => {
      await driver.advanceWatermark(10);
      driver.input(events).send(tagged('a', 9, 'x'));
      await driver.run();
      expect(driver.deadLetters().map((letter) => [letter.reason, letter.sourceOffset, letter.failedAtEventTimeMs])).toEqual([
        ['nothing passes', 0, 9],
      ]);
    });
  });

  it.each([0, -1, 0.5, NaN, Infinity])('refuses an interval of %d ms', (intervalMs) => {
    expect(() => debounce<string, Event>('calm', { intervalMs, value })).toThrow(
      expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('intervalMs') as string }),
    );
  });
});
