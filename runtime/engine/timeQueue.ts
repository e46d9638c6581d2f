import type { QueueEntry, QueueWrite, TaskStore } from '../ports.js';
import { Journal } from './journal.js';
import { earlier, popHeap, pushHeap, type Precedes } from './heap.js';

/** A timer of a task. */
export interface DueTimer {
  readonly stage: string;
  readonly key: string;
  readonly timeMs: number;
  readonly tag: string;
}

/** A timer in memory. One that is gone stays until the commit when the backend has it. */
interface Pending extends DueTimer {
  /** Orders the timers of one time: stage, key, tag. */
  readonly id: string;
  /** `null` beyond the memory window. */
  bucket: Bucket | null;
  live: boolean;
  /** The backend has it. */
  stored: boolean;
  /** In the list of changes. */
  listed: boolean;
}

/** Timers read from the backend at a time, and kept when memory is trimmed. */
const LOAD = 20_000;
/** Timers in memory above which a commit trims. */
const MOST = 80_000;
const EMPTY = Buffer.alloc(0);

/**
 * The timers of one task in order of (time, stage id, key, tag): a window of the next ones in memory over the backend's
 * ordered queue, so that memory does not grow with the number of timers.
 *
 * Cost: O(log times) to set and to take; a time's timers are sorted once, when it comes, and those that are set from then on are O(log of them).
 */
export class TimeQueue {
  private readonly buckets = new Map<number, Bucket>();
  private readonly times: number[] = [];
  /** Timers beyond the memory window that changed since the last commit. */
  private readonly far = new Map<string, Pending>();
  private changes: Pending[] = [];
  private readonly journal = new Journal<Pending>();
  /** Timers up to here are in memory; `null` when all are. */
  private horizon: Pending | null = null;

  private constructor(
    private readonly task: string,
    private readonly backend: TaskStore,
  ) {}

  /** The queue of a task as it was last committed. */
  static async open(task: string, backend: TaskStore): Promise<TimeQueue> {
    const queue = new TimeQueue(task, backend);
    await queue.load();
    return queue;
  }

  set(stage: string, key: string, timeMs: number, tag: string): void {
    const id = `${stage}\0${key}\0${tag}`;
    const timer = this.find(id, timeMs) ?? this.insert({ id, stage, key, timeMs, tag, bucket: null, live: false, stored: false, listed: false });
    if (!timer.live) this.flip(timer);
  }

  delete(stage: string, key: string, timeMs: number, tag: string): void {
    const id = `${stage}\0${key}\0${tag}`;
    let timer = this.find(id, timeMs);
    if (timer === undefined) {
      timer = { id, stage, key, timeMs, tag, bucket: null, live: true, stored: true, listed: false };
      if (this.isNear(timer)) return;
      // Beyond the window it is not known whether the backend has it: deleting what is not there does no harm.
      this.insert(timer);
    }
    if (timer.live) this.flip(timer);
  }

  /** Time of the next timer in memory, Infinity when none; see {@link mustLoad}. */
  get nextMs(): number {
    for (;;) {
      const time = this.times[0];
      if (time === undefined) return Infinity;
      const bucket = this.buckets.get(time)!;
      if (bucket.live > 0) return time;
      popHeap(this.times, earlier);
      bucket.queued = false;
      if (bucket.entries.size === 0) this.buckets.delete(time);
    }
  }

  /** True when the next timer in memory is at `untilMs` or before. */
  isDue(untilMs: number): boolean {
    const { nextMs } = this;
    return nextMs !== Infinity && nextMs <= untilMs;
  }

  /** True when timers up to `untilMs` may lie beyond the memory window: commit, then `settle`. */
  mustLoad(untilMs: number): boolean {
    return this.horizon !== null && this.horizon.timeMs <= untilMs && this.nextMs === Infinity;
  }

  /** Takes the next timer; call only when `nextMs` is finite. */
  pop(): DueTimer {
    const timer = this.buckets.get(this.nextMs)!.first();
    this.flip(timer);
    return timer;
  }

  /** Keys of the next timers in memory up to `untilMs`, `most` at most; a key can come twice. Cost: that of sorting the times up to there. */
  keysUntil(untilMs: number, most: number): string[] {
    const keys: string[] = [];
    const times = this.times.filter((time) => time <= untilMs).sort((a, b) => a - b);
    for (const time of times) {
      if (keys.length >= most) break;
      keys.push(...this.buckets.get(time)!.keys(most - keys.length));
    }
    return keys;
  }

  mark(): void {
    this.journal.clear();
  }

  undo(): void {
    this.journal.takeBack((timer) => this.toggle(timer));
  }

  /** Changes since the last drain; a timer set and taken in between leaves no trace. */
  drain(): QueueWrite[] {
    const writes: QueueWrite[] = [];
    for (const timer of this.changes) {
      timer.listed = false;
      if (timer.live !== timer.stored) {
        writes.push({ queue: timer.stage, timeMs: timer.timeMs, tiebreak: `${timer.key}\0${timer.tag}`, payload: timer.live ? EMPTY : null });
      }
      timer.stored = timer.live;
      if (!timer.live) this.forget(timer);
    }
    this.changes = [];
    this.far.clear();
    this.journal.clear();
    return writes;
  }

  /** Moves the memory window after a commit, when the backend knows everything: reads on when it is empty, trims it when it is large. */
  async settle(): Promise<void> {
    if (this.horizon !== null && this.nextMs === Infinity) await this.load();
    else if (this.size() > MOST) this.trim();
  }

  private async load(): Promise<void> {
    const timers = (await this.backend.queueHead(this.task, LOAD)).map(timerOf);
    for (const timer of timers) this.place(timer);
    this.horizon = timers.length === LOAD ? timers.at(-1)! : null;
  }

  private size(): number {
    let size = 0;
    for (const bucket of this.buckets.values()) size += bucket.entries.size;
    return size;
  }

  private trim(): void {
    const all = [...this.buckets.values()].flatMap((bucket) => [...bucket.entries.values()]).sort(compare);
    this.buckets.clear();
    this.times.length = 0;
    for (const timer of all.slice(0, LOAD)) this.place(timer);
    this.horizon = all[LOAD - 1]!;
  }

  private isNear(timer: Pending): boolean {
    return this.horizon === null || compare(timer, this.horizon) <= 0;
  }

  private find(id: string, timeMs: number): Pending | undefined {
    const near = this.buckets.get(timeMs)?.entries.get(id);
    return near !== undefined || this.far.size === 0 ? near : this.far.get(`${timeMs} ${id}`);
  }

  private insert(timer: Pending): Pending {
    if (this.isNear(timer)) this.place(timer);
    else this.far.set(`${timer.timeMs} ${timer.id}`, timer);
    return timer;
  }

  private place(timer: Pending): void {
    let bucket = this.buckets.get(timer.timeMs);
    if (bucket === undefined) this.buckets.set(timer.timeMs, (bucket = new Bucket(timer.timeMs)));
    bucket.add(timer);
    if (timer.live) this.enqueue(bucket);
  }

  private enqueue(bucket: Bucket): void {
    if (bucket.queued) return;
    bucket.queued = true;
    pushHeap(this.times, bucket.timeMs, earlier);
  }

  private flip(timer: Pending): void {
    this.journal.add(timer);
    this.toggle(timer);
    if (timer.listed) return;
    timer.listed = true;
    this.changes.push(timer);
  }

  private toggle(timer: Pending): void {
    timer.live = !timer.live;
    const { bucket } = timer;
    if (bucket === null) return;
    bucket.count(timer);
    if (timer.live) this.enqueue(bucket);
  }

  private forget({ bucket, id }: Pending): void {
    if (bucket === null) return;
    bucket.entries.delete(id);
    if (bucket.entries.size === 0 && !bucket.queued) this.buckets.delete(bucket.timeMs);
  }
}

/** Timers of one time. */
class Bucket {
  readonly entries = new Map<string, Pending>();
  live = 0;
  /** Its time is in the heap. */
  queued = false;
  /** Timers in descending order, once the bucket is being emptied; may hold some that are gone. */
  private sorted: Pending[] | null = null;
  /** What came alive since: a timer that fires may set more of its own time, one by one. */
  private readonly added: Pending[] = [];

  constructor(readonly timeMs: number) {}

  add(timer: Pending): void {
    timer.bucket = this;
    this.entries.set(timer.id, timer);
    if (timer.live) this.count(timer);
  }

  /** Takes note of a timer that came alive or went. */
  count(timer: Pending): void {
    this.live += timer.live ? 1 : -1;
    if (timer.live && this.sorted !== null) pushHeap(this.added, timer, byId);
  }

  /** Keys of the timers that are alive, the least first; without those that came alive while the bucket was being emptied. */
  keys(most: number): string[] {
    const sorted = this.sort();
    const keys: string[] = [];
    for (let at = sorted.length - 1; at >= 0 && keys.length < most; at--) if (sorted[at]!.live) keys.push(sorted[at]!.key);
    return keys;
  }

  private sort(): Pending[] {
    return (this.sorted ??= descending([...this.entries.values()].filter((timer) => timer.live)));
  }

  /** The least timer that is alive; some must be. */
  first(): Pending {
    const sorted = this.sort();
    while (sorted.at(-1)?.live === false) sorted.pop();
    while (this.added[0]?.live === false) popHeap(this.added, byId);
    const [old, fresh] = [sorted.at(-1), this.added[0]];
    return old === undefined || (fresh !== undefined && byId(fresh, old)) ? fresh! : old;
  }
}

/** Units from here on compare differently in UTF-16 and in UTF-8. */
const HIGH_UNITS = /[\ud800-\uffff]/;

/** By id, the greatest first. The language's own comparison is right, and three times as fast, for ids without high units. */
function descending(timers: Pending[]): Pending[] {
  const isPlain = timers.every((timer) => !HIGH_UNITS.test(timer.id));
  return timers.sort(isPlain ? (a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0) : (a, b) => compareIds(b.id, a.id));
}

/** Code-point order, as UTF-8 bytes in the backend have it. */
function compareIds(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) return fixSurrogates(x) - fixSurrogates(y);
  }
  return a.length - b.length;
}

/** Moves surrogates above the rest of the basic plane, which makes UTF-16 units compare as code points. */
const fixSurrogates = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

/** The order of the timers of one time. */
const byId: Precedes<Pending> = (a, b) => compareIds(a.id, b.id) < 0;

const compare = (a: Pending, b: Pending): number => a.timeMs - b.timeMs || compareIds(a.id, b.id);

function timerOf({ queue, tiebreak, timeMs }: QueueEntry): Pending {
  const at = tiebreak.lastIndexOf('\0');
  return {
    id: `${queue}\0${tiebreak}`,
    stage: queue,
    key: tiebreak.slice(0, at),
    tag: tiebreak.slice(at + 1),
    timeMs,
    bucket: null,
    live: true,
    stored: true,
    listed: false,
  };
}
