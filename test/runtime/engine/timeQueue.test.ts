import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { TimeQueue, type DueTimer } from '../../../runtime/engine/timeQueue.js';
import { MemoryTasks } from '../../../runtime/testing/memoryTasks.js';
import type { QueueWrite, TaskStore } from '../../../runtime/ports.js';

const TASK = 'under-test@1/0/0';

/** Commits what a queue wants written, as a task does. */
async function commit(queue: TimeQueue, tasks: MemoryTasks): Promise<QueueWrite[]> {
  const writes = queue.drain();
  tasks.apply({ task: TASK, outputs: [], state: [], queue: writes, progress: Buffer.alloc(0) });
  await queue.settle();
  return writes;
}

/** Everything that is due, in the order of the queue; commits where the memory window ends. */
async function popAll(queue: TimeQueue, tasks: MemoryTasks, untilMs = Infinity): Promise<DueTimer[]> {
  const popped: DueTimer[] = [];
  for (;;) {
    while (queue.nextMs !== Infinity && queue.nextMs <= untilMs) popped.push(queue.pop());
    if (!queue.mustLoad(untilMs)) return popped;
    await commit(queue, tasks);
  }
}

const idOf = ({ timeMs, stage, key, tag }: DueTimer): string => `${timeMs} ${stage} ${key} ${tag}`;

interface Place {
  readonly stage: string;
  readonly key: string;
  readonly timeMs: number;
  readonly tag: string;
}

const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const inOrder = (a: Place, b: Place): number => a.timeMs - b.timeMs || bytes(`${a.stage}\0${a.key}\0${a.tag}`, `${b.stage}\0${b.key}\0${b.tag}`);

const place: fc.Arbitrary<Place> = fc.record({
  stage: fc.constantFrom('0000 a', '0001 b'),
  key: fc.constantFrom('', 'a', 'ab', '\uffee', '\u{1f600}'),
  timeMs: fc.integer({ min: -2, max: 2 }),
  tag: fc.constantFrom('', 'close'),
});
type Step =
  | { readonly kind: 'change'; readonly what: 'set' | 'delete'; readonly at: Place; readonly failed: boolean }
  | { readonly kind: 'pop'; readonly untilMs: number; readonly failed: boolean }
  | { readonly kind: 'commit' }
  | { readonly kind: 'restart' };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      what: fc.constantFrom('set' as const, 'delete' as const),
      at: place,
      failed: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pop' as const), untilMs: fc.integer({ min: -2, max: 2 }), failed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: 'commit' }, { kind: 'restart' }) },
);

/** What the queue should do: a sorted list, and a copy of it at the last commit. */
class Model {
  private timers = new Map<string, Place>();
  private committed = new Map<string, Place>();

  private idOf = (at: Place): string => JSON.stringify([at.timeMs, at.stage, at.key, at.tag]);
  set = (at: Place): unknown => this.timers.set(this.idOf(at), at);
  delete = (at: Place): unknown => this.timers.delete(this.idOf(at));
  next = (untilMs: number): Place | undefined => [...this.timers.values()].sort(inOrder).find((at) => at.timeMs <= untilMs);
  commit = (): unknown => (this.committed = new Map(this.timers));
  restart = (): unknown => (this.timers = new Map(this.committed));
  get all(): Place[] {
    return [...this.timers.values()].sort(inOrder);
  }
}

/** One input of a task: what it does to the queue is kept, or taken back when it failed. */
function attempt(queue: TimeQueue, failed: boolean, change: () => void): void {
  queue.mark();
  change();
  if (failed) queue.undo();
}

describe('the time queue', () => {
  it('does what a sorted list does, whatever is set, deleted, taken, undone, committed or lost in a crash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const tasks = new MemoryTasks();
        let queue = await TimeQueue.open(TASK, tasks);
        const model = new Model();
        for (const one of steps) {
          if (one.kind === 'commit' || one.kind === 'restart') {
            if (one.kind === 'commit') await commit(queue, tasks);
            else queue = await TimeQueue.open(TASK, tasks);
            model[one.kind]();
          } else if (one.kind === 'pop') {
            const expected = model.next(one.untilMs);
            expect(queue.nextMs <= one.untilMs).toBe(expected !== undefined);
            if (expected === undefined) continue;
            attempt(queue, one.failed, () => expect(queue.pop()).toMatchObject(expected));
            if (!one.failed) model.delete(expected);
          } else {
            const { stage, key, timeMs, tag } = one.at;
            attempt(queue, one.failed, () => queue[one.what](stage, key, timeMs, tag));
            if (!one.failed) model[one.what](one.at);
          }
        }
        expect((await popAll(queue, tasks)).map(idOf)).toEqual(model.all.map((at) => idOf(at)));
      }),
      { numRuns: 300 },
    );
  });

  it('fires the timers of one time in the order of stage, key and tag, by code points', async () => {
    const tasks = new MemoryTasks();
    const queue = await TimeQueue.open(TASK, tasks);
    for (const key of ['b', '\u{1f600}', '\uffee', 'a']) queue.set('0001 late', key, 5, '');
    queue.set('0000 early', 'z', 5, '');
    queue.set('0001 late', 'a', 5, 'close');
    queue.set('0001 late', 'z', 4, '');
    expect((await popAll(queue, tasks)).map(({ key, tag }) => `${key}${tag}`)).toEqual(['z', 'z', 'a', 'aclose', 'b', '\uffee', '\u{1f600}']);
  });

  it('writes nothing for a timer that was set and taken between two commits, nor for one that was set twice', async () => {
    const tasks = new MemoryTasks();
    const queue = await TimeQueue.open(TASK, tasks);
    queue.set('s', 'a', 1, '');
    queue.set('s', 'b', 2, '');
    queue.set('s', 'b', 2, '');
    queue.pop();
    expect(await commit(queue, tasks)).toEqual([{ queue: 's', timeMs: 2, tiebreak: 'b\0', payload: Buffer.alloc(0) }]);
    expect(await commit(queue, tasks)).toEqual([]);
    queue.pop();
    expect(await commit(queue, tasks)).toEqual([{ queue: 's', timeMs: 2, tiebreak: 'b\0', payload: null }]);
  });

  it('fires a timer that came back before one that was taken and put back', async () => {
    const queue = await TimeQueue.open(TASK, new MemoryTasks());
    for (const key of ['a', 'b']) queue.set('s', key, 1, '');
    expect(queue.pop().key).toBe('a');
    attempt(queue, true, () => expect(queue.pop().key).toBe('b'));
    queue.set('s', 'a', 1, '');
    expect([queue.pop().key, queue.pop().key, queue.nextMs]).toEqual(['a', 'b', Infinity]);
  });

  it('lets a timer that fires set itself again for the same time and take its turn once more', async () => {
    const queue = await TimeQueue.open(TASK, new MemoryTasks());
    queue.set('s', 'a', 1, '');
    queue.set('s', 'b', 1, '');
    expect(queue.pop().key).toBe('a');
    queue.set('s', 'a', 1, '');
    expect([queue.pop().key, queue.pop().key, queue.nextMs]).toEqual(['a', 'b', Infinity]);
  });

  it('sorts the timers of one time once, however many of its own time they set while they fire', async () => {
    const queue = await TimeQueue.open(TASK, new MemoryTasks());
    const keys = Array.from({ length: 500 }, (_, n) => String(n).padStart(3, '0'));
    for (const key of keys) queue.set('0000 first', key, 1, '');
    const sort = vi.spyOn(Array.prototype, 'sort');
    const fired: string[] = [];
    while (queue.nextMs !== Infinity) {
      const { stage, key } = queue.pop();
      fired.push(`${stage} ${key}`);
      // Each second one is for a place that has gone by: it fires next.
      if (stage === '0000 first') queue.set(Number(key) % 2 === 0 ? '0001 second' : '0000 again', key, 1, '');
    }
    const sorts = sort.mock.calls.length;
    sort.mockRestore();
    const even = keys.filter((key) => Number(key) % 2 === 0);
    const firsts = keys.flatMap((key) => (Number(key) % 2 === 0 ? [`0000 first ${key}`] : [`0000 first ${key}`, `0000 again ${key}`]));
    expect(fired).toEqual([...firsts, ...even.map((key) => `0001 second ${key}`)]);
    expect(sorts).toBe(1);
  });
});

describe('the memory window of the time queue', () => {
  /** Above what the queue keeps when it trims. */
  const MANY = 81_000;
  /** Two windows and a half. */
  const STORED = 50_000;

  /** Counts what is read from the backend at a time. */
  class Watched implements TaskStore {
    largestRead = 0;

    constructor(private readonly inner: MemoryTasks) {}

    progress = (task: string): Buffer | null => this.inner.progress(task);
    get = (task: string, store: string, key: string): Buffer | null => this.inner.get(task, store, key);
    queueHead(task: string, limit: number): ReturnType<TaskStore['queueHead']> {
      this.largestRead = Math.max(this.largestRead, limit);
      return this.inner.queueHead(task, limit);
    }
  }

  function filled(): { tasks: MemoryTasks; watched: Watched } {
    const tasks = new MemoryTasks();
    const queue: QueueWrite[] = Array.from({ length: STORED }, (_, n) => ({
      queue: 's',
      timeMs: n >> 2,
      tiebreak: `k${String(n % 4)}\0`,
      payload: Buffer.alloc(0),
    }));
    tasks.apply({ task: TASK, outputs: [], state: [], queue, progress: Buffer.alloc(0) });
    return { tasks, watched: new Watched(tasks) };
  }

  it('holds the next timers only, and gives all of them in order with a commit wherever it ends', async () => {
    const { tasks, watched } = filled();
    const queue = await TimeQueue.open(TASK, watched);
    const popped = await popAll(queue, tasks);
    expect(popped).toHaveLength(STORED);
    expect(popped.every(({ timeMs, key }, n) => timeMs === n >> 2 && key === `k${String(n % 4)}`)).toBe(true);
    expect(watched.largestRead).toBeLessThanOrEqual(20_000);
    await commit(queue, tasks);
    expect(tasks.queueHead(TASK, 1)).toEqual([]);
  });

  it('says that timers may lie beyond it, and does not fire later ones meanwhile', async () => {
    const { tasks } = filled();
    const queue = await TimeQueue.open(TASK, tasks);
    expect(queue.mustLoad(Infinity)).toBe(false);
    while (queue.nextMs !== Infinity) queue.pop();
    expect(queue.mustLoad(4_000)).toBe(false);
    expect(queue.mustLoad(5_000)).toBe(true);
    await commit(queue, tasks);
    expect(queue.nextMs).toBe(5_000);
  });

  it('takes changes beyond it: a timer set, one deleted that is not in memory, one set and deleted', async () => {
    const { tasks } = filled();
    const queue = await TimeQueue.open(TASK, tasks);
    queue.set('s', 'new', 10_000, '');
    queue.delete('s', 'k1', 10_000, '');
    queue.set('s', 'gone', 10_000, '');
    queue.delete('s', 'gone', 10_000, '');
    attempt(queue, true, () => queue.delete('s', 'k2', 10_000, ''));
    await commit(queue, tasks);
    const found = (await popAll(queue, tasks)).filter(({ timeMs }) => timeMs === 10_000);
    expect(found.map(({ key }) => key)).toEqual(['k0', 'k2', 'k3', 'new']);
  });

  it('is trimmed after a commit when too many timers were set, and loses none', async () => {
    const tasks = new MemoryTasks();
    const queue = await TimeQueue.open(TASK, tasks);
    for (let n = MANY; n > 0; n--) queue.set('s', `k${n}`, n, '');
    await commit(queue, tasks);
    // Beyond the window now: memory alone could not know them.
    expect(queue.mustLoad(Infinity)).toBe(false);
    let inMemory = 0;
    for (; queue.nextMs !== Infinity; inMemory++) queue.pop();
    expect(inMemory).toBe(20_000);
    expect((await popAll(queue, tasks)).map(({ timeMs }) => timeMs)).toEqual(Array.from({ length: MANY - inMemory }, (_, n) => inMemory + n + 1));
  });
});
