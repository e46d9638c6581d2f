import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { aggregate, batch, count, merge, sum, to, topicSchema, topology, tumbling, type Topology } from '../../../operators/index.js';
import { Worker } from '../../../runtime/engine/worker.js';
import type { StepOptions } from '../../../runtime/engine/silence.js';
import type { LocalStorage } from '../../../runtime/ports.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { around, derived, event, events, others, timed, toResults } from '../../operators/pipelines.js';
import { openUnderTest } from '../embedded/folders.js';
import { closed, controls, found, physical, record, run, send, started } from './running.js';

const counting = around((source) => source.pipe(aggregate('total', { n: count() })));
const disposals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
});

async function embedded(): ReturnType<typeof openUnderTest> {
  const opened = await openUnderTest({ upkeepIntervalMs: 0 });
  disposals.push(() => opened.dispose());
  return opened;
}

const many = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => record(events, event(`k${(from + n) % 50}`, from + n)));
const totals = (storage: LocalStorage): number => {
  const last = new Map(found(storage).map(([key, , value]) => [key, (value as { n: number }).n]));
  return [...last.values()].reduce((a, b) => a + b, 0);
};

describe('the start of a worker', () => {
  it('creates every topic that the topology touches and the engine’s own, and starts a task per partition', async () => {
    const storage = memoryStorage();
    const worker = await started(storage, counting);
    expect(
      storage.log
        .topics()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['test.control', 'test.dead-letters', 'test.events', 'test.results']);
    expect(worker.runningTasks.map(({ name }) => name)).toEqual(Array.from({ length: 12 }, (_, n) => `under-test@1/0/${n}`));
  });

  it('is refused where a topic exists with other settings', async () => {
    const storage = memoryStorage();
    storage.log.ensureTopic({ name: physical(events), partitions: 3, cleanup: 'delete', retentionMs: null });
    await expect(started(storage, counting)).rejects.toMatchObject({
      code: 'SFS_TOPIC_MISMATCH',
      message: expect.stringContaining('partitions is 3, wanted 12') as string,
    });
  });

  it('is refused where an operator changed under an unchanged version, also after a restart on a disk, and taken under a new one', async () => {
    const window = (sizeMs: number, version = 1): Topology =>
      topology('windows', { version }, ({ source }) => {
        source(events, timed).pipe(tumbling('window', { sizeMs, late: 'dead-letter' }, { n: count() }), toResults());
      });
    const under = await embedded();
    const { storage } = under;
    await run(storage, window(10));
    const again = await under.reopen();
    await run(again, window(10));
    await expect(started(again, window(20))).rejects.toMatchObject({
      code: 'SFS_PLAN_CHANGED',
      message: expect.stringContaining('windows@1') as string,
    });
    await run(again, window(20, 2));
    await expect(started(again, window(10))).rejects.toMatchObject({
      code: 'SFS_PLAN_REFUSED',
      message: 'version 1 of windows is older than the deployed 2; to go back, declare it as version 3',
    });
  });

  it('leaves no topic behind where the plan of any of its topologies is refused', async () => {
    const storage = memoryStorage();
    await run(
      storage,
      around((source) => source.pipe(aggregate('total', { n: count() }))),
    );
    const before = storage.log.topics();
    const changed = around((source) => source.pipe(aggregate('totals', { n: count() })));
    const other = topology('other', { version: 1 }, ({ source }) => {
      source(events, timed).pipe(to(derived));
    });
    await expect(started(storage, [other, changed])).rejects.toMatchObject({ code: 'SFS_PLAN_CHANGED' });
    expect(storage.log.topics()).toEqual(before);
    expect(storage.documents.names('deployed/other')).toEqual([]);
  });

  it('is refused where two of its topologies write one derived topic; other topics may have several writers', async () => {
    const writing = (name: string): Topology =>
      topology(name, { version: 1 }, ({ source }) => {
        source(events, timed).pipe(to(derived));
      });
    await expect(started(memoryStorage(), [writing('one'), writing('two')])).rejects.toMatchObject({ code: 'SFS_WRITER_TWICE' });
    const alike = (name: string): Topology =>
      topology(name, { version: 1 }, ({ source }) => {
        source(events, timed).pipe(aggregate('total', { n: count() }), toResults());
      });
    await expect(started(memoryStorage(), [alike('one'), alike('two')])).resolves.toBeInstanceOf(Worker);
  });

  it('is refused for a region that is none', () => {
    expect(() => new Worker([counting], memoryStorage(), { region: 'EU west', mode: 'until-end' }).deployments[0]!.topicSpecs()).toThrow(
      expect.objectContaining({ code: 'SFS_REGION_INVALID' }),
    );
  });
});

describe('a worker that is stopped', () => {
  it('ends after the commits in progress, and a new one goes on where it was, on a folder opened anew', async () => {
    const under = await embedded();
    const { storage } = under;
    await run(storage, counting);
    await storage.log.append(many(0, 3_000));
    const worker = await started(storage, counting, { mode: 'follow', limits: { maxRecords: 20 } });
    let open = 0;
    let commits = 0;
    const commit = storage.commit.bind(storage);
    storage.commit = async (one) => {
      open++;
      if (++commits === 30) worker.stop();
      await commit(one).finally(() => open--);
    };
    await worker.run();
    expect(open).toBe(0);
    const done = totals(storage);
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(3_000);
    const again = await under.reopen();
    await run(again, counting);
    expect(totals(again)).toBe(3_000);
    expect(found(again)).toHaveLength(3_000);
  });

  it('while it waits for records ends at once', async () => {
    const worker = await started(memoryStorage(), counting, { mode: 'follow', pollMs: 1_000_000 });
    const running = worker.run();
    await sleep(20);
    worker.stop();
    await running;
  });
});

describe('a worker that follows', () => {
  it('takes up what is appended while it waits', async () => {
    const { storage } = await embedded();
    const worker = await started(storage, counting, { mode: 'follow', pollMs: 1_000_000 });
    const running = worker.run();
    for (let n = 0; n < 3; n++) {
      await send(storage, record(events, event('a', n)));
      await vi.waitFor(() => expect(totals(storage)).toBe(n + 1), { timeout: 10_000 });
    }
    worker.stop();
    await running;
  });

  it('ends in the error of a commit that fails, after the other tasks have committed', async () => {
    const storage = memoryStorage();
    await run(storage, counting);
    await storage.log.append(many(0, 500));
    const broken = Object.assign(Object.create(storage) as typeof storage, {
      commit: (one: Parameters<LocalStorage['commit']>[0]) =>
        one.task.endsWith('/4') ? Promise.reject(new Error('the disk is gone')) : storage.commit(one),
    });
    await expect(run(broken, counting, { mode: 'follow' })).rejects.toThrow('the disk is gone');
    await run(storage, counting);
    expect([totals(storage), found(storage).length]).toEqual([500, 500]);
  });
});

describe('a worker that runs until the end', () => {
  it('processes all there is, leaves windows open, and goes on with them next time', async () => {
    const windows = around((source) => source.pipe(tumbling('window', { sizeMs: 100, late: 'dead-letter' }, { n: sum((value) => value.n) })));
    const under = await embedded();
    const { storage } = under;
    await run(storage, windows);
    await send(storage, record(events, event('a', 10)), record(events, event('a', 20)));
    await run(storage, windows);
    expect(found(storage)).toEqual([]);
    const again = await under.reopen();
    await send(again, record(events, event('a', 30)), record(events, event('a', 150)));
    await run(again, windows);
    expect(closed(again)).toEqual([['a', 99, { n: 3 }]]);
  });

  it('closes every window at the end of the input, and writes the end down for each partition', async () => {
    const windows = around((source) => source.pipe(tumbling('window', { sizeMs: 100, late: 'dead-letter' }, { n: count() })));
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, windows);
    await send(storage, record(events, event('a', 10)), record(events, event('b', 950)));
    await run(storage, windows, { mode: 'end-of-input' });
    expect(closed(storage).sort()).toEqual([
      ['a', 99, { n: 1 }],
      ['b', 999, { n: 1 }],
    ]);
    const ends = controls(storage).filter(({ kind }) => kind === 'END_OF_INPUT');
    expect(ends.map(({ partition }) => partition).sort((a, b) => a! - b!)).toEqual(Array.from({ length: 12 }, (_, n) => n));
  });

  it('reads nothing twice when there is nothing new', async () => {
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, counting);
    await storage.log.append(many(0, 100));
    await run(storage, counting);
    const worker = await run(storage, counting);
    expect(worker.runningTasks.reduce((sum, task) => sum + task.progress.counters.records, 0)).toBe(100);
    expect(found(storage)).toHaveLength(100);
  });

  it('gives the same results whatever the size of its batches', async () => {
    const outputs = await Promise.all(
      [1, 7, 5_000].map(async (maxRecords) => {
        const storage = memoryStorage({ now: () => 0 });
        await run(storage, counting);
        await storage.log.append(many(0, 400));
        await run(storage, counting, { limits: { maxRecords } });
        return found(storage);
      }),
    );
    expect(outputs[1]).toEqual(outputs[0]);
    expect(outputs[2]).toEqual(outputs[0]);
  });
});

describe('a reader of a topic that another topology of the worker writes', () => {
  it('waits for its writer in a bounded run, however long the machine takes, and for nobody else', async () => {
    const writer = topology('writer', { version: 1 }, ({ source }) => {
      source(events, timed).pipe(to(derived));
    });
    const reader = topology('reader', { version: 1 }, ({ source }) => {
      merge('both', source(derived), source(others, timed)).pipe(aggregate('total', { n: count() }), toResults());
    });
    const storage = memoryStorage({ now: () => 0 });
    let nowMs = 0;
    const worker = await started(storage, [reader, writer], { mode: 'until-end', now: () => (nowMs += 3_600_000) });
    const { stepOptions } = worker as unknown as { stepOptions: () => StepOptions };
    const [first] = worker.runningTasks;
    for (let step = 0; step < 3; step++) expect(await first!.step(stepOptions.call(worker))).toBe('waiting');
    expect(controls(storage).map(({ channel }) => channel)).toEqual([expect.stringContaining('others/0')]);
    await worker.run();
    // The writer has fallen silent, too, and said so.
    expect(controls(storage).filter(({ channel }) => channel!.includes('derived'))).toEqual([]);
  });

  it('has everything that its writer wrote before the run ends', async () => {
    const writer = topology('writer', { version: 1 }, ({ source }) => {
      source(events, timed).pipe(to(derived));
    });
    const reader = topology('reader', { version: 1 }, ({ source }) => {
      source(derived).pipe(aggregate('total', { n: count() }), toResults());
    });
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, [reader, writer]);
    await storage.log.append(many(0, 300));
    await run(storage, [reader, writer]);
    expect(totals(storage)).toBe(300);
  });
});

describe('a worker whose batch stage waits for an answer that never comes', () => {
  const asking = (answer: () => Promise<number[]>): Topology =>
    around((source) => source.pipe(batch('ask', { value: topicSchema(events), maxRecords: 10, run: answer })));

  it('ends when it is stopped, and the work is done by the next one', { timeout: 10_000 }, async () => {
    const storage = memoryStorage({ now: () => 0 });
    let asked = (): void => undefined;
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    const silent = asking(() => new Promise(() => asked()));
    await run(storage, silent);
    await send(storage, record(events, event('a', 1), 0));
    const worker = await started(storage, silent, { mode: 'follow' });
    const running = worker.run();
    await wasAsked;
    worker.stop();
    await running;
    expect(found(storage)).toEqual([]);
    await run(
      storage,
      asking(() => Promise.resolve([42])),
    );
    expect(found(storage)).toEqual([['a', 1, 42]]);
  });

  it('commits nothing once it has ended, when the answer comes after all', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const answers: (() => void)[] = [];
    const slow = asking(() => new Promise((resolve) => answers.push(() => resolve([42]))));
    await run(storage, slow);
    await send(storage, record(events, event('a', 1), 0));
    const worker = await started(storage, slow);
    const running = worker.run();
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    worker.stop();
    await running;
    const commit = vi.spyOn(storage, 'commit');
    answers[0]!();
    await sleep(10);
    expect(commit).not.toHaveBeenCalled();
    expect(found(storage)).toEqual([]);
  });

  it('ends in the failure of another task', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const silent = asking(() => new Promise(() => undefined));
    await run(storage, silent);
    await send(storage, record(events, event('a', 1), 0), record(events, event('a', 1), 1));
    const broken = Object.assign(Object.create(storage) as typeof storage, {
      commit: (one: Parameters<LocalStorage['commit']>[0]) =>
        one.task === 'under-test@1/0/1' ? Promise.reject(new Error('the disk is gone')) : storage.commit(one),
    });
    await expect(run(broken, silent, { mode: 'follow' })).rejects.toThrow('the disk is gone');
  });
});
