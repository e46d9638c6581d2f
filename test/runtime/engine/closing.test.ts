import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { count, keyBy, schema, topology, tumbling } from '../../../operators/index.js';
import { readHeader } from '../../../runtime/engine/header.js';
import { decodeProgress } from '../../../runtime/engine/progress.js';
import type { LocalStorage, TaskCommit } from '../../../runtime/ports.js';
import { CrashingStorage } from '../../../runtime/testing/crashingStorage.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { event, events, timed, toResults } from '../../operators/pipelines.js';
import { openUnderTest } from '../embedded/folders.js';
import { found, record, run, send, type Found } from './running.js';

const DAY_MS = 86_400_000;
const LEARNERS = 400;
const MOST = 50;
const limits = { maxRecords: MOST };
const INTERNAL = 'test.daily.v1.again';
const FIRST_TASK = 'daily@1/0/0';

/** A day's count per learner, which closes for all of them at midnight, and goes through a repartition topic. */
const daily = topology('daily', { version: 1 }, ({ source }) => {
  source(events, timed).pipe(
    tumbling('day', { sizeMs: DAY_MS, late: 'dead-letter' }, { n: count() }),
    keyBy('again', {
      key: (window) => window.window.startMs.toString(),
      value: schema.record({
        window: schema.record({ startMs: schema.long, endMs: schema.long }),
        value: schema.record({ n: schema.long }),
        final: schema.boolean,
      }),
    }) as never,
    tumbling('days', { sizeMs: 2 * DAY_MS, late: 'dead-letter' }, { n: count() }),
    toResults(),
  );
});

const ofLearner = (n: number, atMs: number) => record(events, event(`learner-${n}`, atMs), 0);
const beforeMidnight = Array.from({ length: LEARNERS }, (_, n) => ofLearner(n, 1_000 + n));
const afterMidnight = [ofLearner(0, DAY_MS + 1)];

/** Keeps what is committed. */
class Recorded implements LocalStorage {
  readonly commits: TaskCommit[] = [];

  constructor(private readonly inner: LocalStorage) {}

  get log(): LocalStorage['log'] {
    return this.inner.log;
  }
  get tasks(): LocalStorage['tasks'] {
    return this.inner.tasks;
  }
  get documents(): LocalStorage['documents'] {
    return this.inner.documents;
  }
  commit(commit: TaskCommit): Promise<void> {
    this.commits.push(commit);
    return this.inner.commit(commit);
  }
  close(): Promise<void> {
    return this.inner.close();
  }
}

async function throughMidnight(storage: LocalStorage): Promise<void> {
  await run(storage, daily, { limits });
  await storage.log.append(beforeMidnight);
  await run(storage, daily, { limits });
  await send(storage, ...afterMidnight);
}

/** Kinds of the records in the internal topic that the first task wrote: results of a day, or watermarks from which day on. */
function written(storage: LocalStorage, partition: number): string[] {
  const { start, end } = storage.log.range(INTERNAL, partition);
  return storage.log.read(INTERNAL, partition, start, end - start).flatMap(({ header }) => {
    const { producer, marker, watermarkMs } = readHeader(header)!;
    if (producer.partition !== 0) return [];
    return [marker ? (watermarkMs >= DAY_MS ? 'past midnight' : 'before') : 'result'];
  });
}

describe('midnight', () => {
  it('closes its windows over several commits of bounded size', async () => {
    const storage = new Recorded(memoryStorage({ now: () => 0 }));
    await throughMidnight(storage);
    storage.commits.length = 0;
    await run(storage, daily, { limits });
    const closing = storage.commits.filter(({ task, queue }) => task === FIRST_TASK && queue.some(({ payload }) => payload === null));
    expect(closing.map(({ queue }) => queue.filter(({ payload }) => payload === null).length)).toEqual(new Array<number>(LEARNERS / MOST).fill(MOST));
    expect(closing.every(({ state }) => state.length <= MOST)).toBe(true);
  });

  it('is not passed downstream before the last of its windows has closed', async () => {
    const storage = memoryStorage({ now: () => 0 });
    await throughMidnight(storage);
    await run(storage, daily, { limits });
    let closed = 0;
    for (let partition = 0; partition < events.partitions; partition++) {
      const kinds = written(storage, partition);
      const passed = kinds.indexOf('past midnight');
      expect(passed).toBeGreaterThanOrEqual(0);
      expect(kinds.lastIndexOf('result')).toBeLessThan(passed);
      closed += kinds.filter((kind) => kind === 'result').length;
    }
    expect(closed).toBe(LEARNERS);
  });

  it('holds the record that brought it back until its windows have closed', async () => {
    const storage = new Recorded(memoryStorage({ now: () => 0 }));
    await throughMidnight(storage);
    storage.commits.length = 0;
    await run(storage, daily, { limits });
    const taken = storage.commits.filter(({ task }) => task === FIRST_TASK).map(({ progress }) => decodeProgress(progress).counters);
    const first = taken.findIndex(({ records }) => records > LEARNERS);
    expect(taken[first]!.timers).toBe(LEARNERS);
    expect(first).toBeGreaterThanOrEqual(LEARNERS / MOST - 1);
  });
});

describe('a crash while midnight closes its windows', () => {
  const disposals: (() => Promise<void>)[] = [];
  let expected: Awaited<ReturnType<typeof finished>>;
  beforeAll(async () => {
    const undisturbed = memoryStorage({ now: () => 0 });
    await throughMidnight(undisturbed);
    expected = await finished(undisturbed);
    expect(expected.closed).toBe(LEARNERS + 1);
  });
  afterEach(async () => {
    for (const dispose of disposals.splice(0)) await dispose();
  });

  /** What came out in the end: results and the counts of all tasks. */
  async function finished(storage: LocalStorage): Promise<{ results: Found[]; closed: number; timers: number }> {
    const worker = await run(storage, daily, { mode: 'end-of-input', limits });
    const closed = Array.from({ length: events.partitions }, (_, partition) => written(storage, partition))
      .flat()
      .filter((kind) => kind === 'result');
    return {
      results: found(storage),
      closed: closed.length,
      timers: worker.runningTasks.reduce((sum, task) => sum + task.progress.counters.timers, 0),
    };
  }

  it.each([
    [1, 'before'],
    [1, 'after'],
    [4, 'before'],
    [4, 'after'],
    [8, 'after'],
  ] as const)('at its commit no. %i, %s it took effect, loses and doubles nothing', async (nth, when) => {
    const under = await openUnderTest({ upkeepIntervalMs: 0 });
    disposals.push(() => under.dispose());
    const { storage } = under;
    await throughMidnight(storage);
    let closings = 0;
    const crashing = new CrashingStorage(storage, () => (closings === nth ? when : null), Infinity);
    const commit = crashing.commit.bind(crashing);
    crashing.commit = (one) => {
      if (one.task === FIRST_TASK && one.queue.some(({ payload }) => payload === null)) closings++;
      return commit(one).finally(() => (closings = closings === nth ? Infinity : closings));
    };
    await expect(run(crashing, daily, { limits })).rejects.toMatchObject({ code: 'SFS_TEST_CRASH' });
    expect(await finished(await under.reopen())).toEqual(expected);
  });
});
