import { describe, expect, it } from 'vitest';
import { schema } from '../../../operators/index.js';
import { StateCodec } from '../../../runtime/engine/stateCodec.js';
import { TaskState } from '../../../runtime/engine/taskState.js';
import { MemoryTasks } from '../../../runtime/testing/memoryTasks.js';
import type { StateWrite } from '../../../runtime/ports.js';

const TASK = 'under-test@1/0/0';
const counts = { name: 'total/counts', schema: schema.long };
const names = { name: 'total/names', schema: schema.string };

/** State over a backend that counts what is read from it. */
function stateOver(tasks = new MemoryTasks()): { state: TaskState; reads: string[]; commit: () => StateWrite[] } {
  const reads: string[] = [];
  const watched = Object.assign(Object.create(tasks) as MemoryTasks, {
    get: (task: string, store: string, key: string) => {
      reads.push(`${store} ${key}`);
      return tasks.get(task, store, key);
    },
  });
  const state = new TaskState(TASK, watched, (store) => new StateCodec<unknown>(store.name, store.schema, []));
  const commit = (): StateWrite[] => {
    const writes = state.drain();
    tasks.apply({ task: TASK, outputs: [], state: writes, queue: [], progress: Buffer.alloc(0) });
    return writes;
  };
  return { state, reads, commit };
}

describe('the state of a task', () => {
  it('reads a row from the backend once, also one that is not there', () => {
    const { state, reads } = stateOver();
    const rows = state.store(counts);
    expect([rows.get('a'), rows.get('a'), rows.get('b')]).toEqual([undefined, undefined, undefined]);
    expect(reads).toEqual(['total/counts a', 'total/counts b']);
  });

  it('writes each changed row once per commit, in its last form, and unchanged ones not at all', () => {
    const { state, commit } = stateOver();
    const rows = state.store(counts);
    for (const n of [1, 2, 3]) rows.put('a', n);
    rows.get('b');
    rows.delete('never there');
    state.store(names).put('a', 'Ada');
    expect(commit().map(({ store, key, value }) => [store, key, value?.length])).toEqual([
      ['total/counts', 'a', 2],
      ['total/names', 'a', 5],
    ]);
    expect(commit()).toEqual([]);
    rows.delete('a');
    expect(commit()).toEqual([{ store: 'total/counts', key: 'a', value: null }]);
  });

  it('writes nothing for a row that came and went between two commits', () => {
    const { state, commit } = stateOver();
    const rows = state.store(counts);
    rows.put('a', 1);
    rows.delete('a');
    expect(commit()).toEqual([]);
    rows.put('a', 2);
    commit();
    rows.delete('a');
    rows.put('a', 3);
    rows.delete('a');
    expect(commit()).toEqual([{ store: 'total/counts', key: 'a', value: null }]);
    rows.put('a', 4);
    rows.delete('a');
    expect(commit()).toEqual([]);
  });

  it('is there again for a new task over the same backend', () => {
    const tasks = new MemoryTasks();
    const before = stateOver(tasks);
    before.state.store(counts).put('a', 7);
    expect(stateOver(tasks).state.store(counts).get('a')).toBeUndefined();
    before.commit();
    expect(stateOver(tasks).state.store(counts).get('a')).toBe(7);
  });

  it('takes back everything since the mark, over all stores, and nothing from before', () => {
    const { state, commit } = stateOver();
    const [rows, labels] = [state.store(counts), state.store(names)];
    rows.put('kept', 1);
    state.mark();
    rows.put('kept', 2);
    rows.put('new', 1);
    labels.put('new', 'x');
    rows.delete('kept');
    rows.put('kept', 3);
    state.undo();
    expect([rows.get('kept'), rows.get('new'), labels.get('new')]).toEqual([1, undefined, undefined]);
    expect(commit().map(({ store, key }) => `${store} ${key}`)).toEqual(['total/counts kept']);
  });

  it('leaves a row that was clean before an undone change clean', () => {
    const { state, commit } = stateOver();
    const rows = state.store(counts);
    rows.put('a', 1);
    commit();
    state.mark();
    rows.put('a', 2);
    state.undo();
    expect([rows.get('a'), commit()]).toEqual([1, []]);
  });

  it('forgets the oldest clean rows above its limit, keeps dirty ones, and reads back what it forgot', () => {
    const { state, reads, commit } = stateOver();
    const rows = state.store(counts);
    for (let n = 0; n < 10; n++) rows.put(`k${n}`, n);
    commit();
    rows.put('k0', 100);
    state.trim(4);
    reads.length = 0;
    expect(rows.get('k0')).toBe(100);
    expect(reads).toEqual([]);
    expect([rows.get('k1'), rows.get('k9')]).toEqual([1, 9]);
    expect(reads).toEqual(['total/counts k1']);
  });

  it('finds a row that its schema does not take among those since the mark', () => {
    const { state } = stateOver();
    const rows = state.store(counts);
    rows.put('before', 'no number');
    state.mark();
    rows.put('a', 1);
    state.verify();
    rows.put('a', 'no number');
    expect(() => state.verify()).toThrow(expect.objectContaining({ code: 'SFS_STATE_ENCODE' }));
  });

  it('refuses keys that no backend takes, at the place where they come up', () => {
    const { state } = stateOver();
    const rows = state.store(counts);
    expect(() => rows.put('ä'.repeat(513), 1)).toThrow(expect.objectContaining({ code: 'SFS_KEY_TOO_LONG' }));
    expect(() => rows.put('ä'.repeat(512), 1)).not.toThrow();
  });
});
