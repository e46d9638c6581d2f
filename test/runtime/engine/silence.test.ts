import { map } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { merge, to, topicSchema, topology, withValue, type Topology } from '../../../operators/index.js';
import type { LocalStorage } from '../../../runtime/ports.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { topic } from '../../../schemas/index.js';
import { event, events, others, timed, toResults } from '../../operators/pipelines.js';
import { controls, found, record, send, settle, started } from './running.js';

const IDLE_MS = 1_000;
const HOUR_MS = 3_600_000;
const START_MS = 10 * HOUR_MS;
/** On a machine with much else to do. */
const PATIENT = { timeout: 30_000 };
const derivedOptions = { schema: topicSchema(events), keyFields: ['key'], partitions: events.partitions, derived: true } as const;
const derived = topic({ ...derivedOptions, name: 'derived' });

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

/** Waits itself, for `others`, as long as {@link merged} does. */
const upstream = (idleMs: number): Topology =>
  topology('upstream', { version: 1 }, ({ source }) => {
    merge('both', source(events, { ...timed, idleMs }), source(others, { ...timed, idleMs })).pipe(to(derived));
  });
/** Waits for each task of {@link upstream}, and by its own measure not long. */
const downstream = topology('downstream', { version: 1 }, ({ source }) => {
  source(derived, { idleMs: IDLE_MS, latenessMs: 0 }).pipe(
    map((one) => withValue(one, one.value.n)),
    toResults(),
  );
});

describe('a task that has records before it', () => {
  it('is not taken for silent by what runs beside it: it is slow', async () => {
    const storage = memoryStorage({ now: () => 0 });
    let nowMs = START_MS;
    const worker = await started(storage, [upstream(HOUR_MS), downstream], { mode: 'follow', pollMs: 1, now: () => nowMs });
    const running = worker.run();
    /** Whether a topology has given up the channel that it waits for. */
    const givenUp = (by: string, what: string): boolean => controls(storage).some((one) => one.topology === by && one.channel!.includes(what));
    const looks = vi.spyOn(
      worker.runningTasks.find(({ name }) => name.startsWith('downstream'))!,
      'step',
    );
    const looked = async (): Promise<void> => {
      looks.mockClear();
      await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(3), PATIENT);
    };
    await send(storage, record(events, event('a', 1), 0));
    await looked();
    nowMs += 2 * IDLE_MS;
    await looked();
    expect(givenUp('downstream', 'upstream@1/0#1')).toBe(true);
    expect(givenUp('downstream', 'upstream@1/0#0')).toBe(false);
    nowMs += HOUR_MS;
    await vi.waitFor(() => expect(givenUp('upstream', 'others/0')).toBe(true), PATIENT);
    nowMs += 2 * IDLE_MS;
    await vi.waitFor(() => expect(found(storage)).toEqual([['a', 1, 1]]), PATIENT);
    worker.stop();
    await running;
  });
});

describe('a run that is told how long to wait', () => {
  it('waits so long for each source, whatever the source says', async () => {
    const storage = await withOneRecord();
    let nowMs = START_MS;
    const worker = await started(storage, merged(IDLE_MS), { mode: 'follow', pollMs: 1, idleMs: HOUR_MS, now: () => nowMs });
    const steps = vi.spyOn(worker.runningTasks[0]!, 'step');
    const looked = async (): Promise<void> => {
      steps.mockClear();
      await vi.waitFor(() => expect(steps.mock.calls.length).toBeGreaterThan(3), PATIENT);
    };
    const running = worker.run();
    await looked();
    nowMs += HOUR_MS - 1;
    await looked();
    expect(found(storage)).toEqual([]);
    nowMs += 1;
    await vi.waitFor(() => expect(found(storage)).toEqual([['a', 1, 1]]), PATIENT);
    worker.stop();
    await running;
  });
});

describe('two topologies that read what the other writes', () => {
  it('do not wait for each other for ever', async () => {
    const [ping, pong] = ['ping', 'pong'].map((name) => topic({ ...derivedOptions, name })) as [typeof derived, typeof derived];
    const turning = (name: string, own: typeof events, from: typeof derived, into: typeof derived): Topology =>
      topology(name, { version: 1 }, ({ source }) => {
        merge('both', source(own, { ...timed, idleMs: IDLE_MS }), source(from, { idleMs: IDLE_MS, latenessMs: 0 })).pipe(to(into));
      });
    const storage = memoryStorage({ now: () => 0 });
    let nowMs = START_MS;
    const both = [turning('pinging', events, pong, ping), turning('ponging', others, ping, pong)];
    const worker = await started(storage, both, { mode: 'follow', pollMs: 1, now: () => nowMs });
    const running = worker.run();
    await send(storage, record(events, event('a', 1), 0), record(others, event('a', 2), 0));
    const givenUp = (): boolean => controls(storage).some(({ channel }) => /(pinging|ponging)@1\/0#0$/.test(channel!));
    await vi.waitFor(() => {
      nowMs += IDLE_MS;
      expect(givenUp()).toBe(true);
    }, PATIENT);
    worker.stop();
    await running;
  });
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
    await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(3), PATIENT);
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 2 * HOUR_MS);
    looks.mockClear();
    await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(3), PATIENT);
    expect(found(storage)).toEqual([]);
    worker.stop();
    await running;
  });
});
