import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { dedupe, withValue } from '../../operators/index.js';
import { testTopology } from '../../runtime/testing/index.js';
import { around, event, events, lines, resultsOf, type Event, type Line } from './pipelines.js';

const once = (withinMs: number, latenessMs = 0) =>
  around((source) => source.pipe(dedupe('once', { by: (value) => value.tag, withinMs })), { latenessMs });
const tagged = (key: string, atMs: number, tag: string, n = 1): Event => event(key, atMs, { tag, n });
const passed = (found: readonly Line[]): unknown[] => found.map(([key, atMs, value]) => [key, atMs, (value as Event).tag]);

describe('dedupe', () => {
  it('lets the first record of a key and identity through as it is, and swallows the others', async () => {
    await resultsOf(once(10), [tagged('a', 1, 'x', 5), tagged('a', 1, 'x', 6), tagged('a', 2, 'y'), tagged('b', 3, 'x')], (driver, found) => {
      expect(found[0]).toEqual(['a', 1, tagged('a', 1, 'x', 5)]);
      expect(passed(found)).toEqual([
        ['a', 1, 'x'],
        ['a', 2, 'y'],
        ['b', 3, 'x'],
      ]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('swallows when |t - t0| < withinMs, counted from the one let through', async () => {
    await resultsOf(
      once(10),
      [0, 9, 10, 19, 20].map((atMs) => tagged('a', atMs, 'x')),
      (_, found) => {
        expect(passed(found)).toEqual([
          ['a', 0, 'x'],
          ['a', 10, 'x'],
          ['a', 20, 'x'],
        ]);
      },
    );
  });

  it('swallows earlier event times likewise', async () => {
    await resultsOf(
      once(10, 100),
      [50, 41, 40, 45, 60].map((atMs) => tagged('a', atMs, 'x')),
      (_, found) => {
        expect(passed(found)).toEqual([
          ['a', 40, 'x'],
          ['a', 50, 'x'],
          ['a', 60, 'x'],
        ]);
      },
    );
  });

  it('knows every one let through, not only the last', async () => {
    await resultsOf(
      once(10, 100),
      [0, 50, 9, 41, 20].map((atMs) => tagged('a', atMs, 'x')),
      (_, found) => {
        expect(passed(found).map((line) => (line as unknown[])[1])).toEqual([0, 20, 50]);
      },
    );
  });

  it('remembers over a restart, identities of any name too', async () => {
    const names = ['__proto__', 'constructor', '', 'toString'];
    await testTopology(once(10), async (driver) => {
      driver.input(events).sendAll(names.map((name) => tagged('a', 1, name)));
      await driver.run();
      expect(passed(lines(driver))).toEqual(names.map((name) => ['a', 1, name]));
      await driver.restart();
      driver.input(events).sendAll(names.map((name) => tagged('a', 2, name)));
      await driver.run();
      expect(lines(driver)).toEqual([]);
    });
  });

  it('forgets an identity when the watermark reaches t + withinMs', async () => {
    await testTopology(once(10), async (driver) => {
      driver.input(events).sendAll([tagged('a', 1, 'x'), tagged('a', 4, 'y')]);
      await driver.advanceWatermark(10);
      expect(driver.state('once/seen', 'a')).toEqual([
        { identity: 'x', timestamp: 1 },
        { identity: 'y', timestamp: 4 },
      ]);
      await driver.advanceWatermark(11);
      expect(driver.state('once/seen', 'a')).toEqual([{ identity: 'y', timestamp: 4 }]);
      await driver.advanceWatermark(14);
      expect(driver.rows('once/seen').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('lets a record through that comes so late that it is forgotten at once', async () => {
    await testTopology(once(10), async (driver) => {
      await driver.advanceWatermark(100);
      driver.input(events).sendAll([tagged('a', 5, 'x'), tagged('a', 5, 'x')]);
      await driver.run();
      expect(passed(lines(driver))).toEqual([
        ['a', 5, 'x'],
        ['a', 5, 'x'],
      ]);
      expect(driver.rows('once/seen').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('lets the next one through when a later operator threw on the first', async () => {
    const failing = around((source) =>
      source.pipe(
        dedupe('once', { by: (value) => value.tag, withinMs: 10 }),
        map((record) => {
          if (record.timestamp === 1) throw new Error('not at 1');
          return withValue(record, record.value);
        }),
      ),
    );
    await resultsOf(failing, [tagged('a', 1, 'x'), tagged('a', 2, 'x'), tagged('a', 3, 'x')], (driver, found) => {
      expect(passed(found)).toEqual([['a', 2, 'x']]);
      expect(driver.deadLetters()).toHaveLength(1);
    });
  });

  it.each([0, -1, 0.5, NaN, Infinity])('refuses withinMs = %d', (withinMs) => {
    expect(() => dedupe<string, Event>('once', { by: (value) => value.tag, withinMs })).toThrow(
      expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('withinMs') as string }),
    );
  });
});
