import { describe, expect, it } from 'vitest';
import { readHeader, readOrigin } from '../../../runtime/engine/header.js';
import { Outputs, type Target } from '../../../runtime/engine/outputs.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { LocalSchemaIds, topicCodec, topics, type DeadLetter, type Opened, type Topic } from '../../../schemas/index.js';
import { asides, derived, results } from '../../operators/pipelines.js';

const ids = LocalSchemaIds.withAccepted();
const producer = { name: 'under-test@2/0', partition: 3, count: 12 };
const times = { eventTimeMs: 10, streamTimeMs: 12, watermarkMs: 7 };
const origin = { topic: 'test.events', partition: 3, offset: 41, index: 0 };
const plain = (topic: unknown): Topic<string, unknown> => topic as Topic<string, unknown>;
const targetOf = (topic: Topic<string, unknown>): Target => ({
  topic,
  physicalName: `test.${topic.name}`,
  partitions: topic.partitions,
  codec: topicCodec(topic, ids),
});
const outputsWith = (marked: { target: Target; delayMs: number }[] = [], sent: Record<string, number[]> = {}): Outputs =>
  new Outputs({ producer, topology: 'under-test', version: 2, region: 'test', targetOf, marked, sent });
const result = (key: string) => ({ key, value: { key, json: '{}' }, timestamp: 10 });

describe('what a task sends', () => {
  it('goes to the partition of its key, with its times and the input that caused it', () => {
    const outputs = outputsWith();
    outputs.send(plain(results), result('a'), times, { ...origin, index: 5 });
    const [sent] = outputs.drain();
    expect(sent).toMatchObject({ topic: 'test.results', partition: partitionOf(Buffer.from('a'), 12), key: Buffer.from('a') });
    expect(readHeader(sent!.header)).toMatchObject({ marker: false, producer, ...times });
    expect(readOrigin(sent!.header)).toEqual({ ...origin, index: 5 });
  });

  it('is a tombstone where the value is null', () => {
    const outputs = outputsWith();
    outputs.send(plain(results), { key: 'a', value: null, timestamp: 10 }, times, origin);
    expect(outputs.drain()[0]).toMatchObject({ key: Buffer.from('a'), value: null });
  });

  it('may be left out for a later one of its key where its topic is compacted and no topology reads it record by record', () => {
    const outputs = outputsWith();
    for (const [cleanup, derived] of [
      ['compact', false],
      ['compact', true],
      ['delete', false],
    ] as const) {
      outputs.send(plain({ ...results, cleanup, derived }), result('a'), times, origin);
    }
    expect(outputs.drain().map(({ isLatestOnly }) => isLatestOnly)).toEqual([true, false, false]);
  });

  it('is refused where it is not what the topic’s schema says', () => {
    expect(() => outputsWith().send(plain(results), { key: 'a', value: { key: 'a' }, timestamp: 10 }, times, origin)).toThrow(
      expect.objectContaining({ code: 'SFS_ENCODE_FAILED' }),
    );
  });

  it('is refused where a broker would refuse it later; a dead letter may be larger', () => {
    const outputs = outputsWith();
    const large = 'a'.repeat(1_000_000);
    expect(() => outputs.send(plain(results), result(large), times, origin)).toThrow(expect.objectContaining({ code: 'SFS_RECORD_TOO_LARGE' }));
    expect(outputs.size).toBe(0);
    const failure = { code: 'SFS_WIRE_FORMAT', reason: 'none', stage: null, eventTimeMs: null };
    outputs.deadLetter(failure, { key: null, value: Buffer.alloc(1_048_000), header: null }, times, origin);
    expect(outputs.size).toBe(1);
  });

  it('is refused in a copartitioned topic where the key belongs to another task’s partition', () => {
    const own = { ...plain(results), copartitioned: true };
    const keyIn = (partition: number): string =>
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].find((key) => partitionOf(Buffer.from(key), 12) === partition)!;
    const outputs = outputsWith();
    const elsewhere = partitionOf(Buffer.from('a'), 12);
    expect(() => outputs.send(own, result('a'), times, origin)).toThrow(
      expect.objectContaining({
        code: 'SFS_NOT_COPARTITIONED',
        message: `key "a" of topic results belongs to partition ${elsewhere}, and this task writes partition 3 alone`,
      }),
    );
    expect(outputs.size).toBe(0);
    outputs.send(own, result(keyIn(3)), times, origin);
    expect(outputs.drain()).toMatchObject([{ partition: 3 }]);
  });

  it('is taken back to the mark when its input fails, and its bytes are counted until the commit', () => {
    const outputs = outputsWith();
    outputs.send(plain(results), result('a'), times, origin);
    outputs.mark();
    outputs.send(plain(results), result('b'), times, origin);
    outputs.undo();
    expect(outputs.size).toBe(1);
    expect(outputs.byteSize).toBeGreaterThan(0);
    expect(outputs.drain().map(({ key }) => key!.toString())).toEqual(['a']);
    expect([outputs.size, outputs.byteSize, outputs.drain()]).toEqual([0, 0, []]);
  });
});

describe('the sequence numbers of what a task sends', () => {
  const numbersOf = (outputs: Outputs): (readonly [partition: number, number: number])[] =>
    outputs.drain().map(({ partition, header }) => [partition, readHeader(header)!.sequence] as const);
  const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

  it('count the records of each partition of each topic by itself, over commits', () => {
    const sent = {};
    const outputs = outputsWith([], sent);
    const sendAll = (): void => {
      for (const key of keys) {
        outputs.send(plain(results), result(key), times, origin);
        outputs.send(plain(asides), result(key), times, origin);
      }
    };
    sendAll();
    const numbers = [...numbersOf(outputs)];
    sendAll();
    numbers.push(...numbersOf(outputs));
    for (const topic of [results, asides]) {
      const all = keys.map((key) => partitionOf(Buffer.from(key), topic.partitions));
      for (const partition of new Set(all)) {
        const found = numbers.filter(([at], n) => at === partition && (n % 2 === 0) === (topic === results)).map(([, number]) => number);
        expect(found).toEqual(Array.from({ length: 2 * all.filter((at) => at === partition).length }, (_, n) => n + 1));
      }
    }
    // A task that begins from there goes on counting.
    const again = outputsWith([], JSON.parse(JSON.stringify(sent)) as Record<string, number[]>);
    again.send(plain(results), result('a'), times, origin);
    const [[partition, number]] = numbersOf(again) as [readonly [number, number]];
    expect(number).toBe(numbers.filter(([at], n) => at === partition && n % 2 === 0).length + 1);
  });

  it('are given again when their input is taken back', () => {
    const sent = {};
    const outputs = outputsWith([], sent);
    outputs.send(plain(results), result('a'), times, origin);
    outputs.mark();
    const before = structuredClone(sent);
    for (const key of keys) outputs.send(plain(results), result(key), times, origin);
    outputs.undo();
    expect(sent).toEqual(before);
    outputs.send(plain(results), result('a'), times, origin);
    expect(numbersOf(outputs).map(([, number]) => number)).toEqual([1, 2]);
  });

  it('are for records alone: markers, dead letters and decisions have none', () => {
    const sent = {};
    const outputs = outputsWith([{ target: targetOf(plain(derived)), delayMs: 0 }], sent);
    outputs.mark();
    outputs.sendMarkers(times, { idle: false, end: false });
    outputs.deadLetter({ code: 'SFS_LATE', reason: 'it came late', stage: 'window', eventTimeMs: 10 }, null, times, origin);
    expect(new Set(numbersOf(outputs).map(([, number]) => number))).toEqual(new Set([0]));
    expect(sent).toEqual({});
  });
});

describe('markers', () => {
  it('go to every partition of every marked topic, less what the stages before hold back', () => {
    const outputs = outputsWith([
      { target: targetOf(plain(derived)), delayMs: 0 },
      { target: { ...targetOf(plain(derived)), physicalName: 'test.other', partitions: 2 }, delayMs: 4 },
    ]);
    outputs.sendMarkers({ ...times, watermarkMs: 100 }, { idle: true, end: false });
    const sent = outputs.drain();
    const seen = sent.map(({ topic, partition, header }) => [topic, partition, readHeader(header)!.watermarkMs, readHeader(header)!.idle]);
    expect(seen).toEqual([
      ...Array.from({ length: 12 }, (_, partition) => ['test.derived', partition, 100, true]),
      ['test.other', 0, 96, true],
      ['test.other', 1, 96, true],
    ]);
    expect(sent.every(({ key, value }) => key === null && value === null)).toBe(true);
  });

  it('go to the task’s own partition alone of a copartitioned topic', () => {
    const outputs = outputsWith([{ target: { ...targetOf(plain(derived)), topic: { ...plain(derived), copartitioned: true } }, delayMs: 0 }]);
    outputs.sendMarkers(times, { idle: false, end: false });
    expect([outputs.size, outputs.results]).toEqual([1, 0]);
    expect(outputs.drain().map(({ partition }) => partition)).toEqual([producer.partition]);
  });
});

describe('a dead letter', () => {
  const letterOf = (stage: string | null, index: number, eventTimeMs: number | null = 10): Opened<DeadLetter> => {
    const outputs = outputsWith();
    const bytes = { key: Buffer.from('a'), value: Buffer.from([1, 2]), header: null };
    outputs.deadLetter({ code: 'SFS_LATE', reason: 'it came late', stage, eventTimeMs }, bytes, times, { ...origin, index });
    const { topic, key, value } = outputs.drain()[0]!;
    expect(topic).toBe('test.dead-letters');
    return topicCodec(plain(topics.deadLetters), ids).decode(key!.toString(), value!) as Opened<DeadLetter>;
  };

  it('holds reason, code, stage, position and bytes', () => {
    expect(letterOf('window', 0)).toEqual({
      id: 'test.events/3/41/under-test/window',
      code: 'SFS_LATE',
      reason: 'it came late',
      stage: 'window',
      topology: 'under-test',
      topologyVersion: 2,
      sourceTopic: 'test.events',
      sourcePartition: 3,
      sourceOffset: 41,
      region: 'test',
      failedAtEventTimeMs: 10,
      personal: { key: Buffer.from('a'), value: Buffer.from([1, 2]), header: null },
    });
  });

  it('has an id of its own for each stage, and for each time that one input fails in it', () => {
    expect([letterOf(null, 0), letterOf('window', 2)].map(({ id }) => id)).toEqual([
      'test.events/3/41/under-test/source',
      'test.events/3/41/under-test/window/2',
    ]);
  });

  it('has no event time where the record has none that can be written', () => {
    for (const time of [null, NaN, Infinity, 1.5]) expect(letterOf(null, 0, time).failedAtEventTimeMs).toBeNull();
  });
});
