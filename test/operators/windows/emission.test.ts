import { describe, expect, it } from 'vitest';
import { count, debounced, hopping, onClose, onUpdate, tumbling, windowSet, type Emission } from '../../../operators/index.js';
import { testTopology } from '../../../runtime/testing/index.js';
import { around, event, events, lines, resultsOf, type Line } from '../pipelines.js';
import { setCountsOf, windowLines } from './windowLines.js';

const hops = (emit: Emission, rest: { readonly graceMs?: number; readonly latenessMs?: number } = {}) =>
  around(
    (source) => source.pipe(hopping('win', { sizeMs: 20, advanceMs: 10, emit, graceMs: rest.graceMs ?? 0, late: 'dead-letter' }, { n: count() })),
    {
      latenessMs: rest.latenessMs ?? 0,
    },
  );
const tens = (emit: Emission, rest: { readonly graceMs?: number; readonly latenessMs?: number } = {}) =>
  around((source) => source.pipe(tumbling('win', { sizeMs: 10, emit, graceMs: rest.graceMs ?? 0, late: 'dead-letter' }, { n: count() })), {
    latenessMs: rest.latenessMs ?? 0,
  });

/** Event time, end of the window, count, whether it is final. */
const emitted = (found: readonly Line[]): (readonly [number, number, number, boolean])[] =>
  windowLines<{ n: number }>(found).map(({ timestamp, endMs, value, final }) => [timestamp, endMs, value.n, final] as const);

describe('emission on close', () => {
  it('is the default, and gives one final result a window', async () => {
    const sent = [event('a', 1), event('a', 2), event('a', 12)];
    const byDefault = around((source) => source.pipe(tumbling('win', { sizeMs: 10, late: 'dead-letter' }, { n: count() })));
    for (const topology of [byDefault, tens(onClose())]) {
      await resultsOf(topology, sent, (_, found) =>
        expect(emitted(found)).toEqual([
          [9, 10, 2, true],
          [19, 20, 1, true],
        ]),
      );
    }
  });
});

describe('emission on update', () => {
  it('publishes each window that holds the record after each record, with its event time, and nothing at the close', async () => {
    await testTopology(hops(onUpdate()), async (driver) => {
      driver.input(events).send(event('a', 5));
      await driver.run();
      expect(emitted(lines(driver))).toEqual([
        [5, 10, 1, false],
        [5, 20, 1, false],
      ]);
      driver.input(events).send(event('a', 14));
      await driver.run();
      expect(emitted(lines(driver))).toEqual([
        [14, 20, 2, false],
        [14, 30, 1, false],
      ]);
      await driver.endInput();
      expect(lines(driver)).toEqual([]);
      expect(driver.rows('win/panes').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('publishes only the open ones of the windows of a late record', async () => {
    await testTopology(hops(onUpdate()), async (driver) => {
      await driver.advanceWatermark(10);
      driver.input(events).send(event('a', 5));
      await driver.run();
      expect(emitted(lines(driver))).toEqual([[5, 20, 1, false]]);
      expect(driver.late()).toHaveLength(1);
    });
  });

  it('publishes every end that holds the record of a window set', async () => {
    const pipeline = around((source) =>
      source.pipe(windowSet('win', { sizesMs: { short: 10, long: 20 }, advanceMs: 10, emit: onUpdate(), late: 'discard' }, { n: count() })),
    );
    await resultsOf(pipeline, [event('a', 5), event('a', 12)], (_, found) => {
      expect(setCountsOf(found)).toEqual([
        [10, { short: 1, long: 1 }],
        [20, { short: null, long: 1 }],
        [20, { short: 1, long: 2 }],
        [30, { short: null, long: 1 }],
      ]);
    });
  });
});

describe('debounced emission', () => {
  it('publishes the changed windows once when the watermark reaches the end of the interval', async () => {
    await testTopology(
      around((source) => source.pipe(tumbling('win', { sizeMs: 100, emit: debounced(10), late: 'dead-letter' }, { n: count() }))),
      async (driver) => {
        driver.input(events).sendAll([event('a', 11), event('b', 12), event('a', 19)]);
        await driver.advanceWatermark(19);
        expect(lines(driver)).toEqual([]);
        await driver.advanceWatermark(20);
        expect(lines(driver).map(([key, , value]) => [key, value])).toEqual([
          ['a', { window: { startMs: 0, endMs: 100 }, final: false, value: { n: 2 } }],
          ['b', { window: { startMs: 0, endMs: 100 }, final: false, value: { n: 1 } }],
        ]);
      },
    );
  });

  it('gives the result the last moment of the interval as its event time', async () => {
    await testTopology(tens(debounced(4)), async (driver) => {
      driver.input(events).send(event('a', 1));
      await driver.advanceWatermark(4);
      expect(emitted(lines(driver))).toEqual([[3, 10, 1, false]]);
    });
  });

  it('publishes nothing in an interval without records, and the final result at the close', async () => {
    await testTopology(tens(debounced(2)), async (driver) => {
      driver.input(events).sendAll([event('a', 0), event('a', 1)]);
      await driver.advanceWatermark(9);
      expect(emitted(lines(driver))).toEqual([[1, 10, 2, false]]);
      await driver.advanceWatermark(10);
      expect(emitted(lines(driver))).toEqual([[9, 10, 2, true]]);
    });
  });

  it('leaves the final result alone where the window closes at the end of the interval', async () => {
    await testTopology(tens(debounced(10)), async (driver) => {
      driver.input(events).send(event('a', 5));
      await driver.advanceWatermark(10);
      expect(emitted(lines(driver))).toEqual([[9, 10, 1, true]]);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('publishes the windows that are still open where some have closed meanwhile', async () => {
    await testTopology(hops(debounced(15)), async (driver) => {
      driver.input(events).send(event('a', 5));
      await driver.advanceWatermark(15);
      expect(emitted(lines(driver))).toEqual([
        [9, 10, 1, true],
        [14, 20, 1, false],
      ]);
    });
  });

  it('publishes every window from the earliest record since on', async () => {
    await testTopology(tens(debounced(10), { latenessMs: 30, graceMs: 100 }), async (driver) => {
      driver.input(events).sendAll([event('a', 25), event('a', 12), event('a', 33)]);
      await driver.advanceWatermark(30);
      expect(emitted(lines(driver))).toEqual([
        [29, 20, 1, false],
        [29, 30, 1, false],
        [29, 40, 1, false],
      ]);
      driver.input(events).send(event('a', 34));
      await driver.advanceWatermark(40);
      expect(emitted(lines(driver))).toEqual([[39, 40, 2, false]]);
    });
  });

  it('counts a record behind the watermark to the interval that the watermark is in', async () => {
    await testTopology(tens(debounced(10), { graceMs: 100 }), async (driver) => {
      driver.input(events).send(event('a', 2));
      await driver.advanceWatermark(10);
      expect(emitted(lines(driver))).toEqual([[9, 10, 1, false]]);
      await driver.advanceWatermark(25);
      driver.input(events).send(event('a', 3));
      await driver.advanceWatermark(29);
      expect(lines(driver)).toEqual([]);
      await driver.advanceWatermark(30);
      expect(emitted(lines(driver))).toEqual([[29, 10, 2, false]]);
    });
  });

  it('forgets the pending publication with the last window', async () => {
    await testTopology(tens(debounced(1_000)), async (driver) => {
      driver.input(events).send(event('a', 5));
      await driver.advanceWatermark(10);
      expect(emitted(lines(driver))).toEqual([[9, 10, 1, true]]);
      expect(driver.rows('win/panes').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it.each([0, -1, 2.5, NaN, Infinity])('refuses an interval of %d ms', (intervalMs) => {
    expect(() => debounced(intervalMs)).toThrow(
      expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('intervalMs') as string }),
    );
  });
});
