import { describe, expect, it } from 'vitest';
import { count, hopping, sessions, sliding, tumbling, type Late, type Records, type Route } from '../../../operators/index.js';
import { testTopology } from '../../../runtime/testing/index.js';
import { around, asides, event, events, lines, resultsOf, toAsides, type Event } from '../pipelines.js';
import { countsOf } from './windowLines.js';

type LateRoute = Route<string, Late<Event>>;
const hops = (late: LateRoute, graceMs = 0) =>
  around((source) => source.pipe(hopping('win', { sizeMs: 30, advanceMs: 10, graceMs, late }, { n: count() })));

describe('a record behind some of its windows', () => {
  it('counts in the open ones and goes to the late route with the number of each', async () => {
    await testTopology(hops(toAsides), async (driver) => {
      await driver.advanceWatermark(20);
      driver.input(events).send(event('a', 5, { tag: 'x' }));
      await driver.run();
      expect(lines(driver, asides)).toEqual([
        ['a', 5, { value: event('a', 5, { tag: 'x' }), operator: 'win', watermarkMs: 20, closedWindows: 2, windows: 3 }],
      ]);
      await driver.endInput();
      expect(countsOf(lines(driver))).toEqual([[0, 30, 1]]);
      expect(driver.counters()).toMatchObject({ records: 1, late: 1, deadLetters: 0 });
    });
  });

  it('is on time while the watermark is before its first end plus the grace period', async () => {
    for (const [watermarkMs, late] of [
      [12, 0],
      [13, 1],
    ] as const) {
      await testTopology(hops('dead-letter', 3), async (driver) => {
        await driver.advanceWatermark(watermarkMs);
        driver.input(events).send(event('a', 9));
        await driver.endInput();
        expect(driver.late()).toHaveLength(late);
        expect(countsOf(lines(driver))).toEqual(
          [
            [-20, 10, 1],
            [-10, 20, 1],
            [0, 30, 1],
          ].slice(late),
        );
      });
    }
  });
});

describe('a record behind all of its windows', () => {
  it('counts in none', async () => {
    await testTopology(hops(toAsides), async (driver) => {
      await driver.advanceWatermark(30);
      driver.input(events).sendAll([event('a', 9), event('a', 10)]);
      await driver.run();
      expect(lines(driver, asides).map(([, atMs, value]) => [atMs, (value as Late<Event>).closedWindows, (value as Late<Event>).windows])).toEqual([
        [9, 3, 3],
        [10, 2, 3],
      ]);
      await driver.endInput();
      expect(countsOf(lines(driver))).toEqual([[10, 40, 1]]);
    });
  });

  it('leaves no row and no timer behind', async () => {
    await testTopology(hops('discard'), async (driver) => {
      await driver.advanceWatermark(1_000);
      driver.input(events).send(event('a', 9));
      await driver.run();
      expect(driver.rows('win/panes').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });
});

describe('the late route', () => {
  /** One topology for each operator that has a late route; 7 is behind all windows of each once the watermark is 100. */
  const operators: readonly (readonly [string, (late: LateRoute) => (source: Records<string, Event>) => Records<string, unknown>])[] = [
    ['hopping', (late) => hopping('win', { sizeMs: 20, advanceMs: 10, late }, { n: count() })],
    ['tumbling', (late) => tumbling('win', { sizeMs: 10, late }, { n: count() })],
    ['sliding', (late) => sliding('win', { sizeMs: 10, late }, { n: count() })],
    ['sessions', (late) => sessions('win', { gapMs: 10, late }, { n: count() })],
  ];

  it.each(operators)('of %s windows to dead letters keeps reason, stage, event time, position and bytes', async (_, operator) => {
    await testTopology(
      around((source) => source.pipe(operator('dead-letter'))),
      { partitions: 1 },
      async (driver) => {
        driver.input(events).sendAll([event('b', 100), event('a', 7, { tag: 'its bytes' })]);
        await driver.run();
        const letters = driver.late();
        expect(letters).toHaveLength(1);
        expect(letters[0]).toMatchObject({
          code: 'SFS_LATE',
          stage: 'win',
          failedAtEventTimeMs: 7,
          sourceTopic: 'test.events',
          sourcePartition: 0,
          sourceOffset: 1,
        });
        expect(letters[0]!.reason).toMatch(/^event time 7 is behind .* stage win; the watermark is 100$/);
        expect(letters[0]!.personal.key?.toString()).toBe('a');
        expect(letters[0]!.personal.value?.includes('its bytes')).toBe(true);
        expect(driver.counters()).toMatchObject({ records: 2, deadLetters: 1, late: 0 });
      },
    );
  });

  it.each(operators)('of %s windows to nowhere counts the record', async (_, operator) => {
    await testTopology(
      around((source) => source.pipe(operator('discard'))),
      { partitions: 1 },
      async (driver) => {
        driver.input(events).sendAll([event('b', 100), event('a', 7), event('a', 7)]);
        await driver.run();
        expect(driver.counters()).toMatchObject({ records: 3, deadLetters: 0, late: 2 });
        expect(driver.deadLetters()).toEqual([]);
      },
    );
  });

  it.each(operators)('of %s windows to a pipeline hands on the value, its operator and the watermark', async (_, operator) => {
    await testTopology(
      around((source) => source.pipe(operator(toAsides))),
      { partitions: 1 },
      async (driver) => {
        driver.input(events).sendAll([event('b', 100), event('a', 7, { tag: 'x' })]);
        await driver.run();
        const [line, ...more] = lines(driver, asides);
        expect(more).toEqual([]);
        expect(line).toEqual(['a', 7, expect.objectContaining({ value: event('a', 7, { tag: 'x' }), operator: 'win', watermarkMs: 100 })]);
        const { closedWindows, windows } = line![2] as Late<Event>;
        expect(closedWindows).toBe(windows);
        expect(driver.counters()).toMatchObject({ late: 1, deadLetters: 0 });
      },
    );
  });

  it('counts nothing as late that comes in order', async () => {
    await resultsOf(hops('dead-letter'), [event('a', 1), event('a', 1), event('a', 50)], (driver) => {
      expect(driver.counters()).toMatchObject({ records: 3, late: 0, deadLetters: 0 });
    });
  });
});
