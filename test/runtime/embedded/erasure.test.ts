import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEmbedded, verifyEmbedded, type EmbeddedStorage } from '../../../runtime/embedded/index.js';
import { makeRing } from '../../../runtime/keys/folderRing.js';
import { localRecords } from '../../../runtime/localTools.js';
import { newFolder } from '../../fixtures/folders.js';

const OPTIONS = { upkeepIntervalMs: 0, segmentBytes: 200 };
const bytes = (text: string): Buffer => Buffer.from(text);

const appended = (storage: EmbeddedStorage, topic: string, keys: readonly string[]): Promise<void> =>
  storage.log.append(keys.map((key, n) => ({ topic, partition: 0, key: bytes(key), value: bytes(`${key} value ${n}`), header: null })));

const keysIn = (storage: EmbeddedStorage, topic: string): [number, string][] =>
  [...localRecords(storage.log, topic, 0)].map(({ offset, key }) => [offset, key!.toString()]);

/** A folder with records of two keys, rows and timers of both, and a document. */
async function filled(): Promise<{ readonly folder: string; readonly storage: EmbeddedStorage }> {
  const folder = newFolder();
  const storage = await openEmbedded(folder, OPTIONS);
  for (const name of ['t.a', 't.b']) storage.log.ensureTopic({ name, partitions: 1, cleanup: 'delete', retentionMs: null });
  await appended(
    storage,
    't.a',
    Array.from({ length: 40 }, (_, n) => (n % 3 === 0 ? 'erased-one' : 'kept-one')),
  );
  await appended(storage, 't.b', ['erased-one']);
  const rows = ['erased-one', 'kept-one'].map((key) => ({ store: 'rows', key, value: bytes(`row of ${key}`) }));
  const timers = ['erased-one', 'kept-one'].map((key) => ({ queue: 'timers', timeMs: 7, tiebreak: `${key}\0`, payload: bytes('') }));
  await storage.commit({ task: 'x@1/0/0', outputs: [], state: rows, queue: timers, progress: bytes('{}') });
  await storage.documents.put('a document', bytes('whatever'));
  return { folder, storage };
}

const sweepOut = (storage: EmbeddedStorage) =>
  storage.sweep({
    record: (_, record) => (record.key?.toString() === 'erased-one' ? null : record),
    row: ({ key, value }) => (key === 'erased-one' ? null : value),
    keepsTimer: ({ tiebreak }) => !tiebreak.startsWith('erased-one'),
  });

describe('a sweep', () => {
  it('takes out what it is told to, wherever it stands, and leaves the offsets of the rest', async () => {
    const { storage } = await filled();
    const kept = keysIn(storage, 't.a').filter(([, key]) => key === 'kept-one');
    expect(await sweepOut(storage)).toEqual({ records: { 't.a': 14, 't.b': 1 }, rows: 1, timers: 1 });
    expect(keysIn(storage, 't.a')).toEqual(kept);
    expect([keysIn(storage, 't.b'), storage.log.range('t.b', 0)]).toEqual([[], { start: 0, end: 1 }]);
    expect([...storage.contents.rows()].map(({ task, store, key }) => [task, store, key])).toEqual([['x@1/0/0', 'rows', 'kept-one']]);
    expect([...storage.contents.timers()].map(({ queue, tiebreak }) => [queue, tiebreak])).toEqual([['timers', 'kept-one\0']]);
    expect(await sweepOut(storage)).toEqual({ records: {}, rows: 0, timers: 0 });
    await appended(storage, 't.b', ['later']);
    expect(keysIn(storage, 't.b')).toEqual([[1, 'later']]);
    await storage.close();
  });

  it('puts other values in the place of some, under their offsets', async () => {
    const { storage } = await filled();
    const counts = await storage.sweep({
      record: (topic, record) => {
        const { offset, appendTimeMs, key, header } = record;
        return topic === 't.b' ? { offset, appendTimeMs, key, value: bytes('another'), header } : record;
      },
      row: ({ value }) => (value.includes('kept') ? bytes('changed') : value),
      keepsTimer: () => true,
    });
    expect(counts).toEqual({ records: { 't.b': 1 }, rows: 1, timers: 0 });
    expect(storage.log.read('t.b', 0, 0, 1)[0]!.value!.toString()).toBe('another');
    expect(storage.tasks.get('x@1/0/0', 'rows', 'kept-one')!.toString()).toBe('changed');
    await storage.close();
  });

  it('seals again what takes the place of a row that tells of several learners', async () => {
    const folder = newFolder();
    await makeRing(folder, { file: join(newFolder(), 'kek.json') }, 1);
    const storage = await openEmbedded(folder, OPTIONS);
    const schema = { type: 'record', name: 'Answer', fields: [{ name: 'learner', type: 'string' }] };
    await storage.documents.put('state-schemas/x@1/answers', bytes(JSON.stringify([schema])));
    const row = { store: 'answers', key: 'algebra', value: bytes('of ada and of bob'), isOfSeveral: true };
    await storage.commit({ task: 'x@1/0/0', outputs: [], state: [row], queue: [], progress: bytes('{}') });
    await storage.sweep({ record: (_, record) => record, row: () => bytes('of bob alone'), keepsTimer: () => true });
    expect(storage.tasks.get('x@1/0/0', 'answers', 'algebra')!.toString()).toBe('of bob alone');
    await storage.renew();
    const file = readFileSync(join(folder, 'data.mdb'));
    expect(['of ada and of bob', 'of bob alone'].filter((text) => file.includes(text))).toEqual([]);
    // And the key that it lies under is on the disk.
    const again = await openEmbedded(folder, OPTIONS);
    expect(again.tasks.get('x@1/0/0', 'answers', 'algebra')!.toString()).toBe('of bob alone');
    await again.close();
  });
});

describe('a data file that is written anew', () => {
  it('holds what was there, and no byte of what was taken out', async () => {
    const { folder, storage } = await filled();
    await sweepOut(storage);
    const before = { records: keysIn(storage, 't.a'), progress: storage.tasks.progress('x@1/0/0'), document: storage.documents.get('a document') };
    await storage.flushed();
    // LMDB has freed the pages, and left what was on them.
    expect(readFileSync(join(folder, 'data.mdb')).includes('erased-one')).toBe(true);
    await storage.renew();
    expect(readFileSync(join(folder, 'data.mdb')).includes('erased-one')).toBe(false);
    expect(verifyEmbedded(folder).problems).toEqual([]);
    expect(readdirSync(folder).filter((name) => /^\.new|\.sock$/.test(name))).toEqual([]);
    const again = await openEmbedded(folder, OPTIONS);
    expect({ records: keysIn(again, 't.a'), progress: again.tasks.progress('x@1/0/0'), document: again.documents.get('a document') }).toEqual(before);
    await appended(again, 't.a', ['later']);
    expect(keysIn(again, 't.a').at(-1)).toEqual([40, 'later']);
    await again.close();
  });

  it('closes the storage, and is refused to a reader', async () => {
    const { folder, storage } = await filled();
    await storage.renew();
    expect(() => storage.documents.get('a document')).toThrow(expect.objectContaining({ code: 'SFS_STORAGE_CLOSED' }) as Error);
    await storage.close();
    const reading = await openEmbedded(folder, { ...OPTIONS, readOnly: true });
    await expect(reading.renew()).rejects.toMatchObject({ code: 'SFS_STORAGE_READ_ONLY' });
    await reading.close();
    expect(existsSync(join(folder, 'data.mdb'))).toBe(true);
  });
});

describe('an erased key', () => {
  it('takes no records but tombstones, in a folder that is opened again too, until it is accepted', async () => {
    const { folder, storage } = await filled();
    expect(storage.erasedSince('erased-one')).toBeNull();
    await storage.eraseKey('erased-one', 5);
    await storage.eraseKey('erased-one', 9);
    await storage.close();
    const again = await openEmbedded(folder, OPTIONS);
    expect([again.erasedSince('erased-one'), again.erasedSince('kept-one')]).toEqual([5, null]);
    expect(again.documents.get('erased-keys')!.includes('erased-one')).toBe(false);
    await appended(again, 't.b', ['erased-one', 'other', 'erased-one']);
    await again.log.append([{ topic: 't.b', partition: 0, key: bytes('erased-one'), value: null, header: null }]);
    await appended(again, 't.b', ['erased-one']);
    const task = { task: 'x@1/0/0', state: [], queue: [], progress: bytes('{"n":2}') };
    await again.commit({ ...task, outputs: [{ topic: 't.b', partition: 0, key: bytes('erased-one'), value: bytes('x'), header: null }] });
    expect(keysIn(again, 't.b')).toEqual([
      [0, 'erased-one'],
      [1, 'other'],
      [2, 'erased-one'],
    ]);
    expect(again.tasks.progress('x@1/0/0')!.toString()).toBe('{"n":2}');
    await again.acceptKey('erased-one');
    await appended(again, 't.b', ['erased-one']);
    expect(keysIn(again, 't.b').at(-1)).toEqual([3, 'erased-one']);
    await again.close();
  });

  it('is taken in topics whose keys are of something else: an item may be called as a learner is', async () => {
    const storage = await openEmbedded(newFolder(), OPTIONS);
    const topics = ['t.clicks', 't.catalogue', 't.item-trends', 't.books', 't.notes'];
    for (const name of topics) storage.log.ensureTopic({ name, partitions: 1, cleanup: 'delete', retentionMs: null });
    const schema = (field: string): Buffer => bytes(JSON.stringify({ type: 'record', name: 'Own', fields: [{ name: field, type: 'string' }] }));
    await storage.documents.put('topic-schemas/t.books', schema('book'));
    await storage.documents.put('topic-schemas/t.notes', schema('learner'));
    await storage.eraseKey('7', 5);
    for (const topic of topics) await appended(storage, topic, ['7', '8']);
    expect(topics.map((topic) => keysIn(storage, topic).map(([, key]) => key))).toEqual([['8'], ['7', '8'], ['7', '8'], ['7', '8'], ['8']]);
    await storage.close();
  });
});
