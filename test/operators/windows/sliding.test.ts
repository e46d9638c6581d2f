import { describe, expect, it } from 'vitest';
import { count, last, schema, sliding, sum, tumbling, type PanedAggregate } from '../../../operators/index.js';
import { testTopology } from '../../../runtime/testing/index.js';
import { around, event, events, lines, resultsOf, type Event } from '../pipelines.js';
import { countsOf, windowLines } from './windowLines.js';

const counting = (options: { readonly sizeMs: number; readonly graceMs?: number }, latenessMs = 0) =>
  around((source) => source.pipe(sliding('slide', { late: 'dead-letter', ...options }, { n: count() })), { latenessMs });

/** The event time of each window and its count. */
const atTimes = (counts: ReturnType<typeof countsOf>): (readonly [number, number])[] => counts.map(([, endMs, n]) => [endMs - 1, n] as const);

describe('sliding windows', () => {
  it('hold the records of (t - size, t] for each event time t', async () => {
    const sent = [0, 9, 10, 19, 20].map((atMs) => event('a', atMs));
    await resultsOf(counting({ sizeMs: 10 }), sent, (_, found) => {
      expect(countsOf(found)).toEqual([
        [-9, 1, 1],
        [0, 10, 2],
        [1, 11, 2],
        [10, 20, 2],
        [11, 21, 2],
      ]);
    });
  });

  it('of one millisecond hold one event time', async () => {
    await resultsOf(counting({ sizeMs: 1 }), [event('a', 0), event('a', 1), event('a', 1)], (_, found) => {
      expect(countsOf(found)).toEqual([
        [0, 1, 1],
        [1, 2, 2],
      ]);
    });
  });

  it('publish once for each distinct event time of a key, final, with that time', async () => {
    await resultsOf(counting({ sizeMs: 5 }), [event('a', 3), event('b', 3), event('a', 3), event('a', 4)], (_, found) => {
      expect(windowLines(found)).toEqual([
        { key: 'a', timestamp: 3, startMs: -1, endMs: 4, final: true, value: { n: 2 } },
        { key: 'b', timestamp: 3, startMs: -1, endMs: 4, final: true, value: { n: 1 } },
        { key: 'a', timestamp: 4, startMs: 0, endMs: 5, final: true, value: { n: 3 } },
      ]);
    });
  });

  it('close when the watermark has passed t plus the grace period', async () => {
    await testTopology(counting({ sizeMs: 10, graceMs: 3 }), async (driver) => {
      driver.input(events).send(event('a', 5));
      await driver.advanceWatermark(8);
      expect(lines(driver)).toEqual([]);
      await driver.advanceWatermark(9);
      expect(atTimes(countsOf(lines(driver)))).toEqual([[5, 1]]);
    });
  });

  it('take a record until then, and call it late after', async () => {
    for (const [watermarkMs, late] of [
      [8, 0],
      [9, 1],
    ] as const) {
      await testTopology(counting({ sizeMs: 10, graceMs: 3 }), async (driver) => {
        await driver.advanceWatermark(watermarkMs);
        driver.input(events).send(event('a', 5));
        await driver.endInput();
        expect(driver.late()).toHaveLength(late);
        expect(lines(driver)).toHaveLength(1 - late);
      });
    }
  });

  it('count a late record in no window, those of later event times neither', async () => {
    await testTopology(counting({ sizeMs: 10 }), async (driver) => {
      driver.input(events).send(event('a', 12));
      await driver.advanceWatermark(12);
      driver.input(events).sendAll([event('a', 11), event('a', 12), event('a', 13)]);
      await driver.endInput();
      expect(driver.late().map((letter) => letter.failedAtEventTimeMs)).toEqual([11]);
      expect(atTimes(countsOf(lines(driver)))).toEqual([
        [12, 2],
        [13, 3],
      ]);
    });
  });

  it('count records in any order of arrival within the lateness of the source', async () => {
    const sent = [20, 15, 11, 20, 12].map((atMs) => event('a', atMs));
    await resultsOf(counting({ sizeMs: 9 }, 10), sent, (driver, found) => {
      expect(atTimes(countsOf(found))).toEqual([
        [11, 1],
        [12, 2],
        [15, 3],
        [20, 4],
      ]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('merge instants in the order of event time', async () => {
    const pipeline = around(
      (source) => source.pipe(sliding('slide', { sizeMs: 10, late: 'dead-letter' }, { last: last((value) => value.tag, schema.string) })),
      { latenessMs: 10 },
    );
    await resultsOf(
      pipeline,
      [event('a', 7, { tag: 'seven' }), event('a', 3, { tag: 'three' }), event('a', 7, { tag: 'seven again' })],
      (_, found) => {
        expect(windowLines(found).map(({ value }) => value)).toEqual([{ last: 'three' }, { last: 'seven again' }]);
      },
    );
  });
});

describe('the state of sliding windows', () => {
  const instants = (row: { readonly panes: readonly { readonly startMs: number }[] } | undefined): number[] | undefined =>
    row?.panes.map((pane) => pane.startMs);

  it('keeps the instants that a window to come may hold', async () => {
    await testTopology(counting({ sizeMs: 10 }, 5), async (driver) => {
      driver.input(events).sendAll([event('a', 0), event('a', 4), event('a', 9), event('a', 10)]);
      await driver.advanceWatermark(9);
      expect(instants(driver.state('slide/instants', 'a'))).toEqual([0, 4, 9, 10]);
      await driver.advanceWatermark(10);
      expect(instants(driver.state('slide/instants', 'a'))).toEqual([4, 9, 10]);
    });
  });

  it('goes when a key falls silent for the size of the window', async () => {
    await testTopology(counting({ sizeMs: 10, graceMs: 2 }), async (driver) => {
      driver.input(events).sendAll([event('a', 3), event('a', 5)]);
      await driver.advanceWatermark(17);
      expect(instants(driver.state('slide/instants', 'a'))).toEqual([3, 5]);
      await driver.advanceWatermark(18);
      expect(driver.rows('slide/instants').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
      expect(atTimes(countsOf(lines(driver)))).toEqual([
        [3, 1],
        [5, 2],
      ]);
    });
  });

  it('goes with the end of the input', async () => {
    await resultsOf(counting({ sizeMs: 1_000_000 }), [event('a', 3), event('b', 500_000), event('a', 600_000)], (driver, found) => {
      expect(atTimes(countsOf(found))).toEqual([
        [3, 1],
        [500_000, 1],
        [600_000, 2],
      ]);
      expect(driver.rows('slide/instants').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });
});

describe('sliding windows among others', () => {
  it('give results that are in time for windows after them', async () => {
    const pipeline = around((source) =>
      source.pipe(
        sliding('slide', { sizeMs: 10, graceMs: 5, late: 'dead-letter' }, { n: count() }),
        tumbling('after', { sizeMs: 10, late: 'dead-letter' }, { n: sum((result) => result.value.n) }),
      ),
    );
    await resultsOf(pipeline, [event('a', 1), event('a', 9), event('a', 10), event('a', 500)], (driver, found) => {
      expect(countsOf(found)).toEqual([
        [0, 10, 3],
        [10, 20, 3],
        [500, 510, 1],
      ]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('bury a record that the aggregate refuses and a result that it cannot give, and go on', async () => {
    const touchy: PanedAggregate<Event, number, number> = {
      ...count<Event>(),
      result: (n) => {
        if (n === 2) throw new Error('not two');
        return n;
      },
    };
    const pipeline = around((source) =>
      source.pipe(sliding('slide', { sizeMs: 10, late: 'dead-letter' }, { n: touchy, sum: sum((value) => value.n) })),
    );
    await resultsOf(
      pipeline,
      [event('a', 1), event('a', 2, { n: NaN }), event('a', 3), event('a', 4), event('a', 20), event('a', 21)],
      (driver, found) => {
        expect(atTimes(countsOf(found))).toEqual([
          [1, 1],
          [4, 3],
          [20, 1],
        ]);
        expect(
          driver
            .deadLetters()
            .map(({ stage, reason }) => [stage, reason])
            .sort(),
        ).toEqual([
          ['slide', 'an aggregate takes finite numbers, not NaN'],
          ['slide', 'timer 22 of stage slide for key "a": not two'],
          ['slide', 'timer 4 of stage slide for key "a": not two'],
        ]);
        expect(driver.rows('slide/instants').size).toBe(0);
      },
    );
  });
});

describe('the declaration of sliding windows', () => {
  const declare = (options: { readonly sizeMs: number; readonly graceMs?: number }) => () =>
    sliding<string, Event, { n: number }>('slide', { late: 'discard', ...options }, { n: count() });

  it.each([0, -1, 0.5, NaN, Infinity])('refuses a size of %d ms', (sizeMs) => {
    expect(declare({ sizeMs })).toThrow(expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('sizeMs') as string }));
  });

  it.each([-1, 0.5, NaN, Infinity])('refuses a grace period of %d ms', (graceMs) => {
    expect(declare({ sizeMs: 10, graceMs })).toThrow(
      expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('graceMs') as string }),
    );
  });
});
