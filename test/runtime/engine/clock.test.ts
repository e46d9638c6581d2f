import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { count, keyBy, merge, topicSchema, topology, tumbling, withValue } from '../../../operators/index.js';
import { openEmbedded } from '../../../runtime/embedded/index.js';
import { clockMarkers } from '../../../runtime/engine/clock.js';
import { HeaderWriter, isMarker, markerIdOf, readHeader } from '../../../runtime/engine/header.js';
import type { Worker } from '../../../runtime/engine/worker.js';
import type { OutputRecord, LocalStorage } from '../../../runtime/ports.js';
import { memoryStorage, testTopology, type MemoryStorage } from '../../../runtime/testing/index.js';
import { topic, type Topic } from '../../../schemas/index.js';
import { topicSpec } from '../../conformance/storage.js';
import { event, events, lines, others, timed, toResults, type Event } from '../../operators/pipelines.js';
import { closed, controls, found, letters, physical, record, run, send, settle, started } from './running.js';
import { newFolder } from '../../fixtures/folders.js';

const IDLE_MS = 1_000;
const bounded = { ...timed, idleMs: IDLE_MS, latenessMs: 5 };
const shown = map((one: { key: string; value: Event; timestamp: number }) => withValue(one, `${one.key}@${one.timestamp}`));

const counting = topology('counting', { version: 1 }, ({ source }) => {
  source(events, bounded).pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }), toResults());
});
const regrouped = topology('regrouped', { version: 1 }, ({ source }) => {
  source(events, bounded).pipe(
    keyBy('by-tag', { key: ({ tag }) => tag, value: topicSchema(events) }),
    tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }),
    toResults(),
  );
});
const two = topology('two', { version: 1 }, ({ source }) => {
  merge('both', source(events, bounded), source(others, bounded)).pipe(shown, toResults());
});

const storageAt = (nowMs = 0): MemoryStorage => memoryStorage({ now: () => nowMs });
const clock = (of: Topic<string, Event>, timeMs: number): OutputRecord[] => clockMarkers(physical(of), of.partitions, timeMs);
const clockIn = (of: Topic<string, Event>, partition: number, timeMs: number): OutputRecord => clock(of, timeMs)[partition]!;
const watermarkOf = (worker: Worker, partition = 0): number => worker.runningTasks[partition]!.progress.watermarkMs;
const at = (of: Topic<string, Event>, atMs: number, partition = 0) => record(of, event(`k${partition}`, atMs, { tag: 't' }), partition);

describe('a clock marker', () => {
  it('lies in every partition, without key and value', () => {
    const all = clock(events, 70);
    expect(all.map(({ topic: name, partition, key, value }) => [name, partition, key, value])).toEqual(
      Array.from({ length: 12 }, (_, partition) => ['test.events', partition, null, null]),
    );
    expect(all.every(({ header }) => isMarker(header))).toBe(true);
    expect(new Set(clock(events, 70).map(({ header }) => markerIdOf(header!)))).toEqual(
      new Set(clock(others, 99).map(({ header }) => markerIdOf(header!))),
    );
  });

  it('moves the watermark to its time, with no lateness taken off, also where a partition has nothing else', async () => {
    const storage = storageAt();
    const worker = await started(storage, counting, { mode: 'follow' });
    await send(storage, at(events, 12), ...clock(events, 19));
    await settle(worker, 0);
    expect([watermarkOf(worker, 0), watermarkOf(worker, 1)]).toEqual([19, 19]);
    expect(found(storage)).toEqual([]);
    await send(storage, ...clock(events, 20));
    await settle(worker, 0);
    expect(closed(storage)).toEqual([['k0', 19, { n: 1 }]]);
    expect(worker.runningTasks.map(({ progress }) => progress.counters.records).reduce((a, b) => a + b)).toBe(1);
  });

  it('makes a record before its time late, and none at its time', async () => {
    const storage = storageAt();
    const worker = await started(storage, counting, { mode: 'follow' });
    await send(storage, ...clock(events, 20), at(events, 19), at(events, 20), ...clock(events, 30));
    await settle(worker, 0);
    expect(letters(storage).map(({ code, failedAtEventTimeMs }) => [code, failedAtEventTimeMs])).toEqual([['SFS_LATE', 19]]);
    expect(closed(storage)).toEqual([['k0', 29, { n: 1 }]]);
  });

  it('does not move clock and watermark back', async () => {
    const storage = storageAt();
    const worker = await started(storage, counting, { mode: 'follow' });
    await send(storage, ...clock(events, 50), ...clock(events, 20));
    await settle(worker, 0);
    expect(watermarkOf(worker)).toBe(50);
  });

  it('frees what other sources of the task have before its time, without an idle time-out', async () => {
    const storage = storageAt();
    const worker = await started(storage, two, { mode: 'follow' });
    await send(storage, at(events, 10), at(events, 30), at(events, 31));
    await settle(worker, 0);
    expect(found(storage)).toEqual([]);
    await send(storage, ...clock(others, 30));
    await settle(worker, 0);
    // At 30 `others`, which comes after `events` in the merge, may still have something; that would come behind.
    expect(found(storage).map(([, , text]) => text)).toEqual(['k0@10', 'k0@30']);
    await send(storage, at(others, 30), ...clock(others, 40));
    await settle(worker, 0);
    expect(found(storage).map(([, timestamp]) => timestamp)).toEqual([10, 30, 30, 31]);
    expect(controls(storage)).toEqual([]);
  });

  it('wakes a partition that was idle, and holds the others no further back than a record would', async () => {
    const storage = storageAt();
    const worker = await started(storage, two, { mode: 'follow' });
    await send(storage, at(events, 50));
    await settle(worker, 0);
    await settle(worker, IDLE_MS);
    await send(storage, clockIn(others, 0, 20), at(events, 60));
    await settle(worker, IDLE_MS);
    const { channels } = worker.runningTasks[0]!.progress;
    expect(channels['test.others/0/external']).toMatchObject({ idle: false, clockMs: 50, clocks: 1 });
    expect(found(storage).map(([, timestamp]) => timestamp)).toEqual([50]);
    await send(storage, clockIn(others, 0, 61));
    await settle(worker, IDLE_MS);
    expect(found(storage).map(([, timestamp]) => timestamp)).toEqual([50, 60]);
  });

  it('goes through a repartition topic, so that no task downstream waits for a partition without records', async () => {
    const storage = storageAt();
    const worker = await started(storage, regrouped, { mode: 'follow', limits: { markerMs: 10 } });
    await send(storage, at(events, 5), ...clock(events, 20));
    await settle(worker, 0);
    expect(closed(storage)).toEqual([['t', 9, { n: 1 }]]);
    expect(controls(storage)).toEqual([]);
    // The first marker of each task says it all, so that a reader with a backlog need not wait for another one.
    const { end } = storage.log.range('test.regrouped.v1.by-tag', 0);
    const all = storage.log.read('test.regrouped.v1.by-tag', 0, 0, end).flatMap(({ header }) => (isMarker(header) ? [readHeader(header)!] : []));
    const firstOf = (partition: number) => all.find(({ producer, watermarkMs }) => producer.partition === partition && watermarkMs > 0);
    expect(firstOf(0)).toMatchObject({ streamTimeMs: 19, eventTimeMs: 20, watermarkMs: 20 });
    expect(firstOf(7)).toMatchObject({ streamTimeMs: 19, eventTimeMs: 20, watermarkMs: 20 });
  });

  it('counts no further than a record may be ahead of its append time', async () => {
    const near = topology('near', { version: 1 }, ({ source }) => {
      source(events, { ...bounded, maxAheadMs: 100 }).pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }), toResults());
    });
    const storage = storageAt(1_000);
    const worker = await started(storage, near, { mode: 'follow' });
    await send(storage, ...clock(events, 9_000_000), at(events, 1_100));
    await settle(worker, 0);
    expect(watermarkOf(worker)).toBe(1_100);
    expect([letters(storage), worker.runningTasks[0]!.progress.counters.records]).toEqual([[], 1]);
  });

  it('is all that a marker in a source can be: neither its end, nor idle, nor without a time', async () => {
    const storage = storageAt();
    const worker = await started(storage, counting, { mode: 'follow' });
    const foreign = new HeaderWriter({ name: 'somebody', partition: 7, count: 9 });
    const saying = (timeMs: number, state: { idle: boolean; end: boolean }): OutputRecord => ({
      ...clockIn(events, 0, 0),
      header: foreign.marker({ eventTimeMs: timeMs, streamTimeMs: timeMs, watermarkMs: timeMs }, state),
    });
    await send(storage, saying(NaN, { idle: true, end: true }), saying(7, { idle: true, end: true }), at(events, 12), clockIn(events, 0, 30));
    await settle(worker, 0);
    expect(worker.runningTasks[0]!.progress.channels).toMatchObject({
      'test.events/0/external': { idle: false, ended: false, watermarkMs: 30, clocks: 3 },
    });
    expect(closed(storage)).toEqual([['k0', 19, { n: 1 }]]);
  });

  it('gives the same whatever the batches and crashes', async () => {
    await testTopology(regrouped, { markerMs: 10 }, async (driver) => {
      const input = driver.input(events);
      input.sendAll([3, 8].map((atMs) => event('a', atMs, { tag: 't' })));
      input.sendMarker(15);
      input.sendAll([14, 16].map((atMs) => event('b', atMs, { tag: 't' })));
      input.sendMarker(30);
      await driver.run();
      expect(driver.watermark()).toBe(30);
      expect(lines(driver)).toEqual([
        ['t', 9, { window: { startMs: 0, endMs: 10 }, final: true, value: { n: 2 } }],
        ['t', 19, { window: { startMs: 10, endMs: 20 }, final: true, value: { n: 2 } }],
      ]);
      input.send(event('c', 12, { tag: 't' }));
      await driver.run();
      expect(driver.late().map(({ failedAtEventTimeMs }) => failedAtEventTimeMs)).toEqual([12]);
    });
  });
});

describe('a table from outside with clock markers', () => {
  const rows = topic({ name: 'rows', schema: topicSchema(events), keyFields: ['key'], partitions: 1, cleanup: 'compact' });
  const reading = topology('reading', { version: 1 }, ({ source, versionedTable }) => {
    const table = versionedTable(rows, { ...timed, idleMs: IDLE_MS });
    source({ ...events, partitions: 1 }, bounded).pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }), toResults());
    table.stage.pipe(shown, toResults('rows-shown'));
  });

  it('keeps the last one when it is compacted, and is read anew as far as before', async () => {
    const folder = newFolder();
    const storage = await openEmbedded(folder, { markerIdOf, upkeepIntervalMs: 0 });
    storage.log.ensureTopic(topicSpec({ name: physical(rows), partitions: 1, cleanup: 'compact' }));
    const clocks = (timeMs: number): OutputRecord[] => clockMarkers(physical(rows), 1, timeMs);
    await send(storage, at(rows, 5), ...clocks(10), at(rows, 15), ...clocks(20), ...clocks(30));
    await storage.compact(physical(rows), 0);
    expect(storage.log.read(physical(rows), 0, 0, 10).map(({ offset }) => offset)).toEqual([2, 4]);
    expect(await watermarkWith(storage)).toBe(30);
    await storage.close();
  });

  async function watermarkWith(storage: LocalStorage): Promise<number> {
    const worker = await run(storage, reading);
    return worker.runningTasks.find(({ parts }) => parts.inputs[0]!.options.topic === physical(rows))!.progress.watermarkMs;
  }
});
