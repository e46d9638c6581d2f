import { describe, expect, it } from 'vitest';
import { count, ewma, hopping, sum, windowSet, type Emission, type WindowSetOptions } from '../../../operators/index.js';
import { testTopology } from '../../../runtime/testing/index.js';
import { around, event, events, lines, resultsOf, type Event, type Line } from '../pipelines.js';
import { countsOf, setCountsOf } from './windowLines.js';

type Options = Partial<WindowSetOptions<string, Event, string>>;
const counting = (options: { readonly graceMs?: number; readonly emit?: Emission } = {}, latenessMs = 0) =>
  around(
    (source) => source.pipe(windowSet('set', { sizesMs: { short: 10, long: 30 }, advanceMs: 10, late: 'dead-letter', ...options }, { n: count() })),
    { latenessMs },
  );

describe('a window set', () => {
  it('publishes one record for each end, with every size: [end - size, end)', async () => {
    await resultsOf(counting(), [event('a', 0), event('a', 9), event('a', 10)], (_, found) => {
      expect(found).toEqual([
        [
          'a',
          9,
          {
            endMs: 10,
            final: true,
            windows: { short: { startMs: 0, endMs: 10, value: { n: 2 } }, long: { startMs: -20, endMs: 10, value: { n: 2 } } },
          },
        ],
        [
          'a',
          19,
          {
            endMs: 20,
            final: true,
            windows: { short: { startMs: 10, endMs: 20, value: { n: 1 } }, long: { startMs: -10, endMs: 20, value: { n: 3 } } },
          },
        ],
        ['a', 29, { endMs: 30, final: true, windows: { short: null, long: { startMs: 0, endMs: 30, value: { n: 3 } } } }],
        ['a', 39, { endMs: 40, final: true, windows: { short: null, long: { startMs: 10, endMs: 40, value: { n: 1 } } } }],
      ]);
    });
  });

  it('publishes an end only while the largest window holds anything', async () => {
    await resultsOf(counting(), [event('a', 5), event('a', 65)], (_, found) => {
      expect(setCountsOf(found)).toEqual([
        [10, { short: 1, long: 1 }],
        [20, { short: null, long: 1 }],
        [30, { short: null, long: 1 }],
        [70, { short: 1, long: 1 }],
        [80, { short: null, long: 1 }],
        [90, { short: null, long: 1 }],
      ]);
    });
  });

  it('gives each size what hopping windows of that size give', async () => {
    const sent = [3, 11, 14, 29, 30, 64, 71].map((atMs) => event('a', atMs));
    const hops = (sizeMs: number) => around((source) => source.pipe(hopping('hop', { sizeMs, advanceMs: 10, late: 'dead-letter' }, { n: count() })));
    const ofSize = (found: readonly Line[], name: string): unknown[] =>
      setCountsOf(found).flatMap(([endMs, counts]) => (counts[name] === null ? [] : [[endMs, counts[name]]]));
    let set: Line[] = [];
    await resultsOf(counting(), sent, (_, found) => (set = found));
    for (const [name, sizeMs] of [
      ['short', 10],
      ['long', 30],
    ] as const) {
      await resultsOf(hops(sizeMs), sent, (_, found) => expect(ofSize(set, name)).toEqual(countsOf(found).map(([, endMs, n]) => [endMs, n])));
    }
    expect(ofSize(set, 'short')).toEqual([
      [10, 1],
      [20, 2],
      [30, 1],
      [40, 1],
      [70, 1],
      [80, 1],
    ]);
  });

  it('names sizes as declared, in any order and twice if need be', async () => {
    const pipeline = around((source) =>
      source.pipe(windowSet('set', { sizesMs: { long: 20, short: 10, again: 20 }, advanceMs: 10, late: 'discard' }, { n: count() })),
    );
    await resultsOf(pipeline, [event('a', 5)], (_, found) => {
      expect(setCountsOf(found)).toEqual([
        [10, { long: 1, short: 1, again: 1 }],
        [20, { long: 1, short: null, again: 1 }],
      ]);
    });
  });

  it('keeps one set of panes for all sizes', async () => {
    await testTopology(counting(), async (driver) => {
      driver.input(events).sendAll([event('a', 5), event('a', 15)]);
      await driver.run();
      expect(driver.state<{ panes: unknown }>('set/panes', 'a')?.panes).toEqual([
        { startMs: 0, state: { n: 1 } },
        { startMs: 10, state: { n: 1 } },
      ]);
      expect(driver.pendingTimers()).toBe(1);
    });
  });

  it('closes an end when the watermark reaches it plus the grace period, and forgets with the largest window', async () => {
    await testTopology(counting({ graceMs: 4 }), async (driver) => {
      driver.input(events).send(event('a', 5));
      await driver.advanceWatermark(13);
      expect(lines(driver)).toEqual([]);
      await driver.advanceWatermark(14);
      expect(setCountsOf(lines(driver))).toEqual([[10, { short: 1, long: 1 }]]);
      await driver.advanceWatermark(33);
      expect(setCountsOf(lines(driver))).toEqual([[20, { short: null, long: 1 }]]);
      await driver.advanceWatermark(34);
      expect(setCountsOf(lines(driver))).toEqual([[30, { short: null, long: 1 }]]);
      expect(driver.rows('set/panes').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('counts a late record in the ends that are still open, and reports how many are not', async () => {
    await testTopology(counting(), async (driver) => {
      await driver.advanceWatermark(10);
      driver.input(events).send(event('a', 5));
      await driver.run();
      expect(driver.late().map((letter) => letter.reason)).toEqual(['event time 5 is behind 1 of its 3 windows in stage set; the watermark is 10']);
      await driver.endInput();
      expect(setCountsOf(lines(driver))).toEqual([
        [20, { short: null, long: 1 }],
        [30, { short: null, long: 1 }],
      ]);
    });
  });
});

describe('the declaration of a window set', () => {
  const declare = (options: Options) => () =>
    windowSet<string, Event, string, { n: number }>(
      'set',
      { sizesMs: { a: 10 }, advanceMs: 10, late: 'discard', ...options },
      { n: sum((value) => value.n) },
    );

  it.each([0, -1, 1.5, NaN])('refuses a size, an advance or a grace period that is no duration: %d ms', (ms) => {
    expect(declare({ sizesMs: { a: 10, b: ms } })).toThrow(expect.objectContaining({ code: 'SFS_DURATION' }));
    expect(declare({ advanceMs: ms })).toThrow(expect.objectContaining({ code: 'SFS_DURATION' }));
    expect(declare({ graceMs: ms === 0 ? -1 : ms })).toThrow(expect.objectContaining({ code: 'SFS_DURATION' }));
  });

  it('refuses no size, a size that is no multiple of the advance, and one below it', () => {
    expect(declare({ sizesMs: {} })).toThrow(expect.objectContaining({ code: 'SFS_WINDOW', message: 'window set "set" has no size' }));
    expect(declare({ sizesMs: { a: 20, b: 25 } })).toThrow(
      expect.objectContaining({ code: 'SFS_WINDOW', message: expect.stringContaining('25 is not') as string }),
    );
    expect(declare({ sizesMs: { a: 5 } })).toThrow(expect.objectContaining({ code: 'SFS_WINDOW' }));
  });

  it('refuses an aggregate that cannot be paned where types did not, unless every window is one pane', () => {
    const unpaned = { n: ewma<Event>((value) => value.n, 10) as never };
    const of = (sizesMs: Record<string, number>) => () =>
      windowSet<string, Event, string, { n: number }>('set', { sizesMs, advanceMs: 10, late: 'discard' }, unpaned);
    expect(of({ a: 10, b: 20 })).toThrow(expect.objectContaining({ code: 'SFS_WINDOW' }));
    expect(of({ a: 10 })).not.toThrow();
  });
});
