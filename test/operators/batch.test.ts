import { describe, expect, it } from 'vitest';
import { describe as graphOf, stageOf } from '../../operators/graph.js';
import { batch, reduce, schema, topicSchema, type StreamRecord, type Topology } from '../../operators/index.js';
import { openDriver, testTopology } from '../../runtime/testing/index.js';
import { SkillForgeError } from '../../schemas/index.js';
import { around, event, events, lines, results, resultsOf, type Event } from './pipelines.js';

type Run = (records: readonly StreamRecord<string, Event>[]) => Promise<readonly (number | Error)[]>;

const scored = (run: Run, maxRecords = 10): Topology =>
  around((source) => source.pipe(batch('scored', { value: topicSchema(events), maxRecords, run })));

const tenfold: Run = (records) => Promise.resolve(records.map(({ value }) => value.n * 10));
const numbered = (count: number): Event[] => Array.from({ length: count }, (_, n) => event('a', n, { n }));

describe('batch', () => {
  it('gives each record the result in its place, with its key and event time', async () => {
    await resultsOf(scored(tenfold), [event('a', 3, { n: 1 }), event('b', 2, { n: 2 }), event('a', 1, { n: 3 })], (_, found) => {
      expect(found).toEqual([
        ['a', 1, 30],
        ['b', 2, 20],
        ['a', 3, 10],
      ]);
    });
  });

  it('gives its work whole records: key, value and event time', async () => {
    const described: Run = (records) =>
      Promise.resolve(records.map(({ key, value, timestamp }) => (key === 'a' && value.tag === 'x' ? timestamp : -1)));
    await resultsOf(scored(described), [event('a', 7, { tag: 'x' })], (_, found) => expect(found).toEqual([['a', 7, 7]]));
  });

  it('works on many records at a time, never on more than maxRecords', async () => {
    const sizes: number[] = [];
    const measured: Run = (records) => {
      sizes.push(records.length);
      return tenfold(records);
    };
    const driver = await openDriver(scored(measured, 4), { partitions: 1 });
    driver.input(events).sendAll(numbered(10));
    await driver.run();
    expect(sizes).toEqual([4, 4, 2]);
  });

  it('keeps the order of the records, whatever batches they were worked on in and however long the work took', async () => {
    let calls = 0;
    const uneven: Run = async (records) => {
      const turns = ++calls % 3;
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      return tenfold(records);
    };
    const sent = [...numbered(5), event('a', 2, { n: 5 }), event('a', 9, { n: 6 })];
    for (const maxRecords of [1, 2, 3, 100]) {
      await testTopology(scored(uneven, maxRecords), { partitions: 1 }, async (driver) => {
        driver.input(events).sendAll(sent);
        await driver.run();
        expect(
          driver
            .output(results)
            .values()
            .map((value) => Number(value!.json)),
        ).toEqual(sent.map(({ n }) => n * 10));
      });
    }
  });

  it('sends a record to the dead letters whose place holds an error, and no other', async () => {
    const picky: Run = (records) => Promise.resolve(records.map(({ value }) => (value.n === 1 ? new Error('cannot score 1') : value.n)));
    await resultsOf(scored(picky), numbered(3), (driver, found) => {
      expect(found.map(([, , n]) => n)).toEqual([0, 2]);
      expect(driver.deadLetters()).toMatchObject([
        {
          code: 'SFS_BATCH_FAILED',
          reason: expect.stringContaining('cannot score 1') as string,
          stage: 'scored',
          sourceTopic: 'test.under-test.v1.scored',
          sourceOffset: expect.any(Number) as number,
          failedAtEventTimeMs: 1,
          personal: { key: Buffer.from('a'), value: expect.any(Buffer) as Buffer },
        },
      ]);
    });
  });

  it('leaves an error its own code', async () => {
    const coded: Run = (records) => Promise.resolve(records.map(() => new SkillForgeError('SFS_SEALED', 'no key for this person')));
    await resultsOf(scored(coded), [event('a', 1)], (driver) => {
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_SEALED', reason: 'no key for this person', stage: 'scored' }]);
    });
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('service is down'))],
    [
      'throws',
      () => {
        throw new Error('service is down');
      },
    ],
  ])('tries the records one by one when its work %s, one at a time', async (_, fail: () => Promise<never>) => {
    let atOnce = 0;
    const flaky: Run = async (records) => {
      if (records.length > 1 || records[0]!.value.n === 1) return fail();
      expect(++atOnce).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce--;
      return tenfold(records);
    };
    await resultsOf(scored(flaky), numbered(4), (driver, found) => {
      expect(found.map(([, , n]) => n)).toEqual([0, 20, 30]);
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_BATCH_FAILED', stage: 'scored', failedAtEventTimeMs: 1 }]);
      expect(driver.deadLetters()[0]!.reason).toContain('service is down');
    });
  });

  it('takes another number of results than records for a failure of the batch, then of each record', async () => {
    const losing: Run = (records) => Promise.resolve(records.flatMap(({ value }) => (value.n === 2 ? [] : [value.n])));
    await resultsOf(scored(losing), numbered(4), (driver, found) => {
      expect(found.map(([, , n]) => n)).toEqual([0, 1, 3]);
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_BATCH_RESULTS', stage: 'scored', failedAtEventTimeMs: 2 }]);
    });
  });

  it('leaves no trace of batch borders in what follows', async () => {
    const totals = (maxRecords: number): Topology =>
      around((source) =>
        source.pipe(
          batch('scored', { value: topicSchema(events), maxRecords, run: tenfold }),
          reduce('total', { state: schema.double, initial: 0, reduce: (total, score) => total + score }),
        ),
      );
    const outcomes = [];
    for (const maxRecords of [1, 3, 1_000]) {
      const driver = await openDriver(totals(maxRecords));
      driver.input(events).sendAll(Array.from({ length: 50 }, (_, n) => event(`k${n % 7}`, (n * 37) % 50, { n })));
      await driver.endInput();
      outcomes.push(lines(driver));
    }
    expect(outcomes[0]).toHaveLength(50);
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toEqual(outcomes[0]);
  });

  it('is undone with a record that a later operator throws on', async () => {
    const failing = around((source) =>
      source.pipe(
        batch('scored', { value: topicSchema(events), maxRecords: 10, run: tenfold }),
        reduce('total', {
          state: schema.double,
          initial: 0,
          reduce: (total, score) => {
            if (score === 10) throw new Error('not this one');
            return total + score;
          },
        }),
      ),
    );
    await resultsOf(failing, numbered(4), (driver, found) => {
      expect(found.map(([, , total]) => total)).toEqual([0, 20, 50]);
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_PROCESSING_FAILED', stage: 'total', sourceTopic: 'test.under-test.v1.scored' }]);
    });
  });

  it('shows in the graph with its size, which plan compares', () => {
    const small = graphOf(scored(tenfold, 5));
    expect(stageOf(small, 'scored')).toMatchObject({ kind: 'batch', topic: 'under-test.v1.scored', parameters: { maxRecords: 5 } });
    expect(stageOf(small, 'scored').fingerprint).not.toBe(stageOf(graphOf(scored(tenfold, 6)), 'scored').fingerprint);
  });

  it.each([0, -1, 1.5, NaN])('refuses %s as maxRecords', (maxRecords) => {
    expect(() => scored(tenfold, maxRecords).build()).toThrow(
      expect.objectContaining({ code: 'SFS_DURATION', message: `maxRecords must be a whole number above 0, not ${maxRecords}` }),
    );
  });
});
