/** What the storage does to a task: rows that cannot be read, records that retention or compaction took away. */
import { describe, expect, it } from 'vitest';
import { aggregate, count, topicSchema, topology, tumbling, type Topology } from '../../../operators/index.js';
import type { LocalStorage } from '../../../runtime/ports.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { topic, type Topic } from '../../../schemas/index.js';
import { SkillForgeError } from '../../../schemas/errors.js';
import { around, event, events, timed, toResults, type Event } from '../../operators/pipelines.js';
import { openUnderTest } from '../embedded/folders.js';
import { closed, derivedRecord, found, letters, marker, physical, record, run, send } from './running.js';

const DAY_MS = 86_400_000;
const totals = around((source) => source.pipe(aggregate('total', { n: count() })));
const windows = (of: Topic<string, Event>): Topology =>
  topology('windows', { version: 1 }, ({ source }) => {
    source(of, of.derived ? {} : timed).pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() }), toResults());
  });

/** A storage whose rows of key `a` are damaged while `isDamaged` says so. */
function damagedRows(inner: LocalStorage, isDamaged: () => boolean): LocalStorage {
  const get: LocalStorage['tasks']['get'] = (task, store, key) => {
    if (key === 'a' && isDamaged()) throw new SkillForgeError('SFS_STATE_CORRUPT', 'the stored value is damaged');
    return inner.tasks.get(task, store, key);
  };
  const tasks: LocalStorage['tasks'] = {
    get,
    progress: (task) => inner.tasks.progress(task),
    scan: (...where) => inner.tasks.scan(...where),
    queueHead: (...where) => inner.tasks.queueHead(...where),
  };
  return { log: inner.log, documents: inner.documents, tasks, commit: (commit) => inner.commit(commit), close: () => inner.close() };
}

describe('a row that cannot be read', () => {
  it.each([
    ['a record', totals, 'until-end'],
    ['a timer', windows(events), 'end-of-input'],
  ] as const)('stops the run where %s needs it, and nothing is buried or passed over', async (_what, of, mode) => {
    let isDamaged = false;
    const inner = memoryStorage({ now: () => 0 });
    const storage = damagedRows(inner, () => isDamaged);
    await run(storage, of);
    await send(storage, record(events, event('a', 1), 0));
    await run(storage, of);
    isDamaged = true;
    if (mode === 'until-end') await send(storage, record(events, event('a', 2), 0), record(events, event('b', 3), 0));
    await expect(run(storage, of, { mode })).rejects.toMatchObject({ code: 'SFS_STATE_CORRUPT' });
    expect(letters(inner)).toEqual([]);
    isDamaged = false;
    await run(storage, of, { mode: 'end-of-input' });
    const expected =
      mode === 'until-end'
        ? [
            ['a', 1, { n: 1 }],
            ['a', 2, { n: 2 }],
            ['b', 3, { n: 1 }],
          ]
        : [['a', 9, { n: 1 }]];
    expect(mode === 'until-end' ? found(inner) : closed(inner)).toEqual(expected);
  });
});

describe('retention', () => {
  it('that takes what a reader of a derived topic has not processed is an error, not a gap', async () => {
    let nowMs = 0;
    const under = await openUnderTest({ clock: () => nowMs, upkeepIntervalMs: 0, segmentBytes: 1 });
    const { storage } = under;
    const kept = topic({ name: 'kept', schema: topicSchema(events), keyFields: ['key'], partitions: 1, derived: true, retentionMs: DAY_MS });
    const by = { name: 'writer@1/0', partition: 0, count: 1 };
    await run(storage, windows(kept));
    await send(storage, derivedRecord(kept, event('a', 1), by, 0), marker(kept, 1, by, 0));
    await run(storage, windows(kept));
    await send(storage, derivedRecord(kept, event('a', 11), by, 0), marker(kept, 11, by, 0));
    nowMs = 2 * DAY_MS;
    await send(storage, derivedRecord(kept, event('a', 21), by, 0), marker(kept, 21, by, 0));
    await storage.applyRetention(nowMs);
    expect(storage.log.range(physical(kept), 0).start).toBe(4);
    await expect(run(storage, windows(kept))).rejects.toMatchObject({
      code: 'SFS_OFFSET_OUT_OF_RANGE',
      message: 'test.kept/0: retention removed offsets 2 to 3 before they were processed',
    });
    await under.dispose();
  });

  it('before a task first reads a topic is none: it begins with what is there', async () => {
    let nowMs = 0;
    const under = await openUnderTest({ clock: () => nowMs, upkeepIntervalMs: 0, segmentBytes: 1 });
    const { storage } = under;
    const kept = topic({ name: 'kept', schema: topicSchema(events), keyFields: ['key'], partitions: 1, retentionMs: DAY_MS });
    storage.log.ensureTopic({ name: physical(kept), partitions: 1, cleanup: 'delete', retentionMs: DAY_MS });
    await send(storage, record(kept, event('a', 1), 0));
    nowMs = 2 * DAY_MS;
    await send(storage, record(kept, event('a', 21), 0));
    await storage.applyRetention(nowMs);
    await run(storage, windows(kept), { mode: 'end-of-input' });
    expect(closed(storage)).toEqual([['a', 29, { n: 1 }]]);
    await under.dispose();
  });
});

describe('a compacted partition whose last records are gone', () => {
  it('is read to its end', async () => {
    let nowMs = 0;
    const under = await openUnderTest({ clock: () => nowMs, upkeepIntervalMs: 0 });
    const { storage } = under;
    const rows = topic({ name: 'rows', schema: topicSchema(events), keyFields: ['key'], partitions: 1, cleanup: 'compact' });
    await run(storage, windows(rows));
    const gone = record(rows, event('b', 2), 0);
    await send(storage, record(rows, event('a', 1), 0), gone, { ...gone, value: null });
    nowMs = 2 * DAY_MS;
    await storage.compact(physical(rows));
    expect(storage.log.range(physical(rows), 0)).toEqual({ start: 0, end: 3 });
    expect(storage.log.read(physical(rows), 0, 0, 10).map(({ offset }) => offset)).toEqual([0]);
    const worker = await run(storage, windows(rows), { mode: 'end-of-input' });
    expect(worker.runningTasks.map(({ lag, ended }) => ({ lag, ended }))).toEqual([{ lag: 0, ended: true }]);
    expect(closed(storage)).toEqual([['a', 9, { n: 1 }]]);
    await under.dispose();
  });
});
