import fc from 'fast-check';
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { count, keyBy, merge, topicSchema, topology, tumbling, withValue, type Records } from '../../../operators/index.js';
import { clockMarkers } from '../../../runtime/engine/clock.js';
import type { TaskProgress } from '../../../runtime/engine/progress.js';
import type { Worker } from '../../../runtime/engine/worker.js';
import { CrashingStorage } from '../../../runtime/testing/crashingStorage.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { topics, type Control } from '../../../schemas/index.js';
import { event, events, others, timed, toResults } from '../../operators/pipelines.js';
import { FetchedLog } from './fetchedPartition.js';
import { controls, found, letters, physical, record, run, send, settle, started, type Found } from './running.js';

const IDLE_MS = 1_000;
const WALL_STEP_MS = 600;

/** What it gives depends on order and on watermarks: every record in its turn, counts of windows, and what came late. */
const sensitive = topology('sensitive', { version: 1 }, ({ source }) => {
  const early = source(events, { ...timed, idleMs: IDLE_MS, latenessMs: 3 });
  const slow = source(others, { ...timed, idleMs: IDLE_MS, latenessMs: 8 });
  const both = merge('both', early, slow);
  const windows = both.pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }));
  const tags = both.pipe(map((one) => withValue(one, one.value.tag)));
  merge('shown', windows as Records<string, unknown>, tags as Records<string, unknown>).pipe(toResults());
});

/** The same behind a repartition: what its first phase says of silence decides what the second finds late. */
const phased = topology('phased', { version: 1 }, ({ source }) => {
  const early = source(events, { ...timed, idleMs: IDLE_MS, latenessMs: 3 });
  const slow = source(others, { ...timed, idleMs: IDLE_MS, latenessMs: 8 });
  merge('both', early, slow).pipe(
    keyBy('by-topic', { key: ({ tag }) => tag.split(' ')[0]!, value: topicSchema(events) }),
    tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }),
    toResults(),
  );
});

/** One step of a life: a record comes, a clock marker comes to every partition, or the wall clock goes on. */
type Happening =
  | { readonly topic: 'events' | 'others'; readonly partition: 0 | 1; readonly atMs: number }
  | { readonly topic: 'events' | 'others'; readonly clockMs: number }
  | 'time passes';
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      topic: fc.constantFrom('events' as const, 'others' as const),
      partition: fc.constantFrom(0 as const, 1 as const),
      atMs: fc.nat(60),
    }),
  },
  { weight: 1, arbitrary: fc.record({ topic: fc.constantFrom('events' as const, 'others' as const), clockMs: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.constant('time passes' as const) },
);

const anyOrder = fc.array(fc.nat(3), { minLength: 1, maxLength: 8 });

/** Everything that a life left, but for what tells how it was cut into commits. */
interface Left {
  readonly results: Found[];
  readonly late: readonly unknown[];
  readonly decisions: readonly Control[];
  readonly tasks: readonly Pick<TaskProgress, 'clockMs' | 'watermarkMs' | 'closedMs' | 'channels'>[];
}

function leftBy(worker: Worker, storage: MemoryStorage): Left {
  const tasks = worker.runningTasks.map(({ progress }) => ({
    clockMs: progress.clockMs,
    watermarkMs: progress.watermarkMs,
    closedMs: progress.closedMs,
    channels: structuredClone(progress.channels),
  }));
  // Tasks share the partitions of what they write: order is defined within a task alone, and here a task has one key.
  const results = found(storage).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const late = letters(storage).sort((a, b) => (a.id < b.id ? -1 : 1));
  const decisions = controls(storage);
  return { results, late, decisions, tasks };
}

/** Lives through it: the worker is at rest after each happening. */
async function live(happenings: readonly Happening[], of = sensitive): Promise<{ left: Left; storage: MemoryStorage }> {
  const storage = memoryStorage({ now: () => 0 });
  const worker = await started(storage, of, { mode: 'follow' });
  let nowMs = 0;
  await settle(worker, nowMs);
  let nth = 0;
  for (const one of happenings) {
    if (one === 'time passes') nowMs += WALL_STEP_MS;
    else {
      const topic = one.topic === 'events' ? events : others;
      if ('clockMs' in one) await storage.log.append(clockMarkers(physical(topic), topic.partitions, one.clockMs));
      else await send(storage, record(topic, event(`k${one.partition}`, one.atMs, { tag: `${one.topic} ${nth++}` }), one.partition));
    }
    await settle(worker, nowMs);
  }
  return { left: leftBy(worker, storage), storage };
}

/** A new storage that has only what the log cannot be made again from: the sources, and the control topic if wanted. */
async function rescued(from: MemoryStorage, withControl = true): Promise<MemoryStorage> {
  const storage = memoryStorage({ now: () => 0 });
  const kept = [events, others, ...(withControl ? [topics.control] : [])].map((topic) => physical(topic));
  for (const spec of from.log.topics().filter(({ name }) => kept.includes(name))) {
    storage.log.ensureTopic(spec);
    for (let partition = 0; partition < spec.partitions; partition++) {
      const records = from.log.read(spec.name, partition, 0, Infinity);
      for (const { appendTimeMs, ...one } of records) await storage.log.appendAt([{ ...one, topic: spec.name, partition }], appendTimeMs);
    }
  }
  return storage;
}

async function rebuilt(storage: MemoryStorage, maxRecords = 5_000, of = sensitive): Promise<Left> {
  const worker = await started(storage, of, { mode: 'follow', limits: { maxRecords } });
  await settle(worker, 0);
  return leftBy(worker, storage);
}

interface Lateness {
  /** Numbers of the partitions that it hands over records of, again and again. */
  readonly order: readonly number[];
  /** Records at a time. */
  readonly most: number;
  /** By the wall clock. */
  readonly pauseMs: number;
}

/** As {@link rebuilt}, where a broker hands the log over late. */
async function rebuiltLate(storage: MemoryStorage, { order, most, pauseMs }: Lateness, of = sensitive): Promise<Left> {
  const fetched = new FetchedLog(storage);
  const worker = await started(fetched.placement, of, { mode: 'follow' });
  let nowMs = 0;
  for (let nth = 0, more = true; more; nth++) {
    await settle(worker, nowMs);
    nowMs += pauseMs;
    more = fetched.deliver(order[nth % order.length]!, most);
  }
  return leftBy(worker, storage);
}

/** As {@link rebuilt}, by processes that die at their second commit, in turn before and after it took effect. */
async function rebuiltDying(storage: MemoryStorage): Promise<{ left: Left; deaths: number }> {
  for (let deaths = 0, before = Infinity; ; deaths++) {
    let commits = 0;
    const crashing = new CrashingStorage(storage, () => (++commits === 2 ? (deaths % 2 === 0 ? 'before' : 'after') : null), Infinity);
    const worker = await started(crashing, sensitive, { mode: 'follow', limits: { maxRecords: 1 } });
    // What was applied and committed is not applied again.
    const left = worker.runningTasks.reduce((sum, { progress }) => sum + progress.replaying, 0);
    expect(left).toBeLessThanOrEqual(before);
    before = left;
    try {
      await settle(worker, 0);
      return { left: leftBy(worker, storage), deaths };
    } catch (error) {
      if (!crashing.isPlanned(error)) throw error;
    }
  }
}

/** `others` falls idle, windows of `events` close, and then it speaks of times long past. */
const LIFE: readonly Happening[] = [
  { topic: 'others', partition: 0, atMs: 4 },
  { topic: 'events', partition: 0, atMs: 5 },
  { topic: 'events', partition: 0, atMs: 30 },
  'time passes',
  'time passes',
  { topic: 'events', partition: 0, atMs: 31 },
  { topic: 'others', partition: 0, atMs: 6 },
  { topic: 'others', partition: 0, atMs: 7 },
  { topic: 'events', partition: 0, atMs: 40 },
  'time passes',
  'time passes',
  { topic: 'events', partition: 0, atMs: 55 },
];

describe('state built again from the log', () => {
  it('is what was lived, decisions about silent partitions included, and decides nothing anew', async () => {
    const { left, storage } = await live(LIFE);
    expect(left.decisions.map(({ payload }) => (JSON.parse(payload!) as { phase: string }).phase)).toEqual(
      expect.arrayContaining(['idle', 'resume']),
    );
    expect(left.late).not.toEqual([]);
    expect(await rebuilt(await rescued(storage))).toEqual(left);
  });

  it('would not be without the control topic', async () => {
    const { left, storage } = await live(LIFE);
    const { results, late } = await rebuilt(await rescued(storage, false));
    expect({ results, late }).not.toEqual({ results: left.results, late: left.late });
  });

  it('is what was lived, whatever came when and whatever the size of its commits', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40 }), fc.constantFrom(1, 3, 5_000), async (happenings, maxRecords) => {
        const { left, storage } = await live(happenings);
        expect(await rebuilt(await rescued(storage), maxRecords)).toEqual(left);
      }),
      { numRuns: 60 },
    );
  });

  it('is what was lived where a broker hands the log over late, whatever comes first', { timeout: 60_000 }, async () => {
    const { left, storage } = await live(LIFE);
    // However long it takes: what is on its way is not silent.
    const late = { most: 1, pauseMs: 2 * IDLE_MS };
    for (const order of [[0], [1], [2], [3], [0, 1, 2, 3]]) expect(await rebuiltLate(await rescued(storage), { order, ...late })).toEqual(left);
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40 }), anyOrder, fc.constantFrom(1, 2, 500), async (happenings, order, most) => {
        const life = await live(happenings);
        expect(await rebuiltLate(await rescued(life.storage), { order, most, pauseMs: 0 })).toEqual(life.left);
      }),
      { numRuns: 20 },
    );
  });

  it('is the same behind a repartition where a broker hands the log over late', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40 }), anyOrder, fc.constantFrom(1, 2), async (happenings, order, most) => {
        const { storage } = await live(happenings, phased);
        const [{ results, late }, other] = [
          await rebuilt(await rescued(storage), undefined, phased),
          await rebuiltLate(await rescued(storage), { order, most, pauseMs: 0 }, phased),
        ];
        expect([other.results, other.late]).toEqual([results, late]);
      }),
      { numRuns: 15 },
    );
  });

  it('is what was lived up to its end where a silent partition has spoken since, whatever is handed over first', async () => {
    const { left, storage } = await live([...LIFE.slice(0, 6), { topic: 'events', partition: 0, atMs: 32 }]);
    for (const order of [[0], [1], [2], [3]]) {
      const again = await rescued(storage);
      await send(again, record(others, event('k0', 2, { tag: 'at last' }), 0));
      const { decisions, results, late } = await rebuiltLate(again, { order, most: 1, pauseMs: 2 * IDLE_MS });
      expect([results, late]).toEqual([left.results, left.late]);
      expect(decisions.slice(left.decisions.length).map(({ channel, clockMs }) => [channel, clockMs])).toEqual([['test.others/0/external', 32]]);
    }
  });

  // Found by the properties around it.
  it('is what was lived where a clock marker moved nothing before a decision, and where the process dies while it closes windows', async () => {
    const silent = await live([
      'time passes',
      { topic: 'others', partition: 1, atMs: 0 },
      { topic: 'events', partition: 1, atMs: 0 },
      { topic: 'events', clockMs: 0 },
      'time passes',
    ]);
    expect(await rebuilt(await rescued(silent.storage), 1)).toEqual(silent.left);
    const closing = await live([
      { topic: 'events', partition: 0, atMs: 0 },
      { topic: 'events', clockMs: 10 },
      { topic: 'events', partition: 0, atMs: 11 },
      { topic: 'others', clockMs: 11 },
    ]);
    expect((await rebuiltDying(await rescued(closing.storage))).left).toEqual(closing.left);
  });

  it('is what was lived when the process dies again and again on the way', { timeout: 60_000 }, async () => {
    const { left, storage } = await live(LIFE);
    const dead = await rebuiltDying(await rescued(storage));
    expect(dead.deaths).toBeGreaterThan(5);
    expect(dead.left).toEqual(left);
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 30 }), async (happenings) => {
        const life = await live(happenings);
        expect((await rebuiltDying(await rescued(life.storage))).left).toEqual(life.left);
      }),
      { numRuns: 25 },
    );
  });

  it('lives on: a partition that was idle speaks again, and that is written down', async () => {
    const { left, storage } = await live([...LIFE.slice(0, 6)]);
    const again = await rescued(storage);
    await send(again, record(others, event('k0', 2, { tag: 'at last' }), 0));
    const { results, decisions, late } = await rebuilt(again);
    expect(decisions.slice(0, left.decisions.length)).toEqual(left.decisions);
    expect(decisions.slice(left.decisions.length).map(({ channel, clockMs }) => [channel, clockMs])).toEqual([['test.others/0/external', 31]]);
    expect(results).toEqual([...left.results]);
    expect(late).toEqual(left.late);
    const worker = await started(again, sensitive, { mode: 'follow' });
    await send(again, record(events, event('k0', 32, { tag: 'next' }), 0));
    await settle(worker, 0);
    expect(found(again).slice(left.results.length)).toContainEqual(['k0', 2, 'at last']);
  });

  it('repeats bounded runs, with the windows that each left open, and the end of the input', async () => {
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, sensitive);
    await send(storage, record(events, event('k0', 5, { tag: 'a' }), 0), record(others, event('k0', 25, { tag: 'b' }), 0));
    await run(storage, sensitive);
    await send(storage, record(others, event('k0', 3, { tag: 'c' }), 0), record(events, event('k0', 26, { tag: 'd' }), 0));
    await run(storage, sensitive);
    await run(storage, sensitive, { mode: 'end-of-input' });
    const again = await rescued(storage);
    const worker = await run(again, sensitive);
    expect(found(again)).toEqual(found(storage));
    expect(letters(again)).toEqual(letters(storage));
    expect(controls(again)).toEqual(controls(storage));
    expect(worker.runningTasks.every((task) => task.ended)).toBe(true);
  });

  it('does not wait for a place that retention removed', async () => {
    const { storage } = await live(LIFE);
    const again = await rescued(storage);
    const { log } = again;
    // The first record of each source is gone: places cannot be found by counting.
    const range = log.range.bind(log);
    log.range = (topic, partition) => {
      const { start, end } = range(topic, partition);
      return topic === physical(events) || topic === physical(others) ? { start: Math.min(1, end), end } : { start, end };
    };
    const worker = await started(again, sensitive, { mode: 'follow' });
    await settle(worker, 0);
    expect(worker.runningTasks[0]!.progress.counters.records).toBe(LIFE.filter((one) => one !== 'time passes').length - 2);
    expect(worker.runningTasks[0]!.progress.replaying).toBe(0);
    const order = found(again).flatMap(([, timestamp, value]) => (typeof value === 'string' ? [timestamp] : []));
    expect(order).toEqual([30, 31, 6, 7, 40, 55]);
  });
});

describe('a crash after a partition spoke again', () => {
  it('leaves its records at the place that they had', async () => {
    const orders = await Promise.all(
      [false, true].map(async (crashes) => {
        const storage = memoryStorage({ now: () => 0 });
        let worker = await started(storage, sensitive, { mode: 'follow', limits: { maxRecords: 1 } });
        await send(storage, record(events, event('k0', 30, { tag: 'e30' }), 0));
        await settle(worker, 0);
        await settle(worker, IDLE_MS);
        await send(storage, record(others, event('k0', 6, { tag: 'o6' }), 0), record(others, event('k0', 7, { tag: 'o7' }), 0));
        // Reads what came, which is a decision; takes one record; commits.
        await worker.runningTasks[0]!.step({ nowMs: IDLE_MS, silence: () => 'wait' });
        if (crashes) worker = await started(storage, sensitive, { mode: 'follow', limits: { maxRecords: 1 } });
        await send(storage, record(events, event('k0', 10, { tag: 'e10' }), 0), record(events, event('k0', 50, { tag: 'e50' }), 0));
        await settle(worker, IDLE_MS);
        await send(storage, record(others, event('k0', 60, { tag: 'o60' }), 0));
        await settle(worker, IDLE_MS);
        return { results: found(storage), decisions: controls(storage) };
      }),
    );
    expect(orders[1]).toEqual(orders[0]);
  });
});
