import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { count, last, schema, sessions, sum, tumbling, withValue, type PanedAggregate } from '../../../operators/index.js';
import { testTopology } from '../../../runtime/testing/index.js';
import { around, event, events, lines, resultsOf, type Event } from '../pipelines.js';
import { countsOf, windowLines } from './windowLines.js';

const counting = (options: { readonly gapMs: number; readonly graceMs?: number }, latenessMs = 0) =>
  around((source) => source.pipe(sessions('visit', { late: 'dead-letter', ...options }, { n: count() })), { latenessMs });

describe('sessions', () => {
  it('hold records that follow each other by at most the gap', async () => {
    const sent = [0, 10, 20, 31, 41, 52].map((atMs) => event('a', atMs));
    await resultsOf(counting({ gapMs: 10 }), sent, (_, found) => {
      expect(countsOf(found)).toEqual([
        [0, 21, 3],
        [31, 42, 2],
        [52, 53, 1],
      ]);
    });
  });

  it('publish once per key, final, with the event time of the last record', async () => {
    await resultsOf(counting({ gapMs: 10 }), [event('a', 0), event('b', 3), event('a', 5)], (_, found) => {
      expect(windowLines(found)).toEqual([
        { key: 'b', timestamp: 3, startMs: 3, endMs: 4, final: true, value: { n: 1 } },
        { key: 'a', timestamp: 5, startMs: 0, endMs: 6, final: true, value: { n: 2 } },
      ]);
    });
  });

  it('close when the watermark has passed the last record plus the gap and the grace period', async () => {
    await testTopology(counting({ gapMs: 10, graceMs: 3 }), async (driver) => {
      driver.input(events).sendAll([event('a', 0), event('a', 5)]);
      await driver.advanceWatermark(18);
      expect(lines(driver)).toEqual([]);
      expect(driver.pendingTimers()).toBe(1);
      await driver.advanceWatermark(19);
      expect(countsOf(lines(driver))).toEqual([[0, 6, 2]]);
      expect(driver.rows('visit/sessions').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('are joined by a record between them, when it is within the gap of both', async () => {
    await testTopology(counting({ gapMs: 10 }, 100), async (driver) => {
      driver.input(events).sendAll([event('a', 0), event('a', 20), event('a', 60)]);
      await driver.run();
      expect(driver.state<unknown[]>('visit/sessions', 'a')).toHaveLength(3);
      expect(driver.pendingTimers()).toBe(3);
      driver.input(events).send(event('a', 10));
      await driver.run();
      expect(driver.state('visit/sessions', 'a')).toEqual([
        { startMs: 0, lastMs: 20, state: { n: 3 } },
        { startMs: 60, lastMs: 60, state: { n: 1 } },
      ]);
      expect(driver.pendingTimers()).toBe(2);
      await driver.endInput();
      expect(countsOf(lines(driver))).toEqual([
        [0, 21, 3],
        [60, 61, 1],
      ]);
    });
  });

  it('stay apart where the record between them is within the gap of one', async () => {
    await resultsOf(counting({ gapMs: 10 }, 100), [event('a', 0), event('a', 21), event('a', 10)], (_, found) => {
      expect(countsOf(found)).toEqual([
        [0, 11, 2],
        [21, 22, 1],
      ]);
    });
  });

  it('grow at either end, and take a record in their middle', async () => {
    const sent = [50, 60, 40, 45, 30].map((atMs) => event('a', atMs));
    await resultsOf(counting({ gapMs: 10 }, 100), sent, (_, found) => expect(countsOf(found)).toEqual([[30, 61, 5]]));
  });

  it('merge in the order of event time; of records of one time the one processed last is the later', async () => {
    const pipeline = around(
      (source) => source.pipe(sessions('visit', { gapMs: 10, late: 'dead-letter' }, { last: last((value) => value.tag, schema.string) })),
      { latenessMs: 100 },
    );
    await resultsOf(
      pipeline,
      [event('a', 20, { tag: 'first' }), event('a', 20, { tag: 'second' }), event('a', 15, { tag: 'earlier' })],
      (_, found) => {
        expect(windowLines(found).map(({ value }) => value)).toEqual([{ last: 'second' }]);
      },
    );
  });
});

describe('a record behind the watermark', () => {
  it('is late when the watermark has passed it by more than gap and grace, and no open session is near', async () => {
    for (const [watermarkMs, late] of [
      [18, 0],
      [19, 1],
    ] as const) {
      await testTopology(counting({ gapMs: 10, graceMs: 3 }), async (driver) => {
        await driver.advanceWatermark(watermarkMs);
        driver.input(events).send(event('a', 5));
        await driver.endInput();
        expect(driver.late()).toHaveLength(late);
        expect(countsOf(lines(driver))).toEqual(late === 0 ? [[5, 6, 1]] : []);
      });
    }
  });

  it('extends an open session however far behind it is', async () => {
    await testTopology(counting({ gapMs: 10 }), async (driver) => {
      driver.input(events).sendAll([event('a', 20), event('a', 28)]);
      await driver.advanceWatermark(38);
      driver.input(events).sendAll([event('a', 10), event('a', 0)]);
      await driver.endInput();
      expect(countsOf(lines(driver))).toEqual([[0, 29, 4]]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('is late one millisecond beyond the gap of an open session', async () => {
    await testTopology(counting({ gapMs: 10 }), async (driver) => {
      driver.input(events).sendAll([event('a', 20), event('a', 28)]);
      await driver.advanceWatermark(38);
      driver.input(events).send(event('a', 9));
      await driver.endInput();
      expect(driver.late().map((letter) => letter.failedAtEventTimeMs)).toEqual([9]);
      expect(countsOf(lines(driver))).toEqual([[20, 29, 2]]);
    });
  });

  it('begins a session of its own beside one that is closed, unless it is late', async () => {
    await testTopology(counting({ gapMs: 10 }), async (driver) => {
      driver.input(events).send(event('a', 0));
      await driver.advanceWatermark(11);
      expect(countsOf(lines(driver))).toEqual([[0, 1, 1]]);
      driver.input(events).sendAll([event('a', 5), event('a', 0)]);
      await driver.endInput();
      expect(driver.late()).toEqual([]);
      expect(countsOf(lines(driver))).toEqual([[0, 6, 2]]);
    });
  });
});

describe('sessions among others', () => {
  it('give results that are in time for windows after them', async () => {
    const pipeline = around((source) =>
      source.pipe(
        sessions('visit', { gapMs: 10, graceMs: 5, late: 'dead-letter' }, { n: count() }),
        tumbling('after', { sizeMs: 10, late: 'dead-letter' }, { n: sum((result) => result.value.n) }),
      ),
    );
    await resultsOf(pipeline, [event('a', 1), event('a', 9), event('a', 30), event('a', 500)], (driver, found) => {
      expect(countsOf(found)).toEqual([
        [0, 10, 2],
        [30, 40, 1],
        [500, 510, 1],
      ]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('bury a result that the aggregate cannot give or a later operator refuses, and forget the session', async () => {
    const touchy: PanedAggregate<Event, number, number> = {
      ...count<Event>(),
      result: (n) => {
        if (n === 2) throw new Error('not two');
        return n;
      },
    };
    const pipeline = around((source) =>
      source.pipe(
        sessions('visit', { gapMs: 10, late: 'dead-letter' }, { n: touchy }),
        map((record) => {
          if (record.value.value.n === 3) throw new Error('nor three');
          return withValue(record, record.value);
        }),
      ),
    );
    const sent = [0, 1, 50, 51, 52, 100].map((atMs) => event('a', atMs));
    await resultsOf(pipeline, sent, (driver, found) => {
      expect(countsOf(found)).toEqual([[100, 101, 1]]);
      expect(
        driver
          .deadLetters()
          .map((letter) => letter.reason)
          .sort(),
      ).toEqual(['timer 12 of stage visit for key "a": not two', 'timer 63 of stage visit for key "a": nor three']);
      expect(driver.rows('visit/sessions').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('bury a record that the aggregate refuses; it opens and extends no session', async () => {
    const pipeline = around((source) => source.pipe(sessions('visit', { gapMs: 10, late: 'dead-letter' }, { n: sum((value) => value.n) })));
    await resultsOf(pipeline, [event('a', 0), event('a', 8, { n: NaN }), event('a', 16), event('b', 16, { n: Infinity })], (driver, found) => {
      expect(countsOf(found)).toEqual([
        [0, 1, 1],
        [16, 17, 1],
      ]);
      expect(
        driver
          .deadLetters()
          .map((letter) => [letter.code, letter.stage, letter.failedAtEventTimeMs])
          .sort(),
      ).toEqual([
        ['SFS_PROCESSING_FAILED', 'visit', 16],
        ['SFS_PROCESSING_FAILED', 'visit', 8],
      ]);
    });
  });
});

describe('the declaration of sessions', () => {
  const declare = (options: { readonly gapMs: number; readonly graceMs?: number }) => () =>
    sessions<string, Event, { n: number }>('visit', { late: 'discard', ...options }, { n: count() });

  it.each([0, -1, 0.5, NaN, Infinity])('refuses a gap of %d ms', (gapMs) => {
    expect(declare({ gapMs })).toThrow(expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('gapMs') as string }));
  });

  it.each([-1, 0.5, NaN, Infinity])('refuses a grace period of %d ms', (graceMs) => {
    expect(declare({ gapMs: 10, graceMs })).toThrow(
      expect.objectContaining({ code: 'SFS_DURATION', message: expect.stringContaining('graceMs') as string }),
    );
  });
});
