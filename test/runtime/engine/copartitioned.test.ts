import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { count, keyBy, to, topicSchema, topology, tumbling, type Topology } from '../../../operators/index.js';
import { describe as graphOf } from '../../../operators/graph.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { memoryStorage, testTopology } from '../../../runtime/testing/index.js';
import type { Topic } from '../../../schemas/index.js';
import { derived, event, events, lines, others, timed, toResults, type Event } from '../../operators/pipelines.js';
import { closed, derivedRecord, found, letters, marker, markersOf, physical, record, run, send, settle, started } from './running.js';

/** Task p of its writer writes partition p alone. */
const own: Topic<string, Event> = { ...derived, name: 'own', copartitioned: true };
const IDLE_MS = 1_000;

const writerTo = (target: Topic<string, Event>): Topology =>
  topology('writer', { version: 1 }, ({ source }) => {
    source(events, { ...timed, idleMs: IDLE_MS }).pipe(to(target));
  });
const readerOf = (read: Topic<string, Event>): Topology =>
  topology('reader', { version: 1 }, ({ source }) => {
    source(read, { idleMs: IDLE_MS }).pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }), toResults());
  });

const keyIn = (partition: number): string =>
  Array.from({ length: 1_000 }, (_, n) => `k${n}`).find((key) => partitionOf(Buffer.from(key), events.partitions) === partition)!;
const sent = (partition: number, atMs: number) => record(events, event(keyIn(partition), atMs));
const markers = (storage: ReturnType<typeof memoryStorage>, topic: Topic<string, Event>): number =>
  Array.from({ length: topic.partitions }, (_, partition) => markersOf(storage, physical(topic), partition).length).reduce((a, b) => a + b, 0);

describe('a copartitioned topic', () => {
  it('gets the markers of a task in the task’s own partition alone', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const worker = await started(storage, writerTo(own), { mode: 'follow', limits: { markerMs: 10 } });
    await send(storage, sent(0, 25), sent(1, 47));
    await settle(worker, 0);
    expect(markersOf(storage, physical(own), 0)).toContainEqual({ by: 0, watermarkMs: 20, idle: false, end: false });
    expect(markersOf(storage, physical(own), 1)).toContainEqual({ by: 1, watermarkMs: 40, idle: false, end: false });
    for (let partition = 0; partition < own.partitions; partition++)
      expect(markersOf(storage, physical(own), partition).every(({ by }) => by === partition)).toBe(true);
  });

  it('has a twelfth of the markers that every partition would take, and its readers the same results', async () => {
    const [alone, everywhere] = await Promise.all(
      [own, derived].map(async (topic) => {
        const storage = memoryStorage({ now: () => 0 });
        const both = [writerTo(topic), readerOf(topic)];
        await run(storage, both, { limits: { markerMs: 10 } });
        await send(storage, ...[5, 25, 47].flatMap((atMs) => [0, 1, 2].map((partition) => sent(partition, atMs))));
        await run(storage, both, { mode: 'end-of-input', limits: { markerMs: 10 } });
        return { results: closed(storage).sort(), markers: markers(storage, topic) };
      }),
    );
    expect(alone!.results).toHaveLength(9);
    expect(alone!.results).toEqual(everywhere!.results);
    expect(everywhere!.markers).toBe(12 * alone!.markers);
  });

  it('has one channel in each partition for its readers: they wait for no other task', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const worker = await started(storage, [writerTo(own), readerOf(own)], { mode: 'follow', limits: { markerMs: 10 } });
    const readers = worker.runningTasks.filter(({ name }) => name.startsWith('reader'));
    const channels = readers.map(({ parts }) => parts.inputs.flatMap((input) => [...input.channels.keys()]));
    expect(channels).toEqual(Array.from({ length: 12 }, (_, partition) => [`writer@1/0#${partition}`]));
    // One task speaks; the eleven others have said nothing.
    await send(storage, sent(3, 5), sent(3, 25));
    await settle(worker, 0);
    expect(closed(storage)).toEqual([[keyIn(3), 9, { n: 1 }]]);
  });

  it('has one channel in each of its partitions for a table that every task holds whole', async () => {
    const lookedUp = topology('looked-up', { version: 1 }, ({ source, globalTable }) => {
      const table = globalTable(own, { idleMs: IDLE_MS });
      source(others, timed).pipe(toResults());
      table.stage.pipe(toResults('rows'));
    });
    const worker = await started(memoryStorage(), [writerTo(own), lookedUp]);
    const [first] = worker.runningTasks.filter(({ name, parts }) => name.startsWith('looked-up') && parts.inputs.length > 1);
    const inputs = first!.parts.inputs.filter(({ options }) => options.source.scope === 'global');
    expect(inputs.map(({ channels }) => [...channels.keys()])).toEqual(Array.from({ length: 12 }, (_, partition) => [`writer@1/0#${partition}`]));
  });

  it('waits for the task of its partition alone where the writer runs elsewhere', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const worker = await started(storage, readerOf(own), { mode: 'follow' });
    const writer = (partition: number) => ({ name: 'writer@1/0', partition, count: 12 });
    await send(storage, derivedRecord(own, event(keyIn(2), 5), writer(2), 2), marker(own, 10, writer(2), 2));
    await settle(worker, 0);
    expect(closed(storage)).toEqual([[keyIn(2), 9, { n: 1 }]]);
  });

  it('does not wait for what other tasks told before the topic was copartitioned, and still has their records', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const worker = await started(storage, readerOf(own), { mode: 'follow' });
    const writer = (partition: number) => ({ name: 'writer@1/0', partition, count: 12 });
    await send(storage, marker(own, 3, writer(7), 2), derivedRecord(own, event(keyIn(2), 5), writer(2), 2), marker(own, 10, writer(2), 2));
    await settle(worker, 0);
    expect(closed(storage)).toEqual([[keyIn(2), 9, { n: 1 }]]);
    await send(storage, derivedRecord(own, event(keyIn(2), 15), writer(7), 2), marker(own, 20, writer(2), 2));
    await settle(worker, 0);
    await settle(worker, IDLE_MS);
    expect(closed(storage)).toEqual([
      [keyIn(2), 9, { n: 1 }],
      [keyIn(2), 19, { n: 1 }],
    ]);
  });

  it('is fed by a test driver as by one task a partition', async () => {
    await testTopology(readerOf(own), { partitions: 3 }, async (driver) => {
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) driver.input(own).send(event(key, 5), { atMs: 5 });
      driver.input(own).sendMarker(10);
      await driver.run();
      expect(lines(driver).map(([key, atMs]) => [key, atMs])).toEqual(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => [key, 9]));
    });
  });

  it('gives the same whatever the batches and crashes', async () => {
    await testTopology([writerTo(own), readerOf(own)], { markerMs: 10 }, async (driver) => {
      driver.input(events).sendAll([5, 25, 17, 47].flatMap((atMs) => ['a', 'b', 'c', 'd'].map((key) => event(key, atMs))));
      await driver.run();
      driver.input(events).sendAll([3, 60].map((atMs) => event('a', atMs)));
      await driver.endInput();
      // 17 comes behind 25 and is late; so is 3.
      expect(
        driver
          .late()
          .map(({ failedAtEventTimeMs }) => failedAtEventTimeMs)
          .sort(),
      ).toEqual([17, 17, 17, 17, 3]);
      expect(lines(driver).filter(([key]) => key === 'a')).toMatchObject([
        ['a', 9, {}],
        ['a', 29, {}],
        ['a', 49, {}],
        ['a', 69, {}],
      ]);
    });
  });
});

describe('a record whose key belongs to another task’s partition', () => {
  const moved = topology('moved', { version: 1 }, ({ source }) => {
    source(events, timed).pipe(
      map((one) => (one.value.tag === '' ? one : { ...one, key: one.value.tag, value: { ...one.value, key: one.value.tag } })),
      to(own),
    );
  });

  it('goes to the dead letters with the input that caused it; the next one goes on', async () => {
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, moved);
    await send(storage, record(events, event(keyIn(1), 5, { tag: keyIn(4) })), record(events, event(keyIn(1), 6)));
    await run(storage, moved);
    expect(
      letters(storage).map(({ code, reason, sourceTopic, sourcePartition, sourceOffset }) => [
        code,
        reason,
        sourceTopic,
        sourcePartition,
        sourceOffset,
      ]),
    ).toEqual([
      ['SFS_NOT_COPARTITIONED', `key "${keyIn(4)}" of topic own belongs to partition 4, and this task writes partition 1 alone`, 'test.events', 1, 0],
    ]);
    const { end } = storage.log.range(physical(own), 1);
    const written = storage.log.read(physical(own), 1, 0, end).filter(({ key }) => key !== null);
    expect(written.map(({ key }) => key!.toString())).toEqual([keyIn(1)]);
    expect(found(storage)).toEqual([]);
  });

  it('is fine after keyBy, which brings it to the task that owns the key', async () => {
    const rekeyed = topology('rekeyed', { version: 1 }, ({ source }) => {
      source(events, timed).pipe(
        keyBy('by-tag', { key: ({ tag }) => tag, value: topicSchema(events) }),
        map((one) => ({ ...one, value: { ...one.value, key: one.key } })),
        to(own),
      );
    });
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, rekeyed);
    await send(storage, record(events, event(keyIn(1), 5, { tag: keyIn(4) })));
    await run(storage, rekeyed, { mode: 'end-of-input' });
    expect(letters(storage)).toEqual([]);
    const { end } = storage.log.range(physical(own), 4);
    expect(storage.log.read(physical(own), 4, 0, end).some(({ key }) => key?.toString() === keyIn(4))).toBe(true);
  });
});

describe('the plan of a topology that writes a copartitioned topic', () => {
  it('is refused where it has another number of partitions than tasks write it', () => {
    const narrow = { ...own, partitions: 3 };
    expect(() => graphOf(writerTo(narrow))).toThrow(
      expect.objectContaining({
        code: 'SFS_PARTITIONS_DIFFER',
        message:
          'each task writes its own partition of own, which has 3, but stage "to-own" runs in 12 tasks; ' +
          'give own as many partitions as the sources have, or take `copartitioned` from it',
      }),
    );
    expect(graphOf(writerTo(own)).subtopologies[0]!.partitions).toBe(12);
  });
});
