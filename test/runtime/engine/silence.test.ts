import { map } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { merge, topology, withValue, type Topology } from '../../../operators/index.js';
import type { LocalStorage } from '../../../runtime/ports.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { event, events, others, timed, toResults } from '../../operators/pipelines.js';
import { found, record, send, settle, started } from './running.js';

const IDLE_MS = 1_000;
const HOUR_MS = 3_600_000;
const START_MS = 10 * HOUR_MS;

/** The records of one source wait for the other. */
const merged = (idleMs: number): Topology =>
  topology('merged', { version: 1 }, ({ source }) => {
    merge('both', source(events, { ...timed, idleMs }), source(others, { ...timed, idleMs })).pipe(
      map((one) => withValue(one, one.value.n)),
      toResults(),
    );
  });

async function withOneRecord(): Promise<LocalStorage> {
  const storage = memoryStorage({ now: () => 0 });
  await started(storage, merged(IDLE_MS));
  await send(storage, record(events, event('a', 1), 0));
  return storage;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a source that is silent', () => {
  it('is waited for anew when it has said something meanwhile, also where that was taken at once', async () => {
    const storage = await withOneRecord();
    const worker = await started(storage, merged(IDLE_MS), { mode: 'follow' });
    await settle(worker, START_MS);
    await send(storage, record(others, event('b', 0), 0));
    await settle(worker, START_MS + IDLE_MS);
    expect(found(storage).map(([key]) => key)).toEqual(['b']);
    await settle(worker, START_MS + 2 * IDLE_MS - 1);
    expect(found(storage).map(([key]) => key)).toEqual(['b']);
    await settle(worker, START_MS + 2 * IDLE_MS);
    expect(
      found(storage)
        .map(([key]) => key)
        .sort(),
    ).toEqual(['a', 'b']);
  });

  it('is waited for by its idle time, no shorter and no longer', async () => {
    const storage = await withOneRecord();
    const worker = await started(storage, merged(IDLE_MS), { mode: 'follow' });
    await settle(worker, START_MS);
    await settle(worker, START_MS + IDLE_MS - 1);
    expect(found(storage)).toEqual([]);
    await settle(worker, START_MS + IDLE_MS);
    expect(found(storage)).toEqual([['a', 1, 1]]);
  });

  it('is waited for by its idle time from where the clock was set back to', async () => {
    const storage = await withOneRecord();
    const worker = await started(storage, merged(IDLE_MS), { mode: 'follow' });
    await settle(worker, START_MS);
    await settle(worker, START_MS - HOUR_MS);
    await settle(worker, START_MS - HOUR_MS + IDLE_MS - 1);
    expect(found(storage)).toEqual([]);
    await settle(worker, START_MS - HOUR_MS + IDLE_MS);
    expect(found(storage)).toEqual([['a', 1, 1]]);
  });

  it('is waited for whatever is done to the wall clock of the machine', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const worker = await started(storage, merged(HOUR_MS), { mode: 'follow', pollMs: 1 });
    await send(storage, record(events, event('a', 1), 0));
    const looks = vi.spyOn(worker.runningTasks[0]!, 'step');
    const running = worker.run();
    await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(3));
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 2 * HOUR_MS);
    looks.mockClear();
    await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(3));
    expect(found(storage)).toEqual([]);
    worker.stop();
    await running;
  });
});
