import { describe, expect, it } from 'vitest';
import { count, keyBy, merge, to, topicSchema, topology, tumbling, type Topology } from '../../../operators/index.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { derived, event, events, others, timed, toResults } from '../../operators/pipelines.js';
import { closed, derivedRecord, found, marker, record, run, send, settle, started } from './running.js';

const IDLE_MS = 30_000;
/** A marker for each second: the events are seconds apart. */
const limits = { markerMs: 1_000 };

const writer = (version: number): Topology =>
  topology('writer', { version }, ({ source }) => {
    source(events, timed).pipe(to(derived));
  });
const reader = topology('reader', { version: 1 }, ({ source }) => {
  source(derived).pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }), toResults());
});

/** What an earlier version of the writer left behind. */
async function afterVersion1(): Promise<ReturnType<typeof memoryStorage>> {
  const storage = memoryStorage({ now: () => 0 });
  await run(storage, [writer(1), reader], { limits });
  await send(storage, ...[1, 15, 2_001].map((atMs) => record(events, event('a', atMs))));
  await run(storage, [writer(1), reader], { limits });
  await send(storage, ...[3_025, 5_045, 9_000].map((atMs) => record(events, event('a', atMs))));
  return storage;
}

const lagOf = (worker: Awaited<ReturnType<typeof run>>): number => worker.runningTasks.reduce((total, { lag }) => total + lag, 0);

describe('a reader whose writer has got a new version', () => {
  it.each(['until-end', 'end-of-input'] as const)('reads all that both versions wrote, in a run %s', async (mode) => {
    const results = await Promise.all(
      [1, 2].map(async (version) => {
        const storage = await afterVersion1();
        expect(lagOf(await run(storage, [writer(version), reader], { mode, limits }))).toBe(0);
        return closed(storage);
      }),
    );
    // Version 2 starts afresh: it reads the events of version 1 again, which are late for the windows that closed.
    const ends = [9, 19, 2_009, 3_029, 5_049, ...(mode === 'end-of-input' ? [9_009] : [])];
    expect(results[0]!.map(([, endMs]) => endMs)).toEqual(ends);
    expect(results[1]!.map(([, endMs]) => endMs)).toEqual(ends);
  });

  it('waits for the older version as for any silent source, once: restarts do not wait again', async () => {
    const storage = await afterVersion1();
    const first = await started(storage, [writer(2), reader], { mode: 'follow', limits });
    await settle(first, 0);
    await settle(first, IDLE_MS);
    await settle(first, IDLE_MS);
    await send(storage, record(events, event('a', 20_000)), record(events, event('a', 20_100)));
    const again = await started(storage, [writer(2), reader], { mode: 'follow', limits });
    const before = found(storage).length;
    await settle(again, 0);
    expect(found(storage).length).toBeGreaterThan(before);
  });
});

describe('a reader of what a task of its own worker writes', () => {
  it('waits for every task of the writer before its first record, also at the end of the input', async () => {
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, [reader, writer(1)]);
    const left = { name: 'writer@0/0', partition: 0, count: 1 };
    // An older writer has ended: all that the reader knows of its topic is over, and the new writer has said nothing yet.
    await send(storage, derivedRecord(derived, event('a', 5), left, 0), marker(derived, Infinity, left, 0, { end: true }));
    await send(storage, ...[100, 200].map((atMs) => record(events, event('a', atMs), 0)));
    await run(storage, [reader, writer(1)], { mode: 'end-of-input', limits: { maxRecords: 1 } });
    expect(closed(storage)).toEqual([
      ['a', 9, { n: 1 }],
      ['a', 109, { n: 1 }],
      ['a', 209, { n: 1 }],
    ]);
  });

  it('knows the tasks of each part of a topology that writes', async () => {
    const twice = topology('writer', { version: 1 }, ({ source }) => {
      source(events, timed).pipe(to(derived, 'plain'));
      source(others, timed).pipe(keyBy('by', { key: (one) => one.tag, value: topicSchema(others) }), to(derived, 'keyed'));
    });
    const worker = await started(memoryStorage({ now: () => 0 }), [twice, reader]);
    const [task] = worker.runningTasks.filter(({ name }) => name === 'reader@1/0/3');
    const ids = [...task!.parts.inputs[0]!.channels.values()].map(({ id }) => id);
    expect(new Set(ids.map((id) => id.slice(0, id.indexOf('#'))))).toEqual(new Set(['test.derived/3/writer@1/0', 'test.derived/3/writer@1/2']));
    expect(ids).toHaveLength(24);
  });
});

describe('a bounded run in which records wait for a writer that says nothing', () => {
  it('fails and names the task, the number of records and the writer', async () => {
    const both = topology('reader', { version: 1 }, ({ source }) => {
      merge('both', source(derived), source(others, timed)).pipe(
        tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }),
        toResults(),
      );
    });
    const storage = memoryStorage({ now: () => 0 });
    const worker = await started(storage, [writer(1), both]);
    await send(storage, record(others, event('a', 5), 0), record(others, event('a', 6), 0));
    for (const task of worker.runningTasks) if (task.name.startsWith('writer')) task.step = () => Promise.resolve('waiting');
    await expect(worker.run()).rejects.toMatchObject({
      code: 'SFS_RUN_BLOCKED',
      message:
        'the log is at its end and 2 records of task reader@1/0/0 still wait, for ' +
        'test.derived/0/writer@1/0#0, test.derived/0/writer@1/0#1, test.derived/0/writer@1/0#2 and 9 more',
    });
  });
});

describe('a topic without markers that a worker writes and reads', () => {
  const plain: typeof events = { ...events, name: 'plain' };
  const writing = topology('writing', { version: 2 }, ({ source }) => {
    source(events, timed).pipe(to(plain));
  });
  const reading = topology('reading', { version: 3 }, ({ source }) => {
    source(plain, timed).pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }), toResults());
  });

  it.each([[[writing, reading]], [[reading, writing]]])('is refused at the start, in any order, and leaves no topic behind', async (both) => {
    const storage = memoryStorage();
    await expect(started(storage, both)).rejects.toMatchObject({
      code: 'SFS_TOPIC_NOT_DERIVED',
      message:
        'writing@2 writes topic plain and reading@3 reads it in the same worker, which would not know when all is written: ' +
        'declare the topic with `derived: true`, or run the two one after the other',
    });
    expect(storage.log.topics()).toEqual([]);
  });

  it('is taken from one after the other', async () => {
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, writing);
    await send(storage, ...[1, 25].map((atMs) => record(events, event('a', atMs))));
    await run(storage, writing);
    await run(storage, reading, { mode: 'end-of-input' });
    expect(closed(storage)).toEqual([
      ['a', 9, { n: 1 }],
      ['a', 29, { n: 1 }],
    ]);
  });
});
