import { describe, expect, it } from 'vitest';
import { topology, to, type Topology } from '../../../operators/index.js';
import { isMarker, readHeader } from '../../../runtime/engine/header.js';
import { Worker } from '../../../runtime/engine/worker.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { RecordAppender } from '../../../scripts/commands/recordAppender.js';
import { countsOf } from '../../../scripts/commands/reconciliation.js';
import type { Topic } from '../../../schemas/index.js';
import { event, events, timed, type Event } from '../../operators/pipelines.js';

const REGION = 'eu-west';
const PHYSICAL = 'eu-west.events';
const appenderOn = (storage: MemoryStorage): RecordAppender<Event> => new RecordAppender(storage, events, REGION, 'import/test/eu-west');
const recordsOf = (storage: MemoryStorage, partition: number) => storage.log.read(PHYSICAL, partition, 0, 100);

describe('the clock of an appender', () => {
  it('goes out with the next commit, to every partition, behind the records before it', async () => {
    const storage = memoryStorage({ now: () => 0 });
    const appender = appenderOn(storage);
    appender.add(event('a', 5));
    appender.clock(10);
    expect(storage.log.range(PHYSICAL, 0)).toEqual({ start: 0, end: 0 });
    await appender.commit({ done: 1 });
    await appender.finish();
    for (let partition = 0; partition < events.partitions; partition++) {
      const last = recordsOf(storage, partition).at(-1)!;
      expect([isMarker(last.header), readHeader(last.header)?.watermarkMs]).toEqual([true, 10]);
    }
    const lengths = Array.from({ length: events.partitions }, (_, partition) => recordsOf(storage, partition).length);
    expect(lengths.reduce((a, b) => a + b)).toBe(events.partitions + 1);
    expect(appender.progress()).toEqual({ done: 1 });
  });

  it.each([NaN, Infinity, 1.5])('refuses %s', (timeMs) => {
    expect(() => appenderOn(memoryStorage()).clock(timeMs)).toThrow(expect.objectContaining({ code: 'SFS_EVENT_TIME_INVALID' }));
  });
});

describe('the counts of a source with clock markers', () => {
  const copied = (topic: Topic<string, Event>): Topology =>
    topology('copied', { version: 1 }, ({ source }) => {
      source(topic, timed).pipe(to({ ...events, name: 'copies' }));
    });
  const totals = async (storage: MemoryStorage) =>
    (await countsOf(storage, undefined, REGION)).map(({ inLog, waiting, processed, counters, problems }) => ({
      inLog,
      waiting,
      processed,
      counted: counters.records,
      problems,
    }));

  it.each(['delete', 'compact'] as const)('reconcile, before and after they are processed, on a topic of cleanup %s', async (cleanup) => {
    const topic = { ...events, cleanup };
    const storage = memoryStorage({ now: () => 0 });
    const appender = new RecordAppender(storage, topic, REGION, 'import/test/eu-west');
    const runIt = async (): Promise<void> => {
      const worker = new Worker([copied(topic)], storage, { region: REGION, mode: 'until-end' });
      await worker.start();
      await worker.run();
    };
    const write = async (...atMs: number[]): Promise<void> => {
      for (const one of atMs) appender.add(event(`k${one}`, one));
      appender.clock(Math.max(...atMs) + 1);
      await appender.commit({});
      await appender.finish();
    };
    await write(1, 2, 3);
    await runIt();
    expect(await totals(storage)).toEqual([{ inLog: 3, waiting: 0, processed: 3, counted: 3, problems: [] }]);
    await write(4, 5);
    expect(await totals(storage)).toEqual([{ inLog: 5, waiting: 2, processed: 3, counted: 3, problems: [] }]);
    await runIt();
    expect(await totals(storage)).toEqual([{ inLog: 5, waiting: 0, processed: 5, counted: 5, problems: [] }]);
  });
});
