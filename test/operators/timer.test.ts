import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { everySilent, topicSchema, withValue, type Tick } from '../../operators/index.js';
import { testTopology } from '../../runtime/testing/index.js';
import { around, event, events, lines, resultsOf, type Event, type Line } from './pipelines.js';

const value = topicSchema(events);
const ticking = (everyMs: number, forMs: number) => around((source) => source.pipe(everySilent('tick', { everyMs, forMs, value })));
const tagged = (key: string, atMs: number, tag: string): Event => event(key, atMs, { tag });
/** Key, event time, number of the tick, tag of the value. */
const ticksOf = (found: readonly Line[]): unknown[] =>
  found.map(([key, atMs, passed]) => {
    const { tick, value: last } = passed as Tick<Event>;
    return [key, atMs, tick, last.tag];
  });

describe('everySilent', () => {
  it('passes every record on, and repeats the last value at t + n * everyMs while n * everyMs <= forMs', async () => {
    await resultsOf(ticking(10, 30), [tagged('a', 1, 'x'), tagged('b', 3, 'y')], (driver, found) => {
      expect(ticksOf(found)).toEqual([
        ['a', 1, 0, 'x'],
        ['b', 3, 0, 'y'],
        ['a', 11, 1, 'x'],
        ['b', 13, 1, 'y'],
        ['a', 21, 2, 'x'],
        ['b', 23, 2, 'y'],
        ['a', 31, 3, 'x'],
        ['b', 33, 3, 'y'],
      ]);
      expect(driver.rows('tick/last').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('ticks last within forMs where that is no multiple of everyMs, and never where it is shorter', async () => {
    await resultsOf(ticking(10, 29), [tagged('a', 0, 'x')], (_, found) => expect(found.map(([, atMs]) => atMs)).toEqual([0, 10, 20]));
    await resultsOf(ticking(10, 9), [tagged('a', 0, 'x')], (driver, found) => {
      expect(found.map(([, atMs]) => atMs)).toEqual([0]);
      expect(driver.rows('tick/last').size).toBe(0);
    });
  });

  it('ticks when the watermark reaches the time, and not before', async () => {
    await testTopology(ticking(10, 20), async (driver) => {
      driver.input(events).send(tagged('a', 5, 'x'));
      await driver.advanceWatermark(14);
      expect(ticksOf(lines(driver))).toEqual([['a', 5, 0, 'x']]);
      await driver.advanceWatermark(15);
      expect(ticksOf(lines(driver))).toEqual([['a', 15, 1, 'x']]);
      expect(driver.pendingTimers()).toBe(1);
    });
  });

  it('forgets a key one period after its last tick', async () => {
    await testTopology(ticking(10, 20), async (driver) => {
      driver.input(events).send(tagged('a', 0, 'x'));
      await driver.advanceWatermark(29);
      expect(driver.rows('tick/last').size).toBe(1);
      await driver.advanceWatermark(30);
      expect(lines(driver)).toHaveLength(3);
      expect(driver.rows('tick/last').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('begins again with each record', async () => {
    await testTopology(ticking(10, 20), async (driver) => {
      driver.input(events).sendAll([tagged('a', 0, 'x'), tagged('a', 9, 'y'), tagged('a', 25, 'z')]);
      await driver.run();
      expect(driver.pendingTimers()).toBe(1);
      await driver.endInput();
      expect(ticksOf(lines(driver))).toEqual([
        ['a', 0, 0, 'x'],
        ['a', 9, 0, 'y'],
        ['a', 19, 1, 'y'],
        ['a', 25, 0, 'z'],
        ['a', 35, 1, 'z'],
        ['a', 45, 2, 'z'],
      ]);
    });
  });

  it('ticks before a record of the same time: the watermark comes first', async () => {
    await testTopology(ticking(10, 20), async (driver) => {
      driver.input(events).sendAll([tagged('a', 0, 'x'), tagged('a', 10, 'y')]);
      await driver.run();
      expect(ticksOf(lines(driver))).toEqual([
        ['a', 0, 0, 'x'],
        ['a', 10, 1, 'x'],
        ['a', 10, 0, 'y'],
      ]);
    });
  });

  it('passes an earlier record without moving the timer, and takes one of the same time as the last', async () => {
    await testTopology(ticking(10, 10), async (driver) => {
      driver.input(events).sendAll([tagged('a', 8, 'x'), tagged('a', 3, 'earlier'), tagged('a', 8, 'again')]);
      await driver.run();
      expect(ticksOf(lines(driver))).toEqual([
        ['a', 3, 0, 'earlier'],
        ['a', 8, 0, 'x'],
        ['a', 8, 0, 'again'],
      ]);
      await driver.endInput();
      expect(ticksOf(lines(driver))).toEqual([['a', 18, 1, 'again']]);
    });
  });

  it('catches up with the ticks that are due when a record comes behind the watermark', async () => {
    await testTopology(ticking(10, 30), async (driver) => {
      await driver.advanceWatermark(25);
      driver.input(events).send(tagged('a', 2, 'x'));
      await driver.run();
      expect(ticksOf(lines(driver))).toEqual([
        ['a', 2, 0, 'x'],
        ['a', 12, 1, 'x'],
        ['a', 22, 2, 'x'],
      ]);
      await driver.endInput();
      expect(ticksOf(lines(driver))).toEqual([['a', 32, 3, 'x']]);
    });
  });

  it('goes on ticking where a later operator refuses one tick', async () => {
    const failing = around((source) =>
      source.pipe(
        everySilent('tick', { everyMs: 10, forMs: 30, value }),
        map((record) => {
          if (record.timestamp === 10) throw new Error('not at 10');
          return withValue(record, record.value);
        }),
      ),
    );
    await resultsOf(failing, [tagged('a', 0, 'x')], (driver, found) => {
      expect(found.map(([, atMs]) => atMs)).toEqual([0, 20, 30]);
      expect(driver.deadLetters().map((letter) => letter.reason)).toEqual(['timer 10 of stage tick for key "a": not at 10']);
      expect(driver.rows('tick/last').size).toBe(0);
    });
  });

  it.each([0, -1, 0.5, NaN, Infinity])('refuses a period or an end of %d ms', (ms) => {
    const declare = (everyMs: number, forMs: number) => () => everySilent<string, Event>('tick', { everyMs, forMs, value });
    expect(declare(ms, 10)).toThrow(expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('everyMs') as string }));
    expect(declare(10, ms)).toThrow(expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('forMs') as string }));
  });
});
