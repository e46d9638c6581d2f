import { afterEach, describe, expect, it } from 'vitest';
import { openEmbedded, type EmbeddedStorage } from '../../../runtime/embedded/index.js';
import { packCommit, unpackCommit } from '../../../runtime/embedded/threads/packedCommit.js';
import { StorageOwner } from '../../../runtime/embedded/threads/storageOwner.js';
import { receivedError, sentError } from '../../../runtime/embedded/threads/threadMessages.js';
import { ThreadStorage } from '../../../runtime/embedded/threads/threadStorage.js';
import type { OutputRecord, TaskCommit } from '../../../runtime/ports.js';
import { SkillForgeError } from '../../../schemas/index.js';
import { newFolder } from '../../fixtures/folders.js';

const output = (value: string, more: Partial<OutputRecord> = {}): OutputRecord => ({
  topic: 'events',
  partition: 1,
  key: Buffer.from('key'),
  value: Buffer.from(value),
  header: null,
  isLatestOnly: false,
  ...more,
});

const commitOf = (more: Partial<TaskCommit> = {}): TaskCommit => ({
  task: 'tëst@1/0/1',
  outputs: [],
  state: [],
  queue: [],
  progress: Buffer.from('progress'),
  ...more,
});

const WHOLE = commitOf({
  outputs: [
    output('one'),
    output('two', { topic: 'others', key: null, header: Buffer.from([0, 255]), owner: 'Zoë' }),
    output('', { value: null, isLatestOnly: true }),
  ],
  state: [
    { store: 'rows', key: 'ключ', value: Buffer.alloc(0), isOfSeveral: false },
    { store: 'rows', key: '', value: null, isOfSeveral: true },
    { store: 'others', key: 'k'.repeat(1900), value: Buffer.alloc(5_000, 7), isOfSeveral: false },
  ],
  queue: [
    { queue: 'q', timeMs: -1.5, tiebreak: 'a\0b', payload: null },
    { queue: 'q', timeMs: Number.MAX_SAFE_INTEGER, tiebreak: '𝄞', payload: Buffer.from('later') },
  ],
});

describe('a commit as one piece of memory', () => {
  it('is the same commit again', () => {
    for (const commit of [WHOLE, commitOf()]) expect(unpackCommit(packCommit(commit, undefined))).toEqual(commit);
  });

  it('uses the memory that is given where it is large enough, whatever is in it', () => {
    const room = new ArrayBuffer(1_000_000);
    new Uint8Array(room).fill(255);
    expect(packCommit(WHOLE, room)).toBe(room);
    expect(unpackCommit(room)).toEqual(WHOLE);
    expect(packCommit(WHOLE, new ArrayBuffer(10)).byteLength).toBeGreaterThan(5_000);
  });
});

describe('an error that is sent', () => {
  const again = (error: unknown): Error => receivedError(structuredClone(sentError(error)));

  it('keeps its code, its context and its causes', () => {
    const cause = new Error('below');
    const error = new SkillForgeError('SFS_STORAGE_FULL', 'no room', { retriable: true, cause, context: { folder: './data' } });
    const received = again(error);
    expect(received).toBeInstanceOf(SkillForgeError);
    expect(received).toMatchObject({ code: 'SFS_STORAGE_FULL', message: 'no room', retriable: true, context: { folder: './data' } });
    expect(received.cause).toMatchObject({ message: 'below' });
    expect(received.stack).toBe(error.stack);
  });

  it('gets no code where it had none, and may be anything', () => {
    expect(again(new TypeError('x is undefined'))).not.toBeInstanceOf(SkillForgeError);
    expect(again('a text')).toMatchObject({ message: 'a text' });
  });
});

describe('threads over the storage of another one', () => {
  const disposals: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const dispose of disposals.splice(0).reverse()) await dispose();
  });

  async function opened(count: number): Promise<{ storage: EmbeddedStorage; owner: StorageOwner; threads: ThreadStorage[] }> {
    const folder = newFolder();
    const storage = await openEmbedded(folder, { upkeepIntervalMs: 0 });
    disposals.push(() => storage.close());
    for (const name of ['events', 'others']) storage.log.ensureTopic({ name, partitions: 2, cleanup: 'delete', retentionMs: null });
    await storage.flushed();
    const owner = new StorageOwner(storage, count);
    disposals.push(() => Promise.resolve(owner.close()));
    const threads: ThreadStorage[] = [];
    for (const port of owner.ports) threads.push(await ThreadStorage.open(folder, port));
    for (const thread of threads) disposals.push(() => thread.close());
    return { storage, owner, threads };
  }

  const running = new AbortController().signal;

  it('commit through it, and read what was committed', async () => {
    const { storage, threads } = await opened(2);
    const [first, second] = threads as [ThreadStorage, ThreadStorage];
    let heard = 0;
    second.log.onAppend(() => heard++);
    await first.commit(WHOLE);
    expect(first.log.range('events', 1)).toEqual({ start: 0, end: 2 });
    expect(first.log.read('events', 1, 0, 10).map(({ value }) => value?.toString())).toEqual(['one', undefined]);
    expect(first.tasks.get(WHOLE.task, 'others', 'k'.repeat(1900))).toEqual(Buffer.alloc(5_000, 7));
    expect(first.tasks.progress(WHOLE.task)?.toString()).toBe('progress');
    expect(storage.tasks.queueHead(WHOLE.task, 10)).toHaveLength(1);
    await expect.poll(() => second.log.range('others', 1)).toEqual({ start: 0, end: 1 });
    expect(heard).toBeGreaterThan(0);
    expect(second.log.read('others', 1, 0, 10)).toHaveLength(1);
  });

  it('hear what others append, and of topics that are new', async () => {
    const { storage, threads } = await opened(1);
    storage.log.ensureTopic({ name: 'new', partitions: 1, cleanup: 'delete', retentionMs: null });
    await storage.log.append([output('three', { topic: 'new', partition: 0 })]);
    await expect.poll(() => threads[0]!.log.range('new', 0).end).toBe(1);
    expect(() => threads[0]!.log.range('none', 0)).toThrow(expect.objectContaining({ code: 'SFS_TOPIC_UNKNOWN' }) as Error);
  });

  it('are told with its code why a commit was refused, and go on', async () => {
    const { threads } = await opened(1);
    const refused = threads[0]!.commit(commitOf({ outputs: [output('lost', { topic: 'none' })] }));
    await expect(refused).rejects.toMatchObject({ code: 'SFS_TOPIC_UNKNOWN' });
    await expect(threads[0]!.log.append([output('no')])).rejects.toMatchObject({ code: 'SFS_STORAGE_READ_ONLY' });
    await threads[0]!.commit(commitOf());
  });

  it('are over when each of them has nothing to do after all that was appended', async () => {
    const [first, second] = (await opened(2)).threads as [ThreadStorage, ThreadStorage];
    // What was there at the start may come to either of them while it rests.
    const rests = async (thread: ThreadStorage): Promise<void> => {
      while (await thread.rest(running));
    };
    const firstIsOver = rests(first).then(() => 'over');
    await second.commit(commitOf({ outputs: [output('four')] }));
    expect(await Promise.race([firstIsOver, new Promise((resolve) => setTimeout(resolve, 100, 'at rest'))])).toBe('at rest');
    await rests(second);
    expect(await firstIsOver).toBe('over');
  });

  it('go on where one rests and another appends, and where the run is stopped', async () => {
    const [first, second] = (await opened(2)).threads as [ThreadStorage, ThreadStorage];
    await second.commit(commitOf({ outputs: [output('five')] }));
    await expect.poll(() => first.log.range('events', 1).end).toBe(1);
    const resting = first.rest(running);
    await second.commit(commitOf({ outputs: [output('six')] }));
    expect(await resting).toBe(true);
    const stopping = new AbortController();
    const stopped = first.rest(stopping.signal);
    stopping.abort();
    expect(await stopped).toBe(true);
  });

  it('are told when it is gone', async () => {
    const { owner, threads } = await opened(1);
    const commit = threads[0]!.commit(commitOf());
    owner.close();
    await expect(commit).rejects.toMatchObject({ code: 'SFS_STORAGE_CLOSED' });
    await expect(threads[0]!.commit(commitOf())).rejects.toMatchObject({ code: 'SFS_STORAGE_CLOSED' });
  });
});
