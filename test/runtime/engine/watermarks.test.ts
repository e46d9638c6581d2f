import { describe, expect, it } from 'vitest';
import { count, keyBy, merge, topicSchema, topology, tumbling, withValue } from '../../../operators/index.js';
import { map } from 'rxjs';
import type { Worker } from '../../../runtime/engine/worker.js';
import { memoryStorage, testTopology, type MemoryStorage } from '../../../runtime/testing/index.js';
import { around, derived, event, events, lines, others, timed, toResults, type Event } from '../../operators/pipelines.js';
import { closed, controls, derivedRecord, found, letters, marker, markersOf, record, run, send, settle, started } from './running.js';

const IDLE_MS = 1_000;
const tags = (records: ReturnType<typeof found>): unknown[] => records.map(([, , tag]) => tag);
const tagged = map((one: { key: string; value: Event; timestamp: number }) => withValue(one, one.value.tag));

/** Two sources of one task, shown in the order of their merge. */
const two = topology('two', { version: 1 }, ({ source }) => {
  merge('both', source(events, { ...timed, idleMs: IDLE_MS }), source(others, { ...timed, idleMs: IDLE_MS })).pipe(tagged, toResults());
});
const windowed = topology('windowed', { version: 1 }, ({ source }) => {
  merge('both', source(events, { ...timed, idleMs: IDLE_MS, latenessMs: 5 }), source(others, { ...timed, idleMs: IDLE_MS, latenessMs: 20 })).pipe(
    tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }),
    toResults(),
  );
});
const watermarkOf = (worker: Worker, partition = 0): number => worker.runningTasks[partition]!.progress.watermarkMs;
const at0 = (topic: typeof events, atMs: number, tag = `${topic.name[0]!}${atMs}`) => record(topic, event('a', atMs, { tag }), 0);
const storageAt = (): MemoryStorage => memoryStorage({ now: () => 0 });

describe('the watermark of a task', () => {
  it('is the least, over its source partitions, of the greatest event time less the lateness', async () => {
    const storage = storageAt();
    const worker = await started(storage, windowed, { mode: 'follow' });
    await send(storage, at0(events, 100), at0(events, 90), at0(others, 70));
    await settle(worker, 0);
    // Events at 100 wait for what `others` may still bring after 70.
    expect(watermarkOf(worker)).toBe(-Infinity);
    await send(storage, at0(others, 130));
    await settle(worker, 0);
    expect(watermarkOf(worker)).toBe(Math.min(100 - 5, 70 - 20));
    await send(storage, at0(events, 200));
    await settle(worker, 0);
    expect(watermarkOf(worker)).toBe(Math.min(100 - 5, 130 - 20));
    expect(watermarkOf(worker, 1)).toBe(-Infinity);
  });

  it('does not go back for a record out of order', async () => {
    await testTopology(
      around((source) => source.pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }))),
      { partitions: 1 },
      async (driver) => {
        driver.input(events).sendAll([event('a', 100), event('a', 3), event('a', 99)]);
        await driver.run();
        expect(driver.watermark()).toBe(100);
        expect(driver.late().map((letter) => letter.failedAtEventTimeMs)).toEqual([3, 99]);
      },
    );
  });

  it('is not touched by an event time too far ahead of the append time: the record goes to the dead letters', async () => {
    const bounded = around((source) => source.pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() })), { maxAheadMs: 50 });
    await testTopology(bounded, { partitions: 1 }, async (driver) => {
      driver.input(events).send(event('a', 100), { appendTimeMs: 50 });
      driver.input(events).send(event('a', 1_000_000), { appendTimeMs: 51 });
      driver.input(events).send(event('a', 101), { appendTimeMs: 52 });
      await driver.run();
      expect(driver.watermark()).toBe(101);
      expect(driver.deadLetters().map(({ code, sourceOffset }) => [code, sourceOffset])).toEqual([['SFS_EVENT_TIME_AHEAD', 1]]);
      await driver.endInput();
      expect(lines(driver)).toMatchObject([['a', 109, { value: { n: 2 } }]]);
    });
  });
});

describe('a silent partition', () => {
  it('holds up its task, and no other, until its idle time has passed by the wall clock', async () => {
    const storage = storageAt();
    const worker = await started(storage, two, { mode: 'follow' });
    await send(storage, at0(events, 10), record(events, event('b', 10, { tag: 'p1' }), 1), record(others, event('b', 11, { tag: 'p1 too' }), 1));
    await settle(worker, 0);
    expect(tags(found(storage))).toEqual(['p1']);
    await settle(worker, IDLE_MS - 1);
    expect(tags(found(storage))).toEqual(['p1']);
    await settle(worker, IDLE_MS);
    expect(tags(found(storage)).sort()).toEqual(['e10', 'p1', 'p1 too']);
  });

  it('is written down as a control record, with channel, position and clock', async () => {
    const storage = storageAt();
    const worker = await started(storage, two, { mode: 'follow' });
    await send(storage, at0(others, 5), at0(events, 10), at0(events, 20));
    await settle(worker, 0);
    await settle(worker, IDLE_MS);
    const [decision] = controls(storage).filter(({ partition, channel }) => partition === 0 && channel?.startsWith('test.others'));
    expect(decision).toMatchObject({
      kind: 'CLOCK_ADVANCE',
      region: 'test',
      topology: 'two',
      topologyVersion: 1,
      subtopology: 0,
      channel: 'test.others/0/external',
      position: 1,
      clockMs: 10,
    });
    expect(JSON.parse(decision!.payload!)).toMatchObject({ phase: 'idle' });
  });

  it('that speaks again has its records placed at the clock of its task, which is written down too', async () => {
    const storage = storageAt();
    const worker = await started(storage, two, { mode: 'follow' });
    await send(storage, at0(events, 100));
    await settle(worker, 0);
    await settle(worker, IDLE_MS);
    await send(storage, at0(others, 50), at0(events, 110), at0(others, 120));
    await settle(worker, IDLE_MS);
    expect(tags(found(storage))).toEqual(['e100', 'o50', 'e110']);
    const phases = controls(storage).filter(({ channel }) => channel === 'test.others/0/external');
    expect(phases.map(({ position, clockMs, payload }) => [(JSON.parse(payload!) as { phase: string }).phase, position, clockMs])).toEqual([
      ['idle', 0, 100],
      ['resume', 0, 100],
    ]);
  });

  it('lets the windows of the others close meanwhile, and its own late records go the late route', async () => {
    const storage = storageAt();
    const worker = await started(storage, windowed, { mode: 'follow' });
    await send(storage, at0(events, 3), at0(events, 40));
    await settle(worker, 0);
    expect(found(storage)).toEqual([]);
    await settle(worker, IDLE_MS);
    expect(closed(storage)).toEqual([['a', 9, { n: 1 }]]);
    await send(storage, at0(others, 4));
    await settle(worker, IDLE_MS);
    await send(storage, at0(events, 50));
    await settle(worker, IDLE_MS);
    expect(letters(storage).map(({ code, sourceTopic }) => [code, sourceTopic])).toEqual([['SFS_LATE', 'test.others']]);
  });
});

describe('the merge of a task', () => {
  it('gives the same order whatever arrived first', async () => {
    const records = [at0(events, 10), at0(events, 30), at0(events, 20), at0(others, 10), at0(others, 25), at0(others, 30)];
    const orders = [
      [0, 1, 2, 3, 4, 5],
      [3, 4, 5, 0, 1, 2],
      [0, 3, 1, 4, 2, 5],
      [3, 0, 4, 1, 5, 2],
    ];
    for (const order of orders) {
      const storage = storageAt();
      const worker = await started(storage, two, { mode: 'follow' });
      for (const n of order) {
        await send(storage, records[n]!);
        await settle(worker, 0);
      }
      await send(storage, at0(events, 99, 'end'), at0(others, 99, 'end'));
      await settle(worker, 0);
      expect(tags(found(storage)).slice(0, 6)).toEqual(['e10', 'o10', 'o25', 'e30', 'e20', 'o30']);
    }
  });
});

describe('a repartition topic', () => {
  const markerMs = 10;
  const INTERNAL = 'test.regrouped.v1.by-tag';
  const regrouped = topology('regrouped', { version: 1 }, ({ source }) => {
    source(events, { ...timed, idleMs: IDLE_MS }).pipe(
      keyBy('by-tag', { key: (value) => value.tag, value: topicSchema(events) }),
      tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }),
      toResults(),
    );
  });
  const sentTo = (partition: number, atMs: number, tag = 't') => record(events, event(`k${partition}`, atMs, { tag }), partition);

  it('carries the watermark of every upstream task to every partition', async () => {
    const storage = storageAt();
    const worker = await started(storage, regrouped, { mode: 'follow', limits: { markerMs } });
    await send(storage, sentTo(0, 25), sentTo(1, 47));
    await settle(worker, 0);
    for (let partition = 0; partition < events.partitions; partition++) {
      const told = markersOf(storage, INTERNAL, partition);
      expect(told.filter(({ by }) => by === 0).map(({ watermarkMs }) => watermarkMs)).toContain(20);
      expect(told.filter(({ by }) => by === 1).map(({ watermarkMs }) => watermarkMs)).toContain(40);
      expect(told.some(({ watermarkMs }) => watermarkMs > 40)).toBe(false);
    }
  });

  it('makes nobody late because an upstream task is slow: its readers have the least watermark of all of them', async () => {
    const storage = storageAt();
    const worker = await started(storage, regrouped, { mode: 'follow', limits: { markerMs } });
    const quick = Array.from({ length: events.partitions - 1 }, (_, n) => n + 1);
    await send(
      storage,
      sentTo(0, 5),
      ...quick.map((partition) => sentTo(partition, 5)),
      ...quick.flatMap((partition) => [sentTo(partition, 1_000), sentTo(partition, 3_000)]),
    );
    await settle(worker, 0);
    expect(found(storage)).toEqual([]);
    // The slow one comes at last, long after the others by wall clock and by their event times.
    await send(storage, sentTo(0, 7), sentTo(0, 2_000));
    await settle(worker, IDLE_MS - 1);
    expect(closed(storage)).toEqual([['t', 9, { n: events.partitions + 1 }]]);
    expect(letters(storage)).toEqual([]);
  });

  it('lets its readers go on without upstream tasks that are idle', async () => {
    const storage = storageAt();
    const worker = await started(storage, regrouped, { mode: 'follow', limits: { markerMs } });
    await send(storage, sentTo(0, 5), sentTo(0, 95));
    await settle(worker, 0);
    expect(found(storage)).toEqual([]);
    await settle(worker, IDLE_MS);
    await settle(worker, IDLE_MS);
    expect(closed(storage)).toEqual([['t', 9, { n: 1 }]]);
    expect(markersOf(storage, INTERNAL, 0).filter(({ by, idle }) => by === 1 && idle)).toHaveLength(1);
  });

  it('passes the end of the input on: every window closes downstream as well', async () => {
    const storage = storageAt();
    const running = await started(storage, regrouped, { limits: { markerMs } });
    await send(storage, sentTo(0, 5), sentTo(1, 6), sentTo(2, 6, 'other'));
    await running.run();
    expect(found(storage)).toEqual([]);
    await run(storage, regrouped, { mode: 'end-of-input', limits: { markerMs } });
    expect(closed(storage).sort()).toEqual([
      ['other', 9, { n: 1 }],
      ['t', 9, { n: 2 }],
    ]);
    for (let by = 0; by < events.partitions; by++)
      expect(markersOf(storage, INTERNAL, 3)).toContainEqual({ by, watermarkMs: Infinity, idle: false, end: true });
    expect(new Set(controls(storage).map(({ kind }) => kind))).toContain('END_OF_INPUT');
  });
});

describe('a topic that another topology writes', () => {
  const reading = topology('reading', { version: 1 }, ({ source }) => {
    source(derived, { idleMs: IDLE_MS }).pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }), toResults());
  });
  const writer = (partition: number) => ({ name: 'writer@1/0', partition, count: 2 });

  it('closes windows by the markers of its writers, never by the event times of its records', async () => {
    const storage = storageAt();
    const worker = await started(storage, reading, { mode: 'follow' });
    await send(storage, derivedRecord(derived, event('a', 5), writer(0), 0), derivedRecord(derived, event('a', 900), writer(0), 0));
    await send(
      storage,
      marker(derived, 500, writer(1), 0),
      derivedRecord(derived, event('a', 8), writer(0), 0, { streamTimeMs: 900 }),
      marker(derived, 900, writer(1), 0),
    );
    await settle(worker, 0);
    expect([found(storage), letters(storage)]).toEqual([[], []]);
    await send(storage, marker(derived, 901, writer(0), 0), marker(derived, 901, writer(1), 0));
    await settle(worker, 0);
    await send(storage, marker(derived, 950, writer(0), 0));
    await settle(worker, 0);
    expect(closed(storage)).toEqual([['a', 9, { n: 2 }]]);
  });
});
