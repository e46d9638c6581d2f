/** The log part of the storage conformance suite. */
import { expect, it } from 'vitest';
import { output, put, taskCommit, topicSpec, type StorageUnderTest } from './storageFixtures.js';

export function logTests(subject: () => StorageUnderTest): void {
  it('gives records of a partition the offsets 0, 1, 2, … and reads them back unchanged', async () => {
    const { log } = subject().storage;
    log.ensureTopic(topicSpec());
    await log.append([output('a', '1'), output(null, null, { header: Buffer.from('h') }), output('', '')]);
    await log.append([output('b', '2')]);
    expect(log.range('eu.events', 0)).toEqual({ start: 0, end: 4 });
    const records = log.read('eu.events', 0, 0, 100);
    expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
    expect(records.map(({ key, value, header }) => [key?.toString() ?? null, value?.toString() ?? null, header?.toString() ?? null])).toEqual([
      ['a', '1', null],
      [null, null, 'h'],
      ['', '', null],
      ['b', '2', null],
    ]);
  });

  it('reads from any offset, at most as many records as asked for', async () => {
    const { log } = subject().storage;
    log.ensureTopic(topicSpec());
    for (let n = 0; n < 10; n += 5) await log.append(Array.from({ length: 5 }, (_, i) => output('k', String(n + i))));
    for (let from = 0; from <= 10; from++) {
      for (const max of [0, 1, 3, 100]) {
        const values = log.read('eu.events', 0, from, max).map(({ value }) => Number(value));
        expect(values).toEqual(Array.from({ length: Math.min(max, 10 - from) }, (_, i) => from + i));
      }
    }
  });

  it('keeps partitions apart', async () => {
    const { log } = subject().storage;
    log.ensureTopic(topicSpec());
    await log.append([output('a', 'in 0'), output('a', 'in 2', { partition: 2 }), output('b', 'in 2', { partition: 2 })]);
    expect([0, 1, 2].map((partition) => log.range('eu.events', partition).end)).toEqual([1, 0, 2]);
    expect(log.read('eu.events', 1, 0, 10)).toEqual([]);
    expect(log.read('eu.events', 2, 1, 10).map(({ value }) => String(value))).toEqual(['in 2']);
  });

  it('keeps values above 4 KB and above 1 MB', async () => {
    const { log } = subject().storage;
    log.ensureTopic(topicSpec());
    const sizes = [4097, 70_000, 1_200_000, 3];
    await log.append(sizes.map((size, i) => output('k', Buffer.alloc(size, i + 1))));
    const again = (await subject().reopen()).log;
    again.read('eu.events', 0, 0, 10).forEach(({ value }, i) => expect(value?.equals(Buffer.alloc(sizes[i]!, i + 1))).toBe(true));
  });

  it('refuses an offset that is not in the partition', async () => {
    const { log } = subject().storage;
    log.ensureTopic(topicSpec());
    await log.append([output('a', '1')]);
    expect(() => log.read('eu.events', 0, -1, 1)).toThrow(expect.objectContaining({ code: 'SFS_OFFSET_OUT_OF_RANGE' }));
    expect(() => log.read('eu.events', 0, 2, 1)).toThrow(expect.objectContaining({ code: 'SFS_OFFSET_OUT_OF_RANGE' }));
    expect(log.read('eu.events', 0, 1, 1)).toEqual([]);
  });

  it('takes a topic again with the same settings and refuses it with others', () => {
    const { log } = subject().storage;
    log.ensureTopic(topicSpec());
    log.ensureTopic(topicSpec());
    const mismatch: unknown = expect.objectContaining({ code: 'SFS_TOPIC_MISMATCH' });
    expect(() => log.ensureTopic(topicSpec({ partitions: 4 }))).toThrow(mismatch);
    expect(() => log.ensureTopic(topicSpec({ cleanup: 'compact' }))).toThrow(mismatch);
    expect(() => log.ensureTopic(topicSpec({ retentionMs: 5 }))).toThrow(mismatch);
  });

  it('refuses a topic or a partition that does not exist, and writes none of the call', async () => {
    const { log } = subject().storage;
    log.ensureTopic(topicSpec());
    expect(() => log.read('none', 0, 0, 1)).toThrow(expect.objectContaining({ code: 'SFS_TOPIC_UNKNOWN' }));
    await expect(log.append([output('a', '1'), output('a', '1', { topic: 'none' })])).rejects.toMatchObject({ code: 'SFS_TOPIC_UNKNOWN' });
    await expect(log.append([output('a', '1'), output('a', '1', { partition: 3 })])).rejects.toMatchObject({ code: 'SFS_PARTITION_UNKNOWN' });
    expect(log.range('eu.events', 0).end).toBe(0);
  });

  it('has topics and records after reopening', async () => {
    const { log } = subject().storage;
    log.ensureTopic(topicSpec());
    log.ensureTopic(topicSpec({ name: 'eu.table', cleanup: 'compact' }));
    await log.append([output('a', '1')]);
    const again = (await subject().reopen()).log;
    expect(
      again
        .topics()
        .map((spec) => spec.name)
        .sort(),
    ).toEqual(['eu.events', 'eu.table']);
    await again.append([output('a', '2')]);
    expect(again.read('eu.events', 0, 0, 10).map(({ offset, value }) => [offset, String(value)])).toEqual([
      [0, '1'],
      [1, '2'],
    ]);
  });

  it('tells listeners of an append once it can be read', async () => {
    const { log } = subject().storage;
    log.ensureTopic(topicSpec());
    const ends: number[] = [];
    const unsubscribe = log.onAppend(() => ends.push(log.range('eu.events', 0).end));
    await log.append([output('a', '1')]);
    await subject().storage.commit(taskCommit({ outputs: [output('a', '2')] }));
    await subject().storage.commit(taskCommit({ state: [put('k', 'v')] }));
    unsubscribe();
    await log.append([output('a', '3')]);
    expect(ends).toEqual([1, 2]);
  });

  it('hands out buffers that the receiver may change', async () => {
    const { log } = subject().storage;
    log.ensureTopic(topicSpec());
    await log.append(['a', 'b', 'c'].map((key) => output(key, `value of ${key}`)));
    for (const from of [0, 1, 0, 0]) for (const { key, value } of log.read('eu.events', 0, from, 2)) [key, value].forEach((bytes) => bytes!.fill(0));
    expect(log.read('eu.events', 0, 0, 10).map(({ key, value }) => `${String(key)}: ${String(value)}`)).toEqual([
      'a: value of a',
      'b: value of b',
      'c: value of c',
    ]);
  });

  it('returns buffers that later calls leave alone', async () => {
    const { log } = subject().storage;
    log.ensureTopic(topicSpec());
    await log.append([output('first', 'one')]);
    const kept = log.read('eu.events', 0, 0, 1)[0]!;
    for (let n = 0; n < 20; n++) await subject().storage.commit(taskCommit({ outputs: [output('x', 'y'.repeat(500))] }));
    expect([String(kept.key), String(kept.value)]).toEqual(['first', 'one']);
  });
}
