import { describe, expect, it } from 'vitest';
import { aggregate, count, merge, topology } from '../../../operators/index.js';
import type { Worker } from '../../../runtime/engine/worker.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { event, events, others, timed, toResults } from '../../operators/pipelines.js';
import { found, record, run, send, settle, started } from './running.js';

/** What is read from the log at a time. */
const ONE_READ = 250;
const BACKLOG = 15_000;
const IDLE_MS = 1_000;

const joined = topology('joined', { version: 1 }, ({ source }) => {
  merge('both', source(events, { ...timed, idleMs: IDLE_MS }), source(others, { ...timed, idleMs: IDLE_MS })).pipe(
    aggregate('total', { n: count() }),
    toResults(),
  );
});

async function withBacklog(): Promise<MemoryStorage> {
  const storage = memoryStorage({ now: () => 0 });
  await run(storage, joined);
  await storage.log.append(Array.from({ length: BACKLOG }, (_, n) => record(events, event('a', n), 0)));
  return storage;
}

/** Records that wait in memory, the most over the inputs. */
const mostWaiting = (worker: Worker): number =>
  Math.max(
    ...worker.runningTasks.flatMap((task) =>
      task.parts.inputs.map((input) => [...input.channels.values()].reduce((sum, channel) => sum + channel.size, 0)),
    ),
  );

describe('a backlog', () => {
  it('stays in the log while a silent source holds the task up: an input reads no further than something waits for it', async () => {
    const storage = await withBacklog();
    const worker = await started(storage, joined, { mode: 'follow' });
    const [task] = worker.runningTasks;
    // The source was idle at the end of the last run; it speaks once, so the task waits for what it may say next.
    await send(storage, record(others, event('a', 0), 0), record(events, event('b', 5), 1));
    for (let step = 0; step < 20; step++) for (const one of worker.runningTasks) await one.step({ nowMs: 0, silence: () => 'wait' });
    expect(mostWaiting(worker)).toBeGreaterThan(0);
    expect(mostWaiting(worker)).toBeLessThanOrEqual(ONE_READ);
    expect(task!.lag).toBeGreaterThanOrEqual(BACKLOG - 1);
    await send(storage, record(others, event('a', BACKLOG), 0));
    for (let step = 0; step < 20; step++) {
      await task!.step({ nowMs: 0, silence: () => 'wait' });
      expect(mostWaiting(worker)).toBeLessThanOrEqual(ONE_READ);
    }
    expect(task!.lag).toBe(1);
    expect(task!.progress.counters.records).toBe(BACKLOG + 1);
  });

  it('of one task does not keep the others from what comes for them', async () => {
    const counted = topology('counted', { version: 1 }, ({ source }) => {
      source(events, { ...timed, idleMs: IDLE_MS }).pipe(aggregate('total', { n: count() }), toResults());
    });
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, counted);
    await storage.log.append(Array.from({ length: BACKLOG }, (_, n) => record(events, event('a', n), 0)));
    const worker = await started(storage, counted, { mode: 'follow', limits: { maxRecords: 20 } });
    const [busy, other] = worker.runningTasks;
    const ended = worker.run();
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    // The other has looked, found nothing, and waits.
    for (let turns = 0; turns < 20; turns++) await turn();
    await storage.log.append([record(events, event('b', 1), 1)]);
    while (other!.progress.counters.records === 0 && busy!.lag > 0) await turn();
    expect(other!.progress.counters.records).toBe(1);
    expect(busy!.lag).toBeGreaterThan(0);
    worker.stop();
    await ended;
  });

  it('of one task does not keep time from passing for the others', async () => {
    const storage = await withBacklog();
    // The first task has all it waits for, the second waits for `others`.
    await send(storage, record(others, event('a', BACKLOG + 1), 0), record(others, event('b', 0), 1));
    let nowMs = 0;
    const worker = await started(storage, joined, { mode: 'follow', limits: { maxRecords: 20 }, pollMs: 1, now: () => nowMs });
    const [busy, other] = worker.runningTasks;
    const ended = worker.run();
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    await storage.log.append([record(events, event('b', 5), 1)]);
    for (let turns = 0; turns < 50; turns++) await turn();
    const before = other!.progress.counters.records;
    nowMs = IDLE_MS + 1;
    while (other!.progress.counters.records === before && busy!.lag > 0) await turn();
    expect(other!.progress.counters.records).toBe(before + 1);
    expect(busy!.lag).toBeGreaterThan(0);
    worker.stop();
    await ended;
  });

  it('of large records is bounded by their bytes', async () => {
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, joined);
    const large = 'x'.repeat(1 << 20);
    await storage.log.append(Array.from({ length: 40 }, (_, n) => record(events, event('a', n, { tag: large }), 0)));
    const worker = await started(storage, joined, { mode: 'follow' });
    const [task] = worker.runningTasks;
    await send(storage, record(others, event('a', 0), 0));
    for (let step = 0; step < 5; step++) await task!.step({ nowMs: 0, silence: () => 'wait' });
    const waiting = task!.parts.inputs.flatMap((input) => [...input.channels.values()].map(({ bytes }) => bytes));
    expect(Math.max(...waiting)).toBeGreaterThan(4 << 20);
    expect(Math.max(...waiting)).toBeLessThan(10 << 20);
    await send(storage, record(others, event('a', 100), 0));
    for (let step = 0; step < 20; step++) await task!.step({ nowMs: 0, silence: () => 'wait' });
    expect(task!.progress.counters.records).toBe(41);
    expect(task!.parts.inputs.flatMap((input) => [...input.channels.values()].map(({ bytes }) => bytes)).reduce((a, b) => a + b, 0)).toBeLessThan(
      100,
    );
  });

  it('of one partition does not hold up the tasks of others', async () => {
    const storage = await withBacklog();
    await send(storage, record(events, event('b', 1), 1), record(others, event('b', 2), 1));
    const worker = await started(storage, joined, { mode: 'follow' });
    const second = worker.runningTasks[1]!;
    // Each task in turn gets one bounded step: the second is through before the first has made a dent in its backlog.
    await worker.runningTasks[0]!.step({ nowMs: IDLE_MS, silence: () => 'wait' });
    await second.step({ nowMs: IDLE_MS, silence: () => 'wait' });
    // What `others` says at 2 waits for the next of `events`.
    expect(second.lag).toBe(1);
    expect(worker.runningTasks[0]!.lag).toBeGreaterThan(0);
    expect(found(storage).filter(([key]) => key === 'b')).toEqual([['b', 1, { n: 1 }]]);
  });

  it('is worked off in steps of at most maxRecords inputs, and everything is counted once', async () => {
    const storage = await withBacklog();
    const worker = await started(storage, joined, { mode: 'follow', limits: { maxRecords: 700 } });
    const [task] = worker.runningTasks;
    let before = 0;
    for (let step = 0; task!.lag > 0; step++) {
      expect(step).toBeLessThan(100);
      await task!.step({ nowMs: 0, silence: () => 'idle' });
      const { records } = task!.progress.counters;
      expect(records - before).toBeLessThanOrEqual(700);
      before = records;
    }
    expect(found(storage).at(-1)).toEqual(['a', BACKLOG - 1, { n: BACKLOG }]);
  });

  it('ends a step at its output bytes, before its records', async () => {
    const storage = await withBacklog();
    const worker = await started(storage, joined, { mode: 'follow', limits: { maxOutputBytes: 2_000 } });
    const [task] = worker.runningTasks;
    expect(await task!.step({ nowMs: 0, silence: () => 'idle' })).toBe('more');
    expect(task!.progress.counters.records).toBeGreaterThan(20);
    expect(task!.progress.counters.records).toBeLessThan(300);
    expect(found(storage)).toHaveLength(task!.progress.counters.records);
  });

  it('keeps no more rows in memory between commits than its limit, whatever the number of keys', async () => {
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, joined);
    await storage.log.append(Array.from({ length: 6_000 }, (_, n) => record(events, event(`k${n % 3_000}`, n), 0)));
    const worker = await started(storage, joined, { mode: 'follow', limits: { maxRecords: 500, mostCachedRows: 100 } });
    await settle(worker, 0);
    for (let step = 0; worker.runningTasks[0]!.lag > 0 && step < 30; step++) {
      await worker.runningTasks[0]!.step({ nowMs: 0, silence: () => 'idle' });
      const { stores } = worker.runningTasks[0]!.parts.state as unknown as { stores: Map<string, { entries: Map<string, unknown> }> };
      for (const store of stores.values()) expect(store.entries.size).toBeLessThanOrEqual(100);
    }
    const totals = new Map(found(storage).map(([key, , value]) => [key, (value as { n: number }).n]));
    expect(totals.size).toBe(3_000);
    expect([...totals.values()].every((n) => n === 2)).toBe(true);
  });
});
