import { describe, expect, it } from 'vitest';
import { describe as graphOf, stageOf } from '../../../operators/graph.js';
import { joinAsOf, to, topicSchema, topology, type Route, type Topology } from '../../../operators/index.js';
import { testTopology, type TopologyTestDriver } from '../../../runtime/testing/index.js';
import { asides, derived, event, events, lines, timed, toAsides, toResults, type Event } from '../pipelines.js';

interface Setting {
  readonly lagMs?: number;
  readonly historyMs?: number;
  readonly latenessMs?: number;
  readonly miss?: Route<string, Event>;
}

/** Each event with the tag of the version of `derived` that held at its time. */
function joined({ lagMs, historyMs, latenessMs = 0, miss = 'dead-letter' }: Setting = {}): Topology {
  return topology('under-test', { version: 1 }, ({ source, versionedTable }) => {
    const table = versionedTable(derived, { idleMs: 5_000, ...(historyMs === undefined ? {} : { historyMs }) });
    const options = { value: topicSchema(events), miss, ...(lagMs === undefined ? {} : { lagMs }) };
    source(events, { ...timed, latenessMs, idleMs: 5_000 }).pipe(
      joinAsOf('as-of', table, options, ({ n }, row, timestamp) => ({ n, row: row.tag, timestamp })),
      toResults(),
    );
  });
}

/** A version of the row of key `a` from a time on. */
const version = (tag: string): Event => event('a', 0, { tag });

/** Event time and row of each result. */
const found = (driver: TopologyTestDriver): unknown[] => lines(driver).map(([, timestamp, value]) => [timestamp, (value as { row: string }).row]);

const misses = (driver: TopologyTestDriver): unknown[] => driver.deadLetters().map(({ code, failedAtEventTimeMs }) => [code, failedAtEventTimeMs]);

interface Sent {
  readonly versions: readonly (readonly [tag: string | null, fromMs: number])[];
  readonly records: readonly number[];
}

/** All versions, then all records, in one partition, to the end. */
async function joining(of: Topology, { versions, records }: Sent, look: (driver: TopologyTestDriver) => void): Promise<void> {
  await testTopology(of, { partitions: 1 }, async (driver) => {
    for (const [tag, atMs] of versions) {
      if (tag === null) driver.input(derived).delete('a', { atMs, appendTimeMs: atMs });
      else driver.input(derived).send(version(tag), { atMs });
    }
    driver.input(events).sendAll(records.map((atMs) => event('a', atMs)));
    await driver.endInput();
    look(driver);
  });
}

describe('joinAsOf', () => {
  it('joins a record of t with the version of greatest time v <= t, at its own event time', async () => {
    await joining(
      joined(),
      {
        versions: [
          ['one', 10],
          ['two', 20],
        ],
        records: [10, 19, 20, 21],
      },
      (driver) => {
        expect(lines(driver)).toEqual([
          ['a', 10, { n: 1, row: 'one', timestamp: 10 }],
          ['a', 19, { n: 1, row: 'one', timestamp: 19 }],
          ['a', 20, { n: 1, row: 'two', timestamp: 20 }],
          ['a', 21, { n: 1, row: 'two', timestamp: 21 }],
        ]);
      },
    );
  });

  it('joins with the version of t - lagMs when there is a lag', async () => {
    await joining(
      joined({ lagMs: 5 }),
      {
        versions: [
          ['one', 10],
          ['two', 20],
        ],
        records: [15, 24, 25],
      },
      (driver) => {
        expect(found(driver)).toEqual([
          [15, 'one'],
          [24, 'one'],
          [25, 'two'],
        ]);
      },
    );
  });

  it('never reads the future: versions that come first but hold later do not count', async () => {
    await joining(
      joined(),
      {
        versions: [
          ['now', 10],
          ['tomorrow', 1_000],
        ],
        records: [500, 999],
      },
      (driver) => {
        expect(found(driver)).toEqual([
          [500, 'now'],
          [999, 'now'],
        ]);
      },
    );
  });

  it('takes versions in any order, and of two of one time the one that came last', async () => {
    await joining(
      joined({ latenessMs: 50 }),
      {
        versions: [
          ['three', 30],
          ['one', 10],
          ['lost', 20],
          ['two', 20],
        ],
        records: [35, 25, 15],
      },
      (driver) => {
        expect(found(driver)).toEqual([
          [15, 'one'],
          [25, 'two'],
          [35, 'three'],
        ]);
      },
    );
  });

  it('finds nothing before the first version, nor while a tombstone holds', async () => {
    await joining(
      joined(),
      {
        versions: [
          ['one', 10],
          [null, 20],
          ['two', 30],
        ],
        records: [9, 19, 20, 29, 30],
      },
      (driver) => {
        expect(found(driver)).toEqual([
          [19, 'one'],
          [30, 'two'],
        ]);
        expect(misses(driver)).toEqual([9, 20, 29].map((atMs) => ['SFS_MISS', atMs]));
      },
    );
  });

  it('lets the records of a key leave in order of event time', async () => {
    await testTopology(joined({ latenessMs: 100 }), { partitions: 1 }, async (driver) => {
      driver.input(derived).send(version('one'), { atMs: 0 });
      driver.input(events).sendAll([event('a', 30, { n: 1 }), event('a', 10, { n: 2 }), event('a', 20, { n: 3 }), event('a', 10, { n: 4 })]);
      await driver.endInput();
      const records = driver.output({ ...derived, name: 'results' }).records();
      expect(records.map(({ timestamp }) => timestamp)).toEqual([10, 10, 20, 30]);
      expect(lines(driver).map(([, , value]) => (value as { n: number }).n)).toEqual([2, 4, 3, 1]);
    });
  });

  it.each([-1, 0.5, NaN])('refuses %s as lagMs and as historyMs', (ms) => {
    expect(() => joined({ lagMs: ms }).build()).toThrow(expect.objectContaining({ code: 'SFS_DURATION' }));
    expect(() => joined({ historyMs: ms }).build()).toThrow(expect.objectContaining({ code: 'SFS_DURATION' }));
  });
});

describe('the wait of an as-of join', () => {
  /** Events at 50 and 51; both topics go on to 150, but the writer has promised nothing beyond 10. */
  const waiting = async (driver: TopologyTestDriver): Promise<void> => {
    driver.input(derived).send(version('old'), { atMs: 10 });
    driver.input(derived).sendMarker(10);
    driver.input(derived).send(version('future'), { atMs: 150 });
    driver.input(events).sendAll([50, 51, 149, 151].map((atMs) => event('a', atMs)));
    await driver.runLive();
  };
  /** The writer has its last word on all before `watermarkMs`; its stream time is 150. */
  const promise = async (driver: TopologyTestDriver, watermarkMs: number): Promise<unknown> => {
    const input = driver.input(derived);
    input.send(version('future'), { atMs: 150 });
    input.sendMarker(watermarkMs);
    await driver.runLive();
    return found(driver);
  };

  it('ends when the watermark has passed the record, that of the writer of the table included', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      await waiting(driver);
      expect(found(driver)).toEqual([]);
      expect(await promise(driver, 50)).toEqual([]);
      driver.input(derived).send(version('new'), { atMs: 50 });
      expect(await promise(driver, 51)).toEqual([[50, 'new']]);
      expect(await promise(driver, 52)).toEqual([[51, 'new']]);
    });
  });

  it('ends at watermark > t - lagMs when there is a lag', async () => {
    await testTopology(joined({ lagMs: 30 }), { partitions: 1 }, async (driver) => {
      await waiting(driver);
      expect(await promise(driver, 20)).toEqual([]);
      expect(await promise(driver, 21)).toEqual([[50, 'old']]);
      expect(await promise(driver, 22)).toEqual([[51, 'old']]);
    });
  });

  it('is bounded: a writer that is silent for idleMs is waited for no longer', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(derived).send(version('old'), { atMs: 10 });
      driver.input(derived).sendMarker(10);
      driver.input(events).sendAll([event('a', 50), event('a', 100)]);
      await driver.elapse(4_999);
      expect(found(driver)).toEqual([]);
      await driver.elapse(1);
      expect(found(driver)).toEqual([[50, 'old']]);
    });
  });

  it('survives a restart', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(derived).send(version('old'), { atMs: 10 });
      driver.input(derived).sendMarker(60);
      driver.input(events).send(event('a', 50));
      await driver.runLive();
      expect(driver.state<unknown[]>('as-of/waiting', 'a')).toHaveLength(1);
      await driver.restart();
      await driver.endInput();
      expect(found(driver)).toEqual([[50, 'old']]);
      expect(driver.rows('as-of/waiting').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('is over for a record behind the watermark: it is joined at once', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(derived).send(version('old'), { atMs: 10 });
      await driver.advanceWatermark(100);
      driver.input(events).send(event('a', 50));
      await driver.run();
      expect(found(driver)).toEqual([[50, 'old']]);
      expect(driver.rows('as-of/waiting').size).toBe(0);
    });
  });
});

describe('a versioned table', () => {
  const history = (driver: TopologyTestDriver): unknown => driver.state<{ fromMs: number }[]>('derived/versions', 'a')?.map(({ fromMs }) => fromMs);

  it('forgets what had ended historyMs before the watermark, however far it is read ahead', async () => {
    await testTopology(joined({ historyMs: 100 }), { partitions: 1 }, async (driver) => {
      for (const atMs of [0, 10, 20, 500]) driver.input(derived).send(version(`v${atMs}`), { atMs });
      await driver.run();
      expect(history(driver)).toEqual([0, 10, 20, 500]);
    });
    await testTopology(joined({ historyMs: 100 }), { partitions: 1 }, async (driver) => {
      for (const atMs of [0, 10, 20]) driver.input(derived).send(version(`v${atMs}`), { atMs });
      await driver.advanceWatermark(119);
      driver.input(derived).send(version('v130'), { atMs: 130 });
      await driver.run();
      expect(history(driver)).toEqual([10, 20, 130]);
    });
  });

  it('is a miss for a record older than its history, and right for one within it', async () => {
    await testTopology(joined({ historyMs: 100 }), { partitions: 1 }, async (driver) => {
      for (const atMs of [0, 10, 20]) driver.input(derived).send(version(`v${atMs}`), { atMs });
      await driver.advanceWatermark(120);
      driver.input(derived).send(version('v120'), { atMs: 120 });
      await driver.advanceWatermark(130);
      driver.input(events).sendAll([event('a', 19), event('a', 20), event('a', 119)]);
      await driver.run();
      expect(found(driver)).toEqual([
        [20, 'v20'],
        [119, 'v20'],
      ]);
      expect(misses(driver)).toEqual([['SFS_MISS', 19]]);
    });
  });

  it('remembers two days unless told otherwise, and plan compares it', () => {
    const parameters = (historyMs?: number) => stageOf(graphOf(joined(historyMs === undefined ? {} : { historyMs })), 'derived').parameters;
    expect(parameters()).toMatchObject({ topic: 'derived', historyMs: 172_800_000 });
    expect(graphOf(joined({ historyMs: 5 })).fingerprint).not.toBe(graphOf(joined({ historyMs: 6 })).fingerprint);
  });
});

describe('a record that finds no version', () => {
  const missing = { versions: [], records: [10] };

  it('goes to the dead letters with the key that was looked for', async () => {
    await joining(joined(), missing, (driver) => {
      expect(driver.deadLetters()).toMatchObject([
        { code: 'SFS_MISS', stage: 'as-of', reason: 'stage as-of found no row for key "a"', failedAtEventTimeMs: 10 },
      ]);
    });
  });

  it('goes there with its own position and bytes, not with those of the record that let it leave', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('b', 1), event('a', 10, { n: 7 })]);
      await driver.run();
      driver.input(events).send(event('b', 50));
      await driver.endInput();
      const letters = driver.deadLetters().filter(({ failedAtEventTimeMs }) => failedAtEventTimeMs === 10);
      expect(letters).toMatchObject([{ sourceTopic: 'test.events', sourcePartition: 0, sourceOffset: 1 }]);
      const stored = driver.storage.log.read('test.events', 0, 1, 1)[0]!;
      expect(letters[0]!.personal).toEqual({ key: stored.key, value: stored.value, header: stored.header });
    });
  });

  it('is counted when it is discarded', async () => {
    await joining(joined({ miss: 'discard' }), missing, (driver) => expect(driver.counters()).toMatchObject({ misses: 1, deadLetters: 0 }));
  });

  it('goes as it is into the pipeline of the route', async () => {
    await joining(joined({ miss: toAsides }), missing, (driver) => expect(lines(driver, asides)).toEqual([['a', 10, event('a', 10)]]));
  });
});

describe('a join function that throws', () => {
  it('takes its own record alone to the dead letters, of those of one time, too', async () => {
    const failing = topology('under-test', { version: 1 }, ({ source, versionedTable }) => {
      source(events, timed).pipe(
        joinAsOf('as-of', versionedTable(derived), { value: topicSchema(events), miss: 'discard' }, ({ n }) => {
          if (n === 2) throw new Error('not two');
          return n;
        }),
        toResults(),
      );
    });
    await testTopology(failing, { partitions: 1 }, async (driver) => {
      driver.input(derived).send(version('one'), { atMs: 0 });
      driver.input(events).sendAll([1, 2, 3].map((n) => event('a', 10, { n })));
      await driver.endInput();
      expect(lines(driver).map(([, , n]) => n)).toEqual([1, 3]);
      expect(driver.deadLetters()).toMatchObject([
        { code: 'SFS_PROCESSING_FAILED', stage: 'as-of', reason: 'timer 11 of stage as-of for key "a": not two' },
      ]);
      expect(driver.rows('as-of/waiting').size).toBe(0);
    });
  });
});

describe('an as-of join whose writer has written nothing yet', () => {
  it('waits for it, but no longer than idleMs', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([50, 100, 102].map((atMs) => event('a', atMs)));
      await driver.elapse(4_999);
      expect(driver.counters().records).toBe(0);
      driver.input(derived).send(version('first'), { atMs: 40 });
      driver.input(derived).send(version('later'), { atMs: 101 });
      driver.input(derived).sendMarker(101);
      await driver.elapse(4_999);
      expect(found(driver)).toEqual([[50, 'first']]);
    });
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 50), event('a', 100)]);
      await driver.elapse(5_000);
      expect(misses(driver)).toEqual([['SFS_MISS', 50]]);
    });
  });
});

describe('an as-of join with its writer in the same process', () => {
  const writer = topology('writer', { version: 1 }, ({ source }) => {
    source({ ...events, name: 'updates' }, timed).pipe(to(derived));
  });

  it.each(['first', 'last'])('reads what the writer wrote, when the writer is started %s', async (place) => {
    const all = place === 'first' ? [writer, joined()] : [joined(), writer];
    await testTopology(all, { partitions: 2 }, async (driver) => {
      driver.input({ ...events, name: 'updates' }).sendAll([event('a', 10, { tag: 'one' }), event('a', 20, { tag: 'two' })]);
      driver.input(events).sendAll([event('a', 15), event('a', 25)]);
      await driver.endInput();
      expect(found(driver)).toEqual([
        [15, 'one'],
        [25, 'two'],
      ]);
    });
  });
});
