import { describe, expect, it } from 'vitest';
import { count, lookup, lookupAll, topicSchema, topology, tumbling } from '../../../operators/index.js';
import { HeaderWriter } from '../../../runtime/engine/header.js';
import { SharedRows } from '../../../runtime/engine/sharedRows.js';
import type { Worker } from '../../../runtime/engine/worker.js';
import type { OutputRecord } from '../../../runtime/ports.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import type { Topic } from '../../../schemas/index.js';
import { derived, event, events, timed, toResults, type Event } from '../../operators/pipelines.js';
import { closed, controls, derivedRecord, found, marker, record, send, settle, started } from './running.js';

const IDLE_MS = 1_000;
const rows: Topic<string, Event> = { ...derived, name: 'rows', partitions: 2, cleanup: 'compact' };
const writer = (partition: number) => ({ name: 'writer@1/0', partition, count: 2 });

const window = tumbling<string, Event, { n: number }>('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() });
const versioned = topology('versioned', { version: 1 }, ({ source, globalVersionedTable }) => {
  const table = globalVersionedTable(rows, { idleMs: IDLE_MS });
  const keys = { keys: { table: () => ['r'] }, value: topicSchema(events) };
  const joined = source(events, { ...timed, idleMs: IDLE_MS }).pipe(lookupAll('rows-of-all', { table }, keys, (value) => value));
  joined.pipe(window, toResults());
});
const latest = topology('latest', { version: 1 }, ({ source, globalTable }) => {
  const table = globalTable(rows, { idleMs: IDLE_MS });
  const joined = source(events, { ...timed, idleMs: IDLE_MS }).pipe(
    lookupAll('rows-of-all', { table }, { keys: { table: () => ['r'] } }, (value) => value),
  );
  joined.pipe(window, toResults());
});
const watermarkOf = (worker: Worker): number => worker.runningTasks[0]!.progress.watermarkMs;
/** What a writer tells both partitions: how far its clock is, and its watermark, which lies behind where it waits for stragglers. */
const told = (by: number, clockMs: number, watermarkMs: number, state: { idle?: boolean; end?: boolean } = {}): OutputRecord[] =>
  [0, 1].map((partition) => ({
    ...marker(rows, watermarkMs, writer(by), partition),
    header: new HeaderWriter(writer(by)).marker(
      { eventTimeMs: clockMs + 1, streamTimeMs: clockMs, watermarkMs },
      { idle: state.idle ?? false, end: state.end ?? false },
    ),
  }));
const eventsAt = (...atMs: number[]): OutputRecord[] => atMs.map((one) => record(events, event('a', one), 0));

describe('a table that every task holds whole', () => {
  it('with versions holds the watermark back to that of its slowest writer', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const worker = await started(storage, versioned, { mode: 'follow' });
    await send(storage, ...eventsAt(5, 100, 300), ...told(0, 200, 150), ...told(1, 200, 8));
    await settle(worker, 0);
    expect([watermarkOf(worker), closed(storage)]).toEqual([8, []]);
    await send(storage, ...eventsAt(500), ...told(0, 400, 350), ...told(1, 400, 60));
    await settle(worker, 0);
    expect(watermarkOf(worker)).toBe(60);
    expect(closed(storage)).toEqual([['a', 9, { n: 1 }]]);
    expect(controls(storage)).toEqual([]);
  });

  it.each([
    ['are idle', { idle: true }, 0],
    ['are at their end', { end: true }, 0],
    ['have been silent for its idle time', {}, IDLE_MS],
  ])('with versions does not hold it back when its writers %s', async (_, state, waitMs) => {
    const storage = memoryStorage({ now: () => 0 });
    const worker = await started(storage, versioned, { mode: 'follow' });
    await send(storage, ...eventsAt(5, 100, 300), ...told(0, 200, 8, state), ...told(1, 200, 8, state));
    await settle(worker, 0);
    expect(watermarkOf(worker)).toBe(waitMs === 0 ? 300 : 8);
    await settle(worker, waitMs);
    expect(watermarkOf(worker)).toBe(300);
  });

  it('of latest values does not hold it back', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const worker = await started(storage, latest, { mode: 'follow' });
    await send(storage, ...eventsAt(5, 100, 300), ...told(0, 200, 150), ...told(1, 200, 8));
    await settle(worker, 0);
    expect(watermarkOf(worker)).toBe(100);
    expect(closed(storage)).toEqual([['a', 9, { n: 1 }]]);
  });
});

describe('a row that every task reads', () => {
  it('is decoded once in a process, and is the same for all of them', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const seen = new Set<Event>();
    const sharing = topology('sharing', { version: 1 }, ({ source, globalTable }) => {
      const table = globalTable(rows, { idleMs: IDLE_MS });
      source(events, { ...timed, idleMs: IDLE_MS }).pipe(
        lookup('row', table, { key: () => 'r', miss: 'discard' }, (_, row) => {
          seen.add(row);
          return row.n;
        }),
        toResults(),
      );
    });
    const worker = await started(storage, sharing, { mode: 'follow' });
    await send(storage, derivedRecord(rows, event('r', 1, { n: 7 }), writer(0), 1), ...told(0, 50, 50), ...told(1, 50, 50));
    await send(storage, ...[0, 1, 2].map((partition) => record(events, event(`k${partition}`, 5), partition)));
    await settle(worker, 0);
    expect(found(storage).map(([, , n]) => n)).toEqual([7, 7, 7]);
    expect(seen.size).toBe(1);
  });

  it('is decoded anew where nothing is known of its place, or its place is forgotten', () => {
    const shared = new SharedRows(2);
    let decoded = 0;
    const kept: unknown[] = [];
    const at = (place: string): unknown => {
      const row = shared.at(place, () => ({ nth: ++decoded }));
      kept.push(row);
      return row;
    };
    expect([at('a'), at('a'), at('b'), at('a')]).toEqual([{ nth: 1 }, { nth: 1 }, { nth: 2 }, { nth: 1 }]);
    at('c');
    expect([at('b'), at('c'), at('a')]).toEqual([{ nth: 2 }, { nth: 3 }, { nth: 4 }]);
    expect([shared.at('null', () => null), shared.at('null', () => 'text')]).toEqual([null, 'text']);
  });
});
