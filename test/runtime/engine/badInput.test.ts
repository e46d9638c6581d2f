import { describe, expect, it } from 'vitest';
import { aggregate, count, sum, topology } from '../../../operators/index.js';
import { encodeProgress, newProgress } from '../../../runtime/engine/progress.js';
import { HeaderWriter } from '../../../runtime/engine/header.js';
import { memoryStorage, testTopology, type RawRecord } from '../../../runtime/testing/index.js';
import { LocalSchemaIds, topicCodec, type Topic } from '../../../schemas/index.js';
import { around, event, events, lines, timed, toResults } from '../../operators/pipelines.js';
import { letters, record, run, send } from './running.js';

const counting = around((source) => source.pipe(aggregate('total', { n: count(), sum: sum((value) => value.n) })));
const encoded = topicCodec(events as Topic<string, unknown>, LocalSchemaIds.withAccepted()).encode('a', event('a', 5));
const unknownSchema = Buffer.from([0, 0, 0, 0, 1, 2]);

/** What is wrong, the bytes, and the code that the dead letter has. */
const BAD: readonly (readonly [string, RawRecord, string])[] = [
  ['bytes that are no wire format', { key: 'a', value: 'garbage' }, 'SFS_WIRE_FORMAT'],
  ['a schema id that nobody knows', { key: 'a', value: unknownSchema }, 'SFS_SCHEMA_UNKNOWN'],
  ['a value that is cut off', { key: 'a', value: encoded.subarray(0, -3) }, 'SFS_DECODE_FAILED'],
  ['a value with bytes left over', { key: 'a', value: Buffer.concat([encoded, Buffer.from([1])]) }, 'SFS_DECODE_FAILED'],
  ['no key', { key: null, value: encoded }, 'SFS_KEY_NULL'],
  ['the key of another value', { key: 'b', value: encoded }, 'SFS_KEY_MISMATCH'],
  ['a tombstone in a stream', { key: 'a', value: null }, 'SFS_VALUE_NULL'],
  ['a key that no store takes', { key: 'k'.repeat(1_025), value: encoded }, 'SFS_KEY_TOO_LONG'],
];

describe('a record that cannot be used', () => {
  it.each(BAD)('for %s goes to the dead letters with code, position and bytes, and its partition goes on', async (_, raw, code) => {
    await testTopology(counting, { partitions: 1 }, async (driver) => {
      const input = driver.input(events);
      input.send(event('a', 1));
      input.sendRaw({ ...raw, header: Buffer.from('foreign'), partition: 0 });
      input.send(event('a', 3));
      await driver.run();
      const bytes = (content: Buffer | string | null): Buffer | null => (content === null ? null : Buffer.from(content));
      expect(driver.deadLetters()).toMatchObject([
        {
          code,
          stage: null,
          topology: 'under-test',
          topologyVersion: 1,
          sourceTopic: 'test.events',
          sourcePartition: 0,
          sourceOffset: 1,
          region: 'test',
          failedAtEventTimeMs: null,
          personal: { key: bytes(raw.key), value: bytes(raw.value), header: Buffer.from('foreign') },
        },
      ]);
      expect(lines(driver)).toEqual([
        ['a', 1, { n: 1, sum: 1 }],
        ['a', 3, { n: 2, sum: 2 }],
      ]);
      expect(driver.counters()).toMatchObject({ records: 3, deadLetters: 1 });
    });
  });

  it('for an event time that is no whole number goes to the dead letters, and touches no clock', async () => {
    const halves = around((source) => source.pipe(aggregate('total', { n: count() })), { eventTimeMs: (value) => value.n });
    await testTopology(halves, { partitions: 1 }, async (driver) => {
      for (const n of [10, 10.5, NaN, Infinity, 2 ** 60, 11]) driver.input(events).sendRaw(rawOf(n));
      await driver.run();
      expect(driver.deadLetters().map(({ code, sourceOffset }) => [code, sourceOffset])).toEqual(
        [1, 2, 3, 4].map((offset) => ['SFS_EVENT_TIME_INVALID', offset]),
      );
      expect(driver.watermark()).toBe(11);
    });
  });

  it('in a function of the topology keeps its event time, and names the stage', async () => {
    const throwing = around((source) => source.pipe(aggregate('total', { n: sum((value) => refuse(value.tag)) })));
    await testTopology(throwing, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 1), event('a', 2, { tag: 'bad' }), event('a', 3)]);
      await driver.run();
      expect(driver.deadLetters()).toMatchObject([
        {
          code: 'SFS_PROCESSING_FAILED',
          reason: 'bad is refused',
          stage: 'total',
          sourceOffset: 1,
          failedAtEventTimeMs: 2,
          personal: { key: Buffer.from('a') },
        },
      ]);
    });
  });

  it('has one letter per topology that refused it', async () => {
    const other = topology('other', { version: 4 }, ({ source }) => {
      source(events, timed).pipe(aggregate('total', { n: count() }), toResults());
    });
    const storage = memoryStorage({ now: () => 0 });
    await run(storage, [counting, other]);
    await send(storage, { ...record(events, event('a', 1), 0), value: Buffer.from('garbage') });
    await run(storage, [counting, other]);
    expect(
      letters(storage)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['test.events/0/0/other/source', 'test.events/0/0/under-test/source']);
  });

  it('keeps what looks like a header of the engine on a topic that no topology writes: it decides nothing', async () => {
    const header = new HeaderWriter({ name: 'liar@1/0', partition: 0, count: 500 }).record(
      { eventTimeMs: 9e12, streamTimeMs: 9e12, watermarkMs: 9e12 },
      { topic: 'x', partition: 0, offset: 0, index: 0 },
    );
    await testTopology(counting, { partitions: 1 }, async (driver) => {
      driver.input(events).sendRaw({ key: 'a', value: encoded, header });
      await driver.run();
      expect(lines(driver)).toEqual([['a', 5, { n: 1, sum: 1 }]]);
      expect(driver.watermark()).toBe(5);
    });
  });
});

describe('a row of state that its schema does not take', () => {
  it('sends the one record to the dead letters that made it, and the others go on', async () => {
    const wrong = around((source) =>
      source.pipe(aggregate('total', { n: sum((value) => (value.tag === 'bad' ? ('no number' as never) : value.n)) })),
    );
    await testTopology(wrong, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 1), event('b', 2, { tag: 'bad' }), event('a', 3)]);
      await driver.run();
      expect(driver.deadLetters().map(({ sourceOffset }) => sourceOffset)).toEqual([1]);
      expect(lines(driver)).toEqual([
        ['a', 1, { n: 1 }],
        ['a', 3, { n: 2 }],
      ]);
    });
  });
});

describe('the committed progress of a task', () => {
  it('that cannot be read stops the start with a clear error', async () => {
    const storage = memoryStorage({ now: () => 0 });
    await storage.commit({ task: 'under-test@1/0/3', outputs: [], state: [], queue: [], progress: encodeProgress(newProgress()).subarray(1) });
    await expect(run(storage, counting)).rejects.toMatchObject({ code: 'SFS_PROGRESS_INVALID' });
  });
});

function refuse(tag: string): number {
  if (tag === 'bad') throw new Error('bad is refused');
  return 1;
}

const rawOf = (n: number): RawRecord => {
  const value = event('a', 0, { n });
  return { key: 'a', value: topicCodec(events as Topic<string, unknown>, LocalSchemaIds.withAccepted()).encode('a', value), partition: 0 };
};
