import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { aggregate, count, distinctCount, ewma, last, max, mean, min, schema, sum, topK, withValue } from '../../operators/index.js';
import { testTopology } from '../../runtime/testing/index.js';
import { around, event, events, lines, resultsOf } from './pipelines.js';

const totals = around((source) => source.pipe(aggregate('total', { n: count(), sum: sum((value) => value.n) })));

describe('aggregate', () => {
  it('publishes one result a record, over all records of its key, with the event time of the record', async () => {
    await resultsOf(totals, [event('a', 1, { n: 2 }), event('b', 1, { n: 5 }), event('a', 3, { n: 4 })], (_, found) => {
      expect(found).toEqual([
        ['a', 1, { n: 1, sum: 2 }],
        ['b', 1, { n: 1, sum: 5 }],
        ['a', 3, { n: 2, sum: 6 }],
      ]);
    });
  });

  it('counts records however late they come, and sets no timer', async () => {
    await testTopology(totals, async (driver) => {
      driver.input(events).sendAll([event('a', 1_000_000), event('a', 5, { n: 7 })]);
      await driver.endInput();
      expect(lines(driver)).toEqual([
        ['a', 5, { n: 2, sum: 8 }],
        ['a', 1_000_000, { n: 1, sum: 1 }],
      ]);
      expect(driver.counters()).toMatchObject({ records: 2, timers: 0, late: 0, deadLetters: 0 });
      expect([...driver.rows('total/totals')]).toEqual([['a', { n: 2, sum: 8 }]]);
    });
  });

  it('goes on where it was after a restart, with sums as exact as before', async () => {
    await testTopology(totals, async (driver) => {
      driver.input(events).sendAll([event('a', 1, { n: 1e16 }), event('a', 2, { n: 0.1 })]);
      await driver.run();
      await driver.restart();
      driver.input(events).sendAll([event('a', 3, { n: -1e16 }), event('a', 4, { n: 0.2 })]);
      await driver.run();
      expect(lines(driver).map(([, , value]) => value)).toEqual([
        { n: 1, sum: 1e16 },
        { n: 2, sum: 1e16 },
        { n: 3, sum: 0.1 },
        { n: 4, sum: 0.1 + 0.2 },
      ]);
    });
  });

  it('keeps every kind of accumulator in its row', async () => {
    const all = around((source) =>
      source.pipe(
        aggregate('total', {
          mean: mean((value) => value.n),
          min: min((value) => value.n),
          max: max((value) => value.n),
          top: topK(1, (value) => value.tag),
          tags: distinctCount((value) => value.tag),
          recent: ewma((value) => value.n, 10),
          last: last((value) => value.tag, schema.string),
        }),
      ),
    );
    await resultsOf(all, [event('a', 0, { n: 0, tag: 'x' }), event('a', 10, { n: 3, tag: 'y' }), event('a', 10, { n: 3, tag: 'x' })], (_, found) => {
      expect(found.at(-1)![2]).toEqual({ mean: 2, min: 0, max: 3, top: [{ item: 'x', count: 2 }], tags: 2, recent: 2.4, last: 'x' });
    });
  });
});

describe('a record that aggregate or what follows it cannot take', () => {
  it('goes to the dead letters when the aggregate refuses it, and counts nowhere', async () => {
    await resultsOf(totals, [event('a', 1), event('a', 2, { n: NaN }), event('a', 3, { n: -Infinity }), event('a', 4)], (driver, found) => {
      expect(found).toEqual([
        ['a', 1, { n: 1, sum: 1 }],
        ['a', 4, { n: 2, sum: 2 }],
      ]);
      expect(driver.deadLetters().map(({ code, stage, sourceOffset, reason }) => [code, stage, sourceOffset, reason])).toEqual([
        ['SFS_PROCESSING_FAILED', 'total', 1, 'an aggregate takes finite numbers, not NaN'],
        ['SFS_PROCESSING_FAILED', 'total', 2, 'an aggregate takes finite numbers, not -Infinity'],
      ]);
    });
  });

  it('goes there when the sum would leave the range of numbers, and the sum goes on', async () => {
    const large = Number.MAX_VALUE;
    await resultsOf(totals, [event('a', 1, { n: large }), event('a', 2, { n: large }), event('a', 3, { n: -large })], (driver, found) => {
      expect(found.map(([, , value]) => value)).toEqual([
        { n: 1, sum: large },
        { n: 2, sum: 0 },
      ]);
      expect(driver.deadLetters().map(({ stage, sourceOffset }) => [stage, sourceOffset])).toEqual([['total', 1]]);
    });
  });

  it('is taken back when a later operator throws', async () => {
    const failing = around((source) =>
      source.pipe(
        aggregate('total', { n: count(), sum: sum((value) => value.n) }),
        map((record) => {
          if (record.timestamp === 2) throw new Error('not at 2');
          return withValue(record, record.value);
        }),
      ),
    );
    await resultsOf(failing, [event('a', 1), event('a', 2), event('a', 3)], (driver, found) => {
      expect(found.map(([, , value]) => value)).toEqual([
        { n: 1, sum: 1 },
        { n: 2, sum: 2 },
      ]);
      expect(driver.deadLetters().map((letter) => letter.reason)).toEqual(['not at 2']);
    });
  });
});
