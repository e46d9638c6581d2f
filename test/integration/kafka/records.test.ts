import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Collector, codeOf, DEADLINE_MS, drivers, newTopic, numbered, readAll, record, unique, until, valuesOf, write } from './fixtures.js';
import { brokerOfEachTest } from './brokerOfEachTest.js';

const TIMES_BACK = 12;
/** More than a paused partition holds before its client pauses, too. */
const MANY = 8_000;

describe.each(drivers)('records through %s', { timeout: 3 * DEADLINE_MS }, (driver) => {
  const kafka = brokerOfEachTest(driver);

  it('come back with their bytes, in order, with the time of the log', async () => {
    const topic = await newTopic(kafka.broker, { partitions: 2 });
    const before = Date.now();
    const binary = Buffer.from([0, 255, 1, 254, 0]);
    const written = [
      { topic, partition: 1, key: binary, value: binary, header: binary },
      { topic, partition: 1, key: binary, value: Buffer.alloc(0), header: null },
      { topic, partition: 1, key: Buffer.from('tombstone'), value: null, header: Buffer.alloc(0) },
      { topic, partition: 1, key: null, value: binary, header: null },
    ];
    await write(kafka.broker, written);
    expect(written[0]!.value).toBe(binary);
    const read = await readAll(kafka.broker, topic, 1);
    expect(read.map(({ key, value, header }) => ({ key, value, header }))).toEqual(written.map(({ key, value, header }) => ({ key, value, header })));
    expect(read.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
    expect(read[0]!.appendTimeMs).toBeGreaterThanOrEqual(before - 1_000);
    expect(read[0]!.appendTimeMs).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(await readAll(kafka.broker, topic, 0)).toEqual([]);
  });

  it('keep their order by partition, through many calls that do not wait', async () => {
    const topic = await newTopic(kafka.broker, { partitions: 2 });
    const producer = await kafka.broker.producer({ transactionalId: null });
    await Promise.all(
      Array.from({ length: 20 }, (_, call) => producer.send([...numbered(topic, 0, call * 10, 10), ...numbered(topic, 1, call * 10, 10)])),
    );
    await producer.close();
    const expected = Array.from({ length: 200 }, (_, index) => `v${index}`);
    expect(await valuesOf(kafka.broker, topic, 0)).toEqual(expected);
    expect(await valuesOf(kafka.broker, topic, 1)).toEqual(expected);
  });

  it('are markers without a key on a compacted topic, too', async () => {
    const topic = await newTopic(kafka.broker, { cleanup: 'compact' });
    await write(kafka.broker, [
      record(topic, 0, null, null, 'task-1|10'),
      record(topic, 0, 'key', null, 'header'),
      record(topic, 0, null, null, 'task-2|20'),
    ]);
    const read = await readAll(kafka.broker, topic);
    expect(read.map(({ key, value, header }) => [key?.toString() ?? null, value, header?.toString() ?? null])).toEqual([
      [null, null, 'task-1|10'],
      ['key', null, 'header'],
      [null, null, 'task-2|20'],
    ]);
  });

  it('are refused under the key of a marker', async () => {
    const topic = await newTopic(kafka.broker);
    const producer = await kafka.broker.producer({ transactionalId: null });
    expect(await codeOf(producer.send([record(topic, 0, 'first', 'v'), record(topic, 0, '\0skillforge-marker:x', 'v')]))).toBe('SFS_KEY_INVALID');
    await producer.close();
    expect(await readAll(kafka.broker, topic)).toEqual([]);
  });

  it('that are too large are refused, and the producer goes on', async () => {
    const topic = await newTopic(kafka.broker);
    const producer = await kafka.broker.producer({ transactionalId: null });
    const large = { topic, partition: 0, key: Buffer.from('large'), value: Buffer.alloc(3_000_000, 1), header: null };
    expect(await codeOf(producer.send([large]))).toBe('SFS_RECORD_TOO_LARGE');
    await producer.send(numbered(topic, 0, 0, 2));
    await producer.close();
    expect(await valuesOf(kafka.broker, topic)).toEqual(['v0', 'v1']);
  });

  it('come without a gap after the reader has gone back, whatever was under way then', async () => {
    const topic = await newTopic(kafka.broker);
    const producer = await kafka.broker.producer({ transactionalId: null });
    let written = 2_000;
    await producer.send(numbered(topic, 0, 0, written));
    let next = 0;
    let isMoving = false;
    const gaps: string[] = [];
    const reader = await kafka.broker.reader({
      onRecords: ({ records, nextOffset }) => {
        const first = records[0]?.offset ?? next;
        const last = records.at(-1)?.offset ?? next - 1;
        if (isMoving || first !== next || nextOffset !== last + 1) gaps.push(`${next}: ${first} to ${last}, then ${nextOffset}`);
        next = nextOffset;
      },
      onError: (error) => gaps.push(error.message),
    });
    await reader.assign([{ topic, partition: 0, offset: 0 }]);
    for (let time = 0; time < TIMES_BACK; time++) {
      await producer.send(numbered(topic, 0, written, 10));
      written += 10;
      await until('all that is written', () => next === written || gaps.length > 0);
      // As long as the client waits for more, so that it comes to the end now and then while the reader goes.
      await sleep(time * 23);
      isMoving = true;
      reader.pause(topic, 0);
      const back = (time * 97) % 1_000;
      await reader.seek(topic, 0, back);
      next = back;
      isMoving = false;
      reader.resume(topic, 0);
    }
    await until('all that is written', () => next === written || gaps.length > 0);
    expect(gaps).toEqual([]);
    await reader.close();
    await producer.close();
  });

  it('come again where a partition is chosen anew that was paused with much behind it', async () => {
    const topic = await newTopic(kafka.broker);
    await write(kafka.broker, numbered(topic, 0, 0, MANY));
    let came = 0;
    const reader = await kafka.broker.reader({
      onRecords: ({ records }) => {
        came += records.length;
        reader.pause(topic, 0);
      },
      onError: (error) => expect.unreachable(error.message),
    });
    await reader.assign([{ topic, partition: 0, offset: 0 }]);
    await until('the first records', () => came > 0);
    // The client holds some of what comes, and then pauses by itself.
    await sleep(1_000);
    await reader.assign([]);
    came = 0;
    await reader.assign([{ topic, partition: 0, offset: 0 }]);
    await until('records of the new assignment', () => came > 0, 20_000);
    await reader.close();
  });

  it('of an unknown topic are refused, by writers and readers', async () => {
    const topic = unique('missing');
    const producer = await kafka.broker.producer({ transactionalId: null });
    expect(await codeOf(producer.send([record(topic, 0, 'k', 'v')]))).toBe('SFS_TOPIC_UNKNOWN');
    await producer.close();
    const reader = await kafka.broker.reader(new Collector());
    expect(await codeOf(reader.assign([{ topic, partition: 0, offset: 0 }]))).toBe('SFS_TOPIC_UNKNOWN');
  });

  it('are read from any offset, and an offset that is not there is refused', async () => {
    const topic = await newTopic(kafka.broker, { partitions: 2 });
    await write(kafka.broker, [...numbered(topic, 0, 0, 100), ...numbered(topic, 1, 0, 10)]);
    const collector = new Collector();
    const reader = await kafka.broker.reader(collector);
    await reader.assign([{ topic, partition: 0, offset: 90 }]);
    await until('the end', () => collector.atEnd(topic));
    expect(collector.values(topic)).toEqual(Array.from({ length: 10 }, (_, index) => `v${90 + index}`));
    collector.fetched.length = 0;
    await reader.seek(topic, 0, 97);
    await until('the end again', () => collector.atEnd(topic));
    expect(collector.values(topic)).toEqual(['v97', 'v98', 'v99']);
    await reader.seek(topic, 1, 8);
    await until('the end of the other', () => collector.atEnd(topic, 1));
    expect(collector.values(topic, 1)).toEqual(['v8', 'v9']);
    expect(collector.values(topic)).toEqual(['v97', 'v98', 'v99']);
    expect(await codeOf(reader.seek(topic, 0, 101))).toBe('SFS_OFFSET_OUT_OF_RANGE');
    // What comes later is read too.
    await write(kafka.broker, [...numbered(topic, 0, 100, 1), ...numbered(topic, 1, 10, 1)]);
    await until('what comes later', () => collector.nextOffset(topic, 0) === 101 && collector.nextOffset(topic, 1) === 11);
    expect(collector.errors).toEqual([]);
  });

  it('of a paused partition wait, while another goes on', async () => {
    const topic = await newTopic(kafka.broker, { partitions: 2 });
    await write(kafka.broker, [...numbered(topic, 0, 0, 10), ...numbered(topic, 1, 0, 10)]);
    const collector = new Collector();
    const reader = await kafka.broker.reader(collector);
    await reader.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })));
    await until('both ends', () => collector.atEnd(topic, 0) && collector.atEnd(topic, 1));
    reader.pause(topic, 0);
    await write(kafka.broker, [...numbered(topic, 0, 10, 3_000), ...numbered(topic, 1, 10, 3_000)]);
    await until('the other', () => collector.nextOffset(topic, 1) === 3_010);
    expect(collector.records(topic, 0)).toHaveLength(10);
    reader.resume(topic, 0);
    await until('the resumed one', () => collector.nextOffset(topic, 0) === 3_010);
    expect(collector.values(topic, 0)).toEqual(Array.from({ length: 3_010 }, (_, index) => `v${index}`));
    // Sought while paused.
    reader.pause(topic, 0);
    collector.fetched.length = 0;
    await reader.seek(topic, 0, 3_000);
    expect(collector.records(topic, 0)).toEqual([]);
    reader.resume(topic, 0);
    await until('the end', () => collector.nextOffset(topic, 0) === 3_010);
    expect(collector.values(topic, 0)).toEqual(Array.from({ length: 10 }, (_, index) => `v${3_000 + index}`));
  });

  it('pause in the middle of being handed out, and no record is lost or doubled', async () => {
    const topic = await newTopic(kafka.broker);
    await write(kafka.broker, numbered(topic, 0, 0, 20_000));
    const values: (string | null)[] = [];
    let end = 0;
    let paused = false;
    const reader = await kafka.broker.reader({
      onRecords: (fetched) => {
        expect(paused).toBe(false);
        values.push(...fetched.records.map(({ value }) => value?.toString() ?? null));
        end = fetched.nextOffset;
        paused = true;
        reader.pause(topic, 0);
        setTimeout(() => {
          paused = false;
          reader.resume(topic, 0);
        }, 1);
      },
      onError: (error) => values.push(error.code),
    });
    await reader.assign([{ topic, partition: 0, offset: 0 }]);
    await until('the end', () => end === 20_000);
    expect(values).toEqual(Array.from({ length: 20_000 }, (_, index) => `v${index}`));
  });
});
