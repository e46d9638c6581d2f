import { describe, expect, it } from 'vitest';
import { joinInterval, topicSchema, topology, type Late, type Route, type Topology } from '../../../operators/index.js';
import { testTopology, type TopologyTestDriver } from '../../../runtime/testing/index.js';
import { asides, event, events, lines, others, timed, toAsides, toResults, type Event } from '../pipelines.js';

interface Setting {
  readonly beforeMs?: number;
  readonly afterMs?: number;
  readonly late?: Route<string, Late<Event>>;
  readonly latenessMs?: number;
}

/** `l.r` for each event `l` and other `r` of one key with r in [l - 5, l + 10]. */
function joined({ beforeMs = 5, afterMs = 10, late = 'dead-letter', latenessMs = 0 }: Setting = {}): Topology {
  return topology('under-test', { version: 1 }, ({ source }) => {
    const right = source(others, { ...timed, latenessMs });
    const value = topicSchema(events);
    source(events, { ...timed, latenessMs }).pipe(
      joinInterval(
        'pairs',
        right,
        { beforeMs, afterMs, left: value, right: value, late },
        (left, other) => `${left.tag || left.atMs}.${other.tag || other.atMs}`,
      ),
      toResults(),
    );
  });
}

const at = (...times: readonly number[]): Event[] => times.map((atMs) => event('a', atMs));
const pairs = (driver: TopologyTestDriver): unknown[] => lines(driver).map(([, , value]) => value);

/** Sends both sides to one partition, and looks when everything is processed but nothing has ended. */
async function pairing(of: Topology, left: readonly Event[], right: readonly Event[], look: (driver: TopologyTestDriver) => void): Promise<void> {
  await testTopology(of, { partitions: 1 }, async (driver) => {
    driver.input(others).sendAll(right);
    driver.input(events).sendAll(left);
    await driver.run();
    look(driver);
  });
}

describe('joinInterval', () => {
  it('pairs a left record of t with the right ones in [t - beforeMs, t + afterMs], both ends included', async () => {
    await pairing(joined(), at(100), at(94, 95, 100, 110, 111), (driver) => {
      expect(pairs(driver)).toEqual(['100.95', '100.100', '100.110']);
    });
  });

  it('pairs a right record of t with the left ones in [t - afterMs, t + beforeMs], both ends included', async () => {
    await pairing(joined(), at(89, 90, 100, 105, 106), at(100), (driver) => {
      expect(pairs(driver)).toEqual(['90.100', '100.100', '105.100']);
    });
  });

  it('has an interval that starts or ends at the record itself, when one bound is 0', async () => {
    await pairing(joined({ beforeMs: 0, afterMs: 2 }), at(10), at(9, 10, 12, 13), (driver) => expect(pairs(driver)).toEqual(['10.10', '10.12']));
    await pairing(joined({ beforeMs: 2, afterMs: 0 }), at(10), at(7, 8, 10, 11), (driver) => expect(pairs(driver)).toEqual(['10.8', '10.10']));
  });

  it('gives a pair once, with the greater event time of both', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll(at(10, 20));
      driver.input(others).sendAll(at(12, 18));
      await driver.endInput();
      expect(lines(driver)).toEqual([
        ['a', 12, '10.12'],
        ['a', 18, '10.18'],
        ['a', 20, '20.18'],
      ]);
      await driver.endInput();
      expect(lines(driver)).toEqual([]);
    });
  });

  it('pairs each of several records of one time', async () => {
    const named = (...tags: readonly string[]): Event[] => tags.map((tag) => event('a', 10, { tag }));
    await pairing(joined(), named('l1', 'l2'), named('r1', 'r2'), (driver) => {
      expect(pairs(driver)).toEqual(['l1.r1', 'l2.r1', 'l1.r2', 'l2.r2']);
    });
  });

  it('pairs no records of different keys', async () => {
    await pairing(joined(), [event('a', 10), event('b', 11)], [event('b', 10), event('c', 11)], (driver) => {
      expect(lines(driver)).toEqual([['b', 11, '11.10']]);
    });
  });

  it('gives the same pairs when records come out of order within the lateness', async () => {
    await pairing(joined({ latenessMs: 50 }), at(100, 60, 80), at(100, 55, 90), (driver) => {
      expect(pairs(driver).sort()).toEqual(['100.100', '60.55', '80.90']);
      expect(driver.deadLetters()).toEqual([]);
    });
  });
});

describe('what an interval join holds', () => {
  interface Held {
    readonly left: readonly { readonly timestamp: number }[];
    readonly right: readonly { readonly timestamp: number }[];
  }
  const held = (driver: TopologyTestDriver): unknown => {
    const row = driver.state<Held>('pairs/held', 'a');
    return row && [row.left.map(({ timestamp }) => timestamp), row.right.map(({ timestamp }) => timestamp)];
  };

  it('is a left record of t until watermark > t + afterMs, and a right one until watermark > t + beforeMs', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll(at(100));
      driver.input(others).sendAll(at(102));
      await driver.advanceWatermark(107);
      expect(held(driver)).toEqual([[100], [102]]);
      await driver.advanceWatermark(108);
      expect(held(driver)).toEqual([[100], []]);
      await driver.advanceWatermark(110);
      expect(held(driver)).toEqual([[100], []]);
      await driver.advanceWatermark(111);
      expect(held(driver)).toBeUndefined();
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('is nothing when the input has ended', async () => {
    await testTopology(joined(), async (driver) => {
      driver.input(events).sendAll([event('a', 1), event('b', 5), event('a', 1)]);
      driver.input(others).sendAll([event('a', 3), event('c', 8)]);
      await driver.endInput();
      expect(driver.rows('pairs/held').size).toBe(0);
      expect(driver.pendingTimers()).toBe(0);
    });
  });

  it('is enough for the last partner in time', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll(at(100));
      await driver.advanceWatermark(110);
      driver.input(others).sendAll(at(110));
      await driver.advanceWatermark(115);
      driver.input(events).sendAll(at(115));
      await driver.run();
      expect(pairs(driver)).toEqual(['100.110', '115.110']);
      expect(driver.deadLetters()).toEqual([]);
    });
  });
});

describe('a record behind the watermark', () => {
  it('is late one millisecond behind it, and not at it, whichever side it is of', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll(at(100));
      driver.input(others).sendAll(at(100));
      await driver.advanceWatermark(105);
      driver.input(events).sendAll(at(104, 105));
      driver.input(others).sendAll(at(104, 105));
      await driver.run();
      expect(pairs(driver)).toEqual(['100.100', '105.100', '100.105', '105.105']);
      expect(driver.late()).toMatchObject([
        { stage: 'pairs', failedAtEventTimeMs: 104, sourceTopic: 'test.events' },
        { stage: 'pairs', failedAtEventTimeMs: 104, sourceTopic: 'test.others' },
      ]);
      expect(driver.late()[0]!.reason).toBe('event time 104 is behind the watermark 105 of stage pairs: its partners may be forgotten');
    });
  });

  it('never gives half of its pairs: partners of it may be forgotten already', async () => {
    await testTopology(joined(), { partitions: 1 }, async (driver) => {
      driver.input(others).sendAll(at(95, 104));
      await driver.advanceWatermark(101);
      driver.input(events).sendAll(at(100));
      await driver.run();
      expect(pairs(driver)).toEqual([]);
      expect(driver.late()).toHaveLength(1);
    });
  });

  it('is counted when it is discarded, and held by nothing', async () => {
    await testTopology(joined({ late: 'discard' }), { partitions: 1 }, async (driver) => {
      await driver.advanceWatermark(50);
      driver.input(events).sendAll(at(49));
      await driver.run();
      expect(driver.counters()).toMatchObject({ late: 1, deadLetters: 0 });
      expect(driver.rows('pairs/held').size).toBe(0);
    });
  });

  it('goes into the pipeline of the route with the stage and the watermark', async () => {
    await testTopology(joined({ late: toAsides }), { partitions: 1 }, async (driver) => {
      await driver.advanceWatermark(50);
      driver.input(others).sendAll(at(49));
      await driver.run();
      expect(lines(driver, asides)).toEqual([['a', 49, { value: event('a', 49), operator: 'pairs', watermarkMs: 50, closedWindows: 1, windows: 1 }]]);
      expect(driver.counters()).toMatchObject({ late: 1, deadLetters: 0 });
    });
  });
});

describe('an interval join', () => {
  it.each([
    [-1, 0],
    [0, -1],
    [1.5, 0],
    [0, NaN],
    [Infinity, 0],
  ])('refuses bounds of %s and %s', (beforeMs, afterMs) => {
    expect(() => joined({ beforeMs, afterMs }).build()).toThrow(expect.objectContaining({ code: 'SFS_DURATION' }));
  });

  it('refuses an interval of nothing', () => {
    expect(() => joined({ beforeMs: 0, afterMs: 0 }).build()).toThrow(
      expect.objectContaining({ code: 'SFS_WINDOW', message: 'interval join "pairs" has an empty interval' }),
    );
  });

  it('undoes a record whose pairing throws: it is not held either', async () => {
    const failing = topology('under-test', { version: 1 }, ({ source }) => {
      const value = topicSchema(events);
      source(events, timed).pipe(
        joinInterval('pairs', source(others, timed), { beforeMs: 5, afterMs: 5, left: value, right: value, late: 'discard' }, (left, right) => {
          if (right.tag === 'bad') throw new Error('no pair');
          return `${left.atMs}.${right.atMs}`;
        }),
        toResults(),
      );
    });
    await testTopology(failing, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll(at(10, 13));
      driver.input(others).sendAll([event('a', 11, { tag: 'bad' }), event('a', 12)]);
      await driver.run();
      expect(pairs(driver)).toEqual(['10.12', '13.12']);
      expect(driver.deadLetters()).toMatchObject([
        { code: 'SFS_PROCESSING_FAILED', stage: 'pairs', sourceTopic: 'test.others', failedAtEventTimeMs: 11 },
      ]);
    });
  });
});
