import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { aggregate, count, keyBy, topicSchema, topology } from '../../operators/index.js';
import { readDeadLetters, replayDeadLetters, type StoredDeadLetter } from '../../runtime/deadLetters.js';
import { memoryStorage, type MemoryStorage } from '../../runtime/testing/index.js';
import { around, event, events, timed, toResults } from '../operators/pipelines.js';
import { found, physical, record, run, send } from './engine/running.js';

const REGION = 'test';
const NOW_MS = 1_700_000_000_000;

/** Refuses what is tagged `bad` while `broken`: as a function that is corrected later. */
let broken = true;
const counting = around((source) =>
  source.pipe(
    map((one) => {
      if (broken && one.value.tag === 'bad') throw new Error('not today');
      return one;
    }),
    aggregate('total', { n: count() }),
  ),
);
/** Refuses the same in a second task. */
const regrouped = topology('regrouped', { version: 1 }, ({ source }) => {
  source(events, timed).pipe(
    keyBy('by-tag', { key: ({ tag }) => tag, value: topicSchema(events) }),
    map((one) => {
      if (broken && one.key === 'bad') throw new Error('not today');
      return one;
    }),
    aggregate('total', { n: count() }),
    toResults(),
  );
});
/** A second topology that reads the same. */
const twin = topology('twin', { version: 1 }, ({ source }) => {
  source(events, timed).pipe(aggregate('total', { n: count() }), toResults());
});

/** Three records, of which the second fails in the function and the third is garbage with a header of its own. */
async function withLetters(): Promise<MemoryStorage> {
  broken = true;
  const storage = memoryStorage({ now: () => NOW_MS });
  await run(storage, counting);
  const garbage = { ...record(events, event('g', 3), 5), value: Buffer.from('garbage'), header: Buffer.from('foreign') };
  await send(storage, record(events, event('a', 1), 5), record(events, event('a', 2, { tag: 'bad' }), 5), garbage);
  await run(storage, counting);
  return storage;
}

async function lettersOf(storage: MemoryStorage): Promise<StoredDeadLetter[]> {
  const letters: StoredDeadLetter[] = [];
  for await (const letter of readDeadLetters(storage, REGION)) letters.push(letter);
  return letters;
}
const replayAll = (storage: MemoryStorage, more: { dryRun?: boolean } = {}) =>
  replayDeadLetters(storage, readDeadLetters(storage, REGION), { region: REGION, ...more });

describe('the dead letters of a region', () => {
  it('are read with their place, their append time, and whether they went back', async () => {
    const storage = await withLetters();
    const stored = (await lettersOf(storage)).sort((a, b) => a.letter.sourceOffset - b.letter.sourceOffset);
    expect(stored.map(({ letter }) => [letter.code, letter.sourceTopic, letter.sourcePartition, letter.sourceOffset])).toEqual([
      ['SFS_PROCESSING_FAILED', 'test.events', 5, 1],
      ['SFS_WIRE_FORMAT', 'test.events', 5, 2],
    ]);
    expect(stored.every(({ appendTimeMs, replayedAtMs }) => appendTimeMs === NOW_MS && replayedAtMs === null)).toBe(true);
    for (const { partition, offset, letter } of stored) {
      expect(storage.log.read('test.dead-letters', partition, offset, 1)[0]!.key!.toString()).toBe(letter.id);
    }
  });

  it('are none in a region that has none, or no such topic', async () => {
    expect(await lettersOf(memoryStorage())).toEqual([]);
  });
});

describe('a replay of dead letters', () => {
  it('sends the record back to its topic: same partition, key, bytes and header', async () => {
    const storage = await withLetters();
    expect(await replayAll(storage)).toEqual({ replayed: 2, alreadyReplayed: 0, unreplayable: [] });
    const all = storage.log.read(physical(events), 5, 0, 100);
    const bytes = ({ key, value, header }: (typeof all)[number]): unknown => ({ key, value, header });
    expect(all.slice(3).map(bytes)).toEqual(expect.arrayContaining(all.slice(1, 3).map(bytes)));
    expect(all).toHaveLength(5);
    expect((await lettersOf(storage)).map(({ replayedAtMs }) => replayedAtMs)).toEqual([NOW_MS, NOW_MS]);
  });

  it('is taken again from a topic that a task writes, though its reader has had its sequence number', async () => {
    broken = true;
    const storage = memoryStorage({ now: () => NOW_MS });
    await run(storage, regrouped);
    await send(storage, record(events, event('a', 1, { tag: 'bad' }), 5), record(events, event('a', 2, { tag: 'good' }), 5));
    await run(storage, regrouped);
    expect(found(storage).map(([key]) => key)).toEqual(['good']);
    broken = false;
    expect(await replayAll(storage)).toMatchObject({ replayed: 1 });
    await run(storage, regrouped);
    expect(new Set(found(storage).map(([key]) => key))).toEqual(new Set(['good', 'bad']));
  });

  it('lets the topology process it, once the cause is gone', async () => {
    const storage = await withLetters();
    broken = false;
    await replayAll(storage);
    await run(storage, counting);
    expect(found(storage)).toEqual([
      ['a', 1, { n: 1 }],
      ['a', 2, { n: 2 }],
    ]);
  });

  it('sends each record back once, however often it is called', async () => {
    const storage = await withLetters();
    await replayAll(storage);
    expect(await replayAll(storage)).toEqual({ replayed: 0, alreadyReplayed: 2, unreplayable: [] });
    expect(storage.log.range(physical(events), 5).end).toBe(5);
  });

  it('sends a record that two topologies refused back once', async () => {
    const storage = memoryStorage({ now: () => NOW_MS });
    await run(storage, [counting, twin]);
    await send(storage, { ...record(events, event('a', 1), 5), value: Buffer.from('garbage') });
    await run(storage, [counting, twin]);
    expect((await lettersOf(storage)).map(({ letter }) => letter.topology).sort()).toEqual(['twin', 'under-test']);
    expect(await replayAll(storage)).toEqual({ replayed: 1, alreadyReplayed: 1, unreplayable: [] });
    expect(storage.log.range(physical(events), 5).end).toBe(2);
  });

  it('only counts on a dry run', async () => {
    const storage = await withLetters();
    expect(await replayAll(storage, { dryRun: true })).toMatchObject({ replayed: 2 });
    expect(storage.log.range(physical(events), 5).end).toBe(3);
    expect((await lettersOf(storage)).map(({ replayedAtMs }) => replayedAtMs)).toEqual([null, null]);
  });

  it('says which letters hold no record, or come from no topic', async () => {
    const storage = await withLetters();
    const [stored] = await lettersOf(storage);
    const letter = stored!.letter;
    // As a throw after the result of a window leaves it: sent back, its key without a value would be a tombstone.
    const timer = { ...stored!, letter: { ...letter, id: 'timer' as never, personal: { key: Buffer.from('a'), value: null, header: null } } };
    const file = { ...stored!, letter: { ...letter, id: 'file' as never, sourceTopic: 'studentVle.csv' } };
    const late = { ...stored!, letter: { ...letter, id: 'late' as never, code: 'SFS_LATE' } };
    const { replayed, unreplayable } = await replayDeadLetters(storage, [timer, file, late], { region: REGION });
    expect(replayed).toBe(0);
    expect(unreplayable.map(({ id }) => id)).toEqual(['timer', 'file', 'late']);
    expect(unreplayable[1]!.reason).toContain('studentVle.csv is no topic');
    expect(unreplayable[2]!.reason).toContain('counted twice');
    // A record at the same position goes back all the same.
    expect(await replayDeadLetters(storage, [timer, stored!], { region: REGION })).toMatchObject({ replayed: 1, alreadyReplayed: 0 });
  });

  it('puts a record where its key belongs when its topic has fewer partitions now', async () => {
    const storage = await withLetters();
    const [stored] = (await lettersOf(storage)).filter(({ letter }) => letter.code === 'SFS_PROCESSING_FAILED');
    const moved = { ...stored!, letter: { ...stored!.letter, sourcePartition: 40 } };
    await replayDeadLetters(storage, [moved], { region: REGION });
    const { partition } = record(events, event('a', 2));
    expect(storage.log.read(physical(events), partition, 0, 100).at(-1)).toMatchObject({
      key: Buffer.from('a'),
      value: stored!.letter.personal.value,
    });
  });

  it('takes thousands in commits of their own, each noted with what it sent', async () => {
    const storage = await withLetters();
    const [stored] = await lettersOf(storage);
    const many = Array.from({ length: 2_500 }, (_, n) => ({ ...stored!, letter: { ...stored!.letter, sourceOffset: 100 + n } }));
    const sizes: number[] = [];
    const commit = storage.commit.bind(storage);
    storage.commit = (one) => {
      sizes.push(one.outputs.length);
      expect(one.outputs.filter(({ topic }) => topic === 'test.dead-letters')).toHaveLength(one.outputs.length / 2);
      return commit(one);
    };
    expect(await replayDeadLetters(storage, many, { region: REGION })).toMatchObject({ replayed: 2_500 });
    expect(sizes).toEqual([2_000, 2_000, 1_000]);
  });
});
