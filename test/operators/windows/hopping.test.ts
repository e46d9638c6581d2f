import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  count,
  ewma,
  hopping,
  schema,
  sum,
  withValue,
  type HoppingOptions,
  type PanedAggregate,
  type WindowResult,
} from '../../../operators/index.js';
import { testTopology } from '../../../runtime/testing/index.js';
import { around, event, events, lines, resultsOf, type Event } from '../pipelines.js';
import { countsOf } from './windowLines.js';

type Options = Omit<HoppingOptions<string, Event>, 'late'>;
const counting = (options: Options, latenessMs = 0) =>
  around((source) => source.pipe(hopping('hop', { late: 'dead-letter', ...options }, { n: count(), sum: sum((value) => value.n) })), { latenessMs });

describe('hopping windows', () => {
  const twenty = counting({ sizeMs: 20, advanceMs: 10 });

  it('hold a record when start <= t < end, with starts at multiples of the advance', async () => {
    for (const [atMs, starts] of [
      [9, [-10, 0]],
      [10, [0, 10]],
      [19, [0, 10]],
      [20, [10, 20]],
    ] as const) {
      await resultsOf(twenty, [event('a', atMs)], (_, found) => {
        expect(countsOf(found)).toEqual(starts.map((startMs) => [startMs, startMs + 20, 1]));
      });
    }
  });

  it('lie on the same grid before 1970', async () => {
    await resultsOf(twenty, [event('a', -11), event('a', -10)], (_, found) => {
      expect(countsOf(found)).toEqual([
        [-30, -10, 1],
        [-20, 0, 2],
        [-10, 10, 1],
      ]);
    });
  });

  it('may have a size that is no multiple of the advance', async () => {
    await resultsOf(counting({ sizeMs: 10, advanceMs: 4 }), [event('a', 8), event('a', 9), event('a', 10)], (_, found) => {
      expect(countsOf(found)).toEqual([
        [0, 10, 2],
        [4, 14, 3],
        [8, 18, 3],
      ]);
    });
  });

  it('publish a final result with event time end - 1, per key, and none for a window without records', async () => {
    await resultsOf(twenty, [event('a', 5, { n: 2 }), event('b', 7, { n: 3 }), event('a', 65, { n: 4 })], (_, found) => {
      const result = (startMs: number, total: number) => ({ window: { startMs, endMs: startMs + 20 }, final: true, value: { n: 1, sum: total } });
      expect(found).toEqual([
        ['a', 9, result(-10, 2)],
        ['b', 9, result(-10, 3)],
        ['a', 19, result(0, 2)],
        ['b', 19, result(0, 3)],
        ['a', 69, result(50, 4)],
        ['a', 79, result(60, 4)],
      ]);
    });
  });

  it('close when the watermark reaches the end plus the grace period, and not before', async () => {
    await testTopology(counting({ sizeMs: 20, advanceMs: 10, graceMs: 3 }), async (driver) => {
      driver.input(events).send(event('a', 5));
      await driver.advanceWatermark(12);
      expect(lines(driver)).toEqual([]);
      await driver.advanceWatermark(13);
      expect(countsOf(lines(driver))).toEqual([[-10, 10, 1]]);
      await driver.advanceWatermark(22);
      expect(lines(driver)).toEqual([]);
      await driver.advanceWatermark(23);
      expect(countsOf(lines(driver))).toEqual([[0, 20, 1]]);
    });
  });

  it('count records in any order of arrival within the lateness of the source', async () => {
    await resultsOf(counting({ sizeMs: 20, advanceMs: 10 }, 15), [event('a', 24), event('a', 9), event('a', 10), event('a', 16)], (driver, found) => {
      expect(countsOf(found)).toEqual([
        [-10, 10, 1],
        [0, 20, 3],
        [10, 30, 3],
        [20, 40, 1],
      ]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('keep one pane for a record however many windows hold it, and drop a pane with its last window', async () => {
    await testTopology(counting({ sizeMs: 100, advanceMs: 10 }), async (driver) => {
      driver.input(events).sendAll([event('a', 5), event('a', 6), event('a', 15)]);
      await driver.advanceWatermark(99);
      expect(countsOf(lines(driver))).toHaveLength(9);
      expect(driver.state<{ panes: unknown }>('hop/panes', 'a')?.panes).toEqual([
        { startMs: 0, state: { n: 2, sum: 2 } },
        { startMs: 10, state: { n: 1, sum: 1 } },
      ]);
      await driver.advanceWatermark(100);
      expect(driver.state<{ panes: unknown }>('hop/panes', 'a')?.panes).toEqual([{ startMs: 10, state: { n: 1, sum: 1 } }]);
      expect(driver.pendingTimers()).toBe(1);
      await driver.advanceWatermark(110);
      expect(driver.rows('hop/panes').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('have panes of the greatest common divisor of size and advance', async () => {
    await testTopology(counting({ sizeMs: 9, advanceMs: 6 }), async (driver) => {
      driver.input(events).sendAll([event('a', 6), event('a', 8), event('a', 9)]);
      await driver.run();
      expect(driver.state<{ panes: { startMs: number }[] }>('hop/panes', 'a')?.panes.map((pane) => pane.startMs)).toEqual([6, 9]);
    });
  });

  it('go on at the next window that holds a record after a long silence', async () => {
    await testTopology(counting({ sizeMs: 20, advanceMs: 10 }, 1_000_000), async (driver) => {
      driver.input(events).sendAll([event('a', 5), event('a', 900_000)]);
      await driver.advanceWatermark(20);
      expect(countsOf(lines(driver))).toEqual([
        [-10, 10, 1],
        [0, 20, 1],
      ]);
      expect(driver.pendingTimers()).toBe(1);
      expect(driver.counters().timers).toBe(2);
      await driver.endInput();
      expect(countsOf(lines(driver))).toEqual([
        [899_990, 900_010, 1],
        [900_000, 900_020, 1],
      ]);
      expect(driver.counters().timers).toBe(4);
    });
  });

  it('move the next closing forward for a record that comes before the first', async () => {
    await testTopology(counting({ sizeMs: 10, advanceMs: 10 }, 100), async (driver) => {
      driver.input(events).sendAll([event('a', 55), event('a', 5)]);
      await driver.run();
      expect(driver.pendingTimers()).toBe(1);
      await driver.advanceWatermark(10);
      expect(countsOf(lines(driver))).toEqual([[0, 10, 1]]);
      await driver.advanceWatermark(60);
      expect(countsOf(lines(driver))).toEqual([[50, 60, 1]]);
    });
  });
});

describe('hopping windows and failures', () => {
  it('leave out a record that the aggregate refuses, and bury it', async () => {
    await resultsOf(
      counting({ sizeMs: 20, advanceMs: 10 }),
      [event('a', 11, { n: 2 }), event('a', 12, { n: NaN }), event('a', 13, { n: 3 })],
      (driver, found) => {
        expect(found.map(([, , value]) => (value as WindowResult<unknown>).value)).toEqual([
          { n: 2, sum: 5 },
          { n: 2, sum: 5 },
        ]);
        expect(driver.deadLetters().map((letter) => [letter.code, letter.stage, letter.sourceOffset])).toEqual([['SFS_PROCESSING_FAILED', 'hop', 1]]);
      },
    );
  });

  it('bury a result that an aggregate cannot give, and close the windows after it', async () => {
    const touchy: PanedAggregate<Event, number, number> = {
      ...count<Event>(),
      name: 'touchy',
      schema: schema.long,
      result: (n) => {
        if (n === 3) throw new Error('not three');
        return n;
      },
    };
    const pipeline = around((source) => source.pipe(hopping('hop', { sizeMs: 20, advanceMs: 10, late: 'dead-letter' }, { n: touchy })));
    await resultsOf(pipeline, [event('a', 11), event('a', 12), event('a', 25), event('a', 47)], (driver, found) => {
      expect(countsOf(found)).toEqual([
        [0, 20, 2],
        [20, 40, 1],
        [30, 50, 1],
        [40, 60, 1],
      ]);
      expect(driver.deadLetters().map((letter) => [letter.code, letter.stage])).toEqual([['SFS_PROCESSING_FAILED', 'hop']]);
      expect(driver.deadLetters()[0]!.reason).toBe('timer 30 of stage hop for key "a": not three');
      expect(driver.rows('hop/panes').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('bury a result that a later operator refuses, and close the windows after it', async () => {
    const pipeline = around((source) =>
      source.pipe(
        hopping('hop', { sizeMs: 20, advanceMs: 10, late: 'dead-letter' }, { n: count() }),
        map((record) => {
          if (record.value.window.startMs === 0) throw new Error('not this one');
          return withValue(record, record.value);
        }),
      ),
    );
    await resultsOf(pipeline, [event('a', 5), event('a', 15)], (driver, found) => {
      expect(countsOf(found)).toEqual([
        [-10, 10, 1],
        [10, 30, 1],
      ]);
      expect(driver.deadLetters().map((letter) => letter.code)).toEqual(['SFS_PROCESSING_FAILED']);
      expect(driver.rows('hop/panes').size).toBe(0);
    });
  });
});

describe('the declaration of hopping windows', () => {
  const declare = (options: Partial<Options>) => () =>
    hopping<string, Event, { n: number }>('hop', { sizeMs: 10, advanceMs: 5, late: 'discard', ...options }, { n: count() });

  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 53])('refuses a size or an advance of %d ms', (ms) => {
    expect(declare({ sizeMs: ms })).toThrow(expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('sizeMs') as string }));
    expect(declare({ advanceMs: ms })).toThrow(
      expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('advanceMs') as string }),
    );
  });

  it.each([-1, 0.5, NaN, Infinity])('refuses a grace period of %d ms', (graceMs) => {
    expect(declare({ graceMs })).toThrow(expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('graceMs') as string }));
  });

  it('refuses gaps between windows, and takes an advance of the size', () => {
    expect(declare({ advanceMs: 11 })).toThrow(expect.objectContaining({ code: 'SFS_WINDOW' }));
    expect(declare({ advanceMs: 10, graceMs: 0 })).not.toThrow();
  });

  it('refuses an aggregate that cannot be paned where types did not', () => {
    const unpaned = ewma<Event>((value) => value.n, 10) as never;
    expect(() => hopping<string, Event, { n: number }>('hop', { sizeMs: 10, advanceMs: 5, late: 'discard' }, { n: unpaned })).toThrow(
      expect.objectContaining({ code: 'SFS_WINDOW' }),
    );
  });
});
