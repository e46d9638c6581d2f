import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { OutputRecord } from '../../../runtime/ports.js';
import { DEADLINE_MS, drivers, newTopic, until } from './fixtures.js';
import { brokerOfEachTest } from './brokerOfEachTest.js';

/** kafkajs writes half as fast. */
const COUNTS = { confluent: 1_000_000, kafkajs: 300_000 };
const PARTITIONS = 4;
const CALL = 20_000;
const BATCH = 2_000;
/** Where a task says that it has enough. */
const QUEUE_LIMIT = 10_000;
/** What may come on top: a fetch of kafkajs holds 512 KiB of a partition, a pull of librdkafka 1,000 records. */
const OVERSHOOT = 20_000;
const MEMORY_BYTES = 350e6;

/** Records of 100 bytes. */
function small(topic: string, from: number, count: number): OutputRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const value = Buffer.alloc(90);
    value.writeUInt32LE(from + index);
    return { topic, partition: (from + index) % PARTITIONS, key: Buffer.from(`key-${(from + index) % 1000}`), value, header: null };
  });
}

describe.each(drivers)('many records through %s', { timeout: 8 * DEADLINE_MS }, (driver) => {
  const count = COUNTS[driver];
  const kafka = brokerOfEachTest(driver);

  it('come in order, each once, in bounded memory, to a reader that takes its time', async () => {
    const topic = await newTopic(kafka.broker, { partitions: PARTITIONS });
    const producer = await kafka.broker.producer({ transactionalId: null });
    const writing = performance.now();
    for (let from = 0; from < count; from += CALL) await producer.send(small(topic, from, CALL));
    const writtenMs = performance.now() - writing;

    const queues = Array.from({ length: PARTITIONS }, () => ({ values: [] as number[], next: 0, paused: false }));
    let longest = 0;
    let wrong = 0;
    let seen = 0;
    let memory = 0;
    let works = false;
    const before = process.memoryUsage().rss;
    const work = (partition: number): void => {
      const queue = queues[partition]!;
      for (const value of queue.values.splice(0, BATCH)) {
        if (value !== queue.next * PARTITIONS + partition) wrong++;
        queue.next++;
        seen++;
      }
      if (queue.paused && queue.values.length < QUEUE_LIMIT / 2) {
        queue.paused = false;
        reader.resume(topic, partition);
      }
      if (queue.values.length > 0) setImmediate(work, partition);
      if (seen % 50 === 0) memory = Math.max(memory, process.memoryUsage().rss - before);
    };
    const reader = await kafka.broker.reader({
      onRecords: ({ partition, records }) => {
        const queue = queues[partition]!;
        const idle = queue.values.length === 0;
        for (const { value } of records) queue.values.push(value!.readUInt32LE());
        longest = Math.max(longest, queue.values.length);
        if (!queue.paused && queue.values.length > QUEUE_LIMIT) {
          queue.paused = true;
          reader.pause(topic, partition);
        }
        if (idle && works && records.length > 0) setImmediate(work, partition);
      },
      onError: () => wrong++,
    });
    const reading = performance.now();
    await reader.assign(queues.map((_, partition) => ({ topic, partition, offset: 0 })));
    // Nobody works: every partition fills its queue, and then nothing more comes.
    await until('full queues', () => queues.every(({ paused }) => paused));
    const full = queues.map(({ values }) => values.length);
    await sleep(1_000);
    expect(queues.map(({ values }) => values.length)).toEqual(full);
    works = true;
    for (const partition of queues.keys()) work(partition);
    await until('all records', () => seen === count, 6 * DEADLINE_MS);
    const readMs = performance.now() - reading;
    console.log(
      `${driver}: ${count} records of 100 bytes written in ${Math.round(writtenMs)} ms, read in ${Math.round(readMs)} ms; ` +
        `longest queue ${longest}, ${Math.round(memory / 1e6)} MB more memory`,
    );
    expect(wrong).toBe(0);
    expect(longest).toBeLessThan(QUEUE_LIMIT + OVERSHOOT);
    expect(memory).toBeLessThan(MEMORY_BYTES);
  });
});
