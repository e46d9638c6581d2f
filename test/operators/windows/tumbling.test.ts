import { describe, expect, it } from 'vitest';
import { count, ewma, hopping, last, schema, sum, tumbling } from '../../../operators/index.js';
import { testTopology } from '../../../runtime/testing/index.js';
import { around, event, events, lines, resultsOf, type Event, type Line } from '../pipelines.js';
import { countsOf, windowLines } from './windowLines.js';

const counting = (options: { readonly sizeMs: number; readonly graceMs?: number }, latenessMs = 0) =>
  around((source) => source.pipe(tumbling('tum', { late: 'dead-letter', ...options }, { n: count() })), { latenessMs });

describe('tumbling windows', () => {
  it('hold a record when start <= t < end, each record in one window', async () => {
    const sent = [-11, -10, -1, 0, 9, 10].map((atMs) => event('a', atMs));
    await resultsOf(counting({ sizeMs: 10 }), sent, (driver, found) => {
      expect(countsOf(found)).toEqual([
        [-20, -10, 1],
        [-10, 0, 2],
        [0, 10, 2],
        [10, 20, 1],
      ]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('publish once, final, with event time end - 1', async () => {
    await resultsOf(counting({ sizeMs: 10 }), [event('a', 3), event('b', 4), event('a', 5)], (_, found) => {
      expect(windowLines(found)).toEqual([
        { key: 'a', timestamp: 9, startMs: 0, endMs: 10, final: true, value: { n: 2 } },
        { key: 'b', timestamp: 9, startMs: 0, endMs: 10, final: true, value: { n: 1 } },
      ]);
    });
  });

  it('close when the watermark reaches the end plus the grace period, and are forgotten then', async () => {
    await testTopology(counting({ sizeMs: 10, graceMs: 5 }), async (driver) => {
      driver.input(events).send(event('a', 3));
      await driver.advanceWatermark(14);
      expect(lines(driver)).toEqual([]);
      expect(driver.rows('tum/panes').size).toBe(1);
      await driver.advanceWatermark(15);
      expect(countsOf(lines(driver))).toEqual([[0, 10, 1]]);
      expect(driver.rows('tum/panes').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('are closed by the watermark alone: a record at the end closes the window before it', async () => {
    await testTopology(counting({ sizeMs: 10 }), async (driver) => {
      driver.input(events).sendAll([event('a', 3), event('a', 9)]);
      await driver.run();
      expect(lines(driver)).toEqual([]);
      driver.input(events).send(event('a', 10));
      await driver.run();
      expect(countsOf(lines(driver))).toEqual([[0, 10, 2]]);
    });
  });

  it('hold the closing back by the lateness of the source', async () => {
    await testTopology(counting({ sizeMs: 10 }, 5), async (driver) => {
      driver.input(events).sendAll([event('a', 3), event('a', 14)]);
      await driver.run();
      expect(lines(driver)).toEqual([]);
      driver.input(events).sendAll([event('a', 9), event('a', 15)]);
      await driver.run();
      expect(countsOf(lines(driver))).toEqual([[0, 10, 2]]);
    });
  });

  it('aggregate as hopping windows whose advance is their size', async () => {
    const sent = [event('a', 0, { n: 1 }), event('a', 9, { n: 2 }), event('b', 10, { n: 3 }), event('a', 31, { n: 4 })];
    const of = { n: count<Event>(), sum: sum<Event>((value) => value.n) };
    const hops = around((source) => source.pipe(hopping('hop', { sizeMs: 10, advanceMs: 10, late: 'dead-letter' }, of)));
    let tumbled: Line[] = [];
    await resultsOf(
      around((source) => source.pipe(tumbling('tum', { sizeMs: 10, late: 'dead-letter' }, of))),
      sent,
      (_, found) => (tumbled = found),
    );
    expect(tumbled).toHaveLength(3);
    await resultsOf(hops, sent, (_, found) => expect(found).toEqual(tumbled));
  });

  it('take an aggregate that cannot be paned, beside others', async () => {
    const pipeline = around((source) =>
      source.pipe(
        tumbling(
          'tum',
          { sizeMs: 100, late: 'dead-letter' },
          { recent: ewma((value) => value.n, 10), last: last((value) => value.tag, schema.string) },
        ),
      ),
    );
    await resultsOf(
      pipeline,
      [event('a', 10, { n: 0, tag: 'x' }), event('a', 20, { n: 3, tag: 'y' }), event('a', 130, { n: 7, tag: 'z' })],
      (_, found) => {
        expect(windowLines(found).map(({ value }) => value)).toEqual([
          { recent: 2, last: 'y' },
          { recent: 7, last: 'z' },
        ]);
      },
    );
  });
});

describe('the declaration of tumbling windows', () => {
  const declare = (options: { readonly sizeMs: number; readonly graceMs?: number }) => () =>
    tumbling<string, Event, { n: number }>('tum', { late: 'discard', ...options }, { n: count() });

  it.each([0, -10, 0.5, NaN, Infinity])('refuses a size of %d ms', (sizeMs) => {
    expect(declare({ sizeMs })).toThrow(expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('sizeMs') as string }));
  });

  it.each([-1, 0.5, NaN, Infinity])('refuses a grace period of %d ms', (graceMs) => {
    expect(declare({ sizeMs: 10, graceMs })).toThrow(
      expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('graceMs') as string }),
    );
  });
});
