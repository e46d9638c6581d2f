/** The commits, rows and documents of the task state conformance suite. */
import { expect, it } from 'vitest';
import { put, remove, taskCommit, timer, TASK, type TaskState, type TaskStateUnderTest } from './storageFixtures.js';

/** All rows of a store. Some drivers give them in no order, and may give one twice. */
async function rowsOf({ tasks }: TaskState, task = TASK, store = 'counts'): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for await (const { key, value } of tasks.scan(task, store)) rows.set(key, String(value));
  return rows;
}

const textOf = async ({ tasks }: TaskState, key: string, store = 'counts', task = TASK): Promise<string> => String(await tasks.get(task, store, key));

export function stateCommitTests(subject: () => TaskStateUnderTest): void {
  it('makes rows, queue and progress visible together, and they stay', async () => {
    const { storage } = subject();
    expect(await storage.tasks.progress(TASK)).toBeNull();
    await storage.commit(taskCommit({ state: [put('k', 'v')], queue: [timer(5, 'x')], progress: Buffer.from('at 7') }));
    const look = async (state: TaskState): Promise<unknown[]> => [
      await textOf(state, 'k'),
      (await state.tasks.queueHead(TASK, 10)).map(({ timeMs }) => timeMs),
      String(await state.tasks.progress(TASK)),
    ];
    expect(await look(storage)).toEqual(['v', [5], 'at 7']);
    const again = await subject().reopen();
    expect(await look(again)).toEqual(['v', [5], 'at 7']);
    await again.commit(taskCommit({ state: [put('k', 'w')], progress: Buffer.from('at 8') }));
    expect(await look(again)).toEqual(['w', [5], 'at 8']);
  });

  it('takes effect in call order, also when not awaited', async () => {
    const { storage } = subject();
    const commits = Array.from({ length: 50 }, (_, n) =>
      storage.commit(taskCommit({ state: [put('k', String(n)), put(`k${n}`, 'x')], progress: Buffer.from(String(n)) })),
    );
    await Promise.all(commits);
    expect(await textOf(storage, 'k')).toBe('49');
    expect(String(await storage.tasks.progress(TASK))).toBe('49');
    expect((await rowsOf(storage)).size).toBe(51);
  });

  it('applies several writes of one key in their order', async () => {
    const { storage } = subject();
    await storage.commit(taskCommit({ state: [put('k', '1'), remove('k'), put('k', '2'), put('gone', '1'), remove('gone')] }));
    expect(await textOf(storage, 'k')).toBe('2');
    expect(await storage.tasks.get(TASK, 'counts', 'gone')).toBeNull();
  });

  it('of thousands of writes is whole', async () => {
    const { storage } = subject();
    const keys = Array.from({ length: 3_000 }, (_, n) => String(n).padStart(5, '0'));
    const storeOf = (n: number): string => `store-${n % 7}`;
    await storage.commit(taskCommit({ state: keys.map((key, n) => put(key, `first ${key}`, storeOf(n))) }));
    await storage.commit(taskCommit({ state: keys.map((key, n) => (n % 3 === 0 ? remove(key, storeOf(n)) : put(key, key, storeOf(n)))) }));
    for (let store = 0; store < 7; store++) {
      const left = keys.filter((_, n) => n % 7 === store && n % 3 !== 0);
      expect(await rowsOf(storage, TASK, `store-${store}`)).toEqual(new Map(left.map((key) => [key, key])));
    }
    // Asked for in one turn, which a driver may gather into one request.
    const values = await Promise.all(keys.map(async (key, n) => (await storage.tasks.get(TASK, storeOf(n), key))?.toString() ?? null));
    expect(values).toEqual(keys.map((key, n) => (n % 3 === 0 ? null : key)));
  });
}

export function stateTests(subject: () => TaskStateUnderTest): void {
  it('tell an empty value from none', async () => {
    const { storage } = subject();
    await storage.commit(taskCommit({ state: [put('empty', '')], progress: Buffer.alloc(0) }));
    expect(await storage.tasks.get(TASK, 'counts', 'empty')).toEqual(Buffer.alloc(0));
    expect(await storage.tasks.get(TASK, 'counts', 'none')).toBeNull();
    expect(await storage.tasks.progress(TASK)).toEqual(Buffer.alloc(0));
  });

  it('are deleted with null, also what is not there', async () => {
    const { storage } = subject();
    await storage.commit(taskCommit({ state: [put('a', '1')] }));
    await storage.commit(taskCommit({ state: [remove('a'), remove('b')] }));
    expect(await storage.tasks.get(TASK, 'counts', 'a')).toBeNull();
    expect(await rowsOf(storage)).toEqual(new Map());
  });

  it('are those of their own task and store', async () => {
    const { storage } = subject();
    const tasks = [TASK, 'trending@1/counts/1', 'trending@2/counts/0'];
    for (const task of tasks) await storage.commit(taskCommit({ task, state: [put('k', `${task} a`, 'a'), put('k', `${task} b`, 'b')] }));
    for (const task of tasks) {
      expect(await textOf(storage, 'k', 'a', task)).toBe(`${task} a`);
      expect(await rowsOf(storage, task, 'b')).toEqual(new Map([['k', `${task} b`]]));
    }
    expect(await storage.tasks.get('other', 'a', 'k')).toBeNull();
    expect(await storage.tasks.get(TASK, 'other', 'k')).toBeNull();
  });

  it('may have any key', async () => {
    const { storage } = subject();
    const keys = ['', 'a', 'a\u0000', 'a\u0000b', 'ab', 'z', 'ß', '\uffee', '\u{1f600}', '10', 'Ünïcode/日本', 'x'.repeat(1_000)];
    await storage.commit(taskCommit({ state: keys.map((key) => put(key, key)) }));
    for (const key of keys) expect(await textOf(storage, key)).toBe(key);
    expect(await rowsOf(storage)).toEqual(new Map(keys.map((key) => [key, key])));
  });

  it('may have any value, also above 4 KB and above 1 MB', async () => {
    const { storage } = subject();
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const values = [every, ...[2000, 4096, 5000, 1_500_000].map((size) => Buffer.alloc(size, 9))];
    await storage.commit(taskCommit({ state: values.map((value, at) => put(String(at), value)) }));
    const { tasks } = await subject().reopen();
    for (const [at, value] of values.entries()) expect((await tasks.get(TASK, 'counts', String(at)))?.equals(value)).toBe(true);
  });

  it('are buffers that later calls leave alone', async () => {
    const { storage } = subject();
    await storage.commit(taskCommit({ state: [put('k', 'before')] }));
    const kept = await storage.tasks.get(TASK, 'counts', 'k');
    for (let n = 0; n < 20; n++) await storage.commit(taskCommit({ state: [put('k', `after ${n}`), put('x', 'y'.repeat(500))] }));
    expect(String(kept)).toBe('before');
    kept!.fill(0);
    expect(await textOf(storage, 'k')).toBe('after 19');
  });
}

export function documentTests(subject: () => TaskStateUnderTest): void {
  it('are stored, replaced and listed by prefix in byte order', async () => {
    const { documents } = subject().storage;
    expect([await documents.get('plan/a'), await documents.names('')]).toEqual([null, []]);
    for (const name of ['plan/b', 'plan/a', 'plans', 'plan/é', 'schema/1']) await documents.put(name, Buffer.from(name));
    const bytes = Buffer.from([0, 255, 13, 10]);
    await documents.put('plan/a', bytes);
    await documents.put('plan/b', Buffer.alloc(0));
    const again = (await subject().reopen()).documents;
    expect([await again.get('plan/a'), await again.get('plan/b')]).toEqual([bytes, Buffer.alloc(0)]);
    expect(await again.names('plan/')).toEqual(['plan/a', 'plan/b', 'plan/é']);
    expect(await again.names('')).toHaveLength(5);
    expect(await again.names('none')).toEqual([]);
  });
}
