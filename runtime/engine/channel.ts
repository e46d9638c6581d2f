import type { LogRecord } from '../ports.js';
import type { ChannelProgress } from './progress.js';
import type { Header } from './header.js';

/** A record on its way to the task: decoded, or with the reason why not. */
export interface Arrival {
  readonly record: LogRecord;
  readonly header: Header | null;
  /** Merge position within the channel: never goes back. */
  readonly clockMs: number;
  readonly eventTimeMs: number;
  readonly key: string;
  readonly value: unknown;
  readonly error: Error | null;
  /** The batch stage whose work failed for the record; absent where decoding did. */
  readonly failedIn?: string;
}

/** A queue of arrivals in log order with what is known of their producer. */
export class Channel {
  private readonly queue: Arrival[] = [];
  private head = 0;
  private waitingBytes = 0;
  /** Clock of the last arrival that was put in. */
  private filledMs: number;
  /** The next log offset whose record this channel has not seen. */
  cursor: number;
  /** Arrivals from this offset on are held back: they came after a decision that is still to be applied. */
  heldFrom = Infinity;
  /** True when a record of this channel had to be passed over in the chunk that is being read: so must all after it. */
  skipped = false;

  constructor(
    readonly id: string,
    readonly progress: ChannelProgress,
  ) {
    this.cursor = progress.next;
    this.filledMs = progress.clockMs;
  }

  get size(): number {
    return this.queue.length - this.head;
  }

  /** Bytes of what waits. */
  get bytes(): number {
    return this.waitingBytes;
  }

  /** The oldest arrival that waits, held back or not. */
  get first(): Arrival | undefined {
    return this.queue[this.head];
  }

  /** The oldest arrival that waits and is not held back. */
  peek(): Arrival | undefined {
    const first = this.queue[this.head];
    return first !== undefined && first.record.offset >= this.heldFrom ? undefined : first;
  }

  /** The merge clock that an arrival of this time gets: running maximum within the channel. */
  clockOf(timeMs: number): number {
    return Number.isFinite(timeMs) ? (this.filledMs = Math.max(this.filledMs, timeMs)) : this.filledMs;
  }

  /** Records that wait or are to come are placed at or after `timeMs`: the channel was idle while the others went on. */
  resumeAt(timeMs: number): void {
    this.filledMs = Math.max(this.filledMs, timeMs);
    // Kept with the progress: after a crash the place must be the same.
    this.progress.clockMs = Math.max(this.progress.clockMs, timeMs);
    this.eachWaiting((arrival, put) => {
      if (arrival.clockMs < timeMs) put({ ...arrival, clockMs: timeMs });
    });
  }

  push(arrival: Arrival): void {
    this.queue.push(arrival);
    this.waitingBytes += sizeOf(arrival.record);
  }

  /** Visits what waits, oldest first; `put` replaces the arrival visited. */
  eachWaiting(visit: (arrival: Arrival, put: (arrival: Arrival) => void) => void): void {
    for (let index = this.head; index < this.queue.length; index++) visit(this.queue[index]!, (arrival) => (this.queue[index] = arrival));
  }

  shift(): void {
    this.waitingBytes -= sizeOf(this.queue[this.head]!.record);
    this.head++;
    if (this.head < 1024 && this.head < this.queue.length) return;
    this.queue.splice(0, this.head);
    this.head = 0;
  }
}

const sizeOf = (record: LogRecord): number =>
  record.byteSize ?? (record.key?.length ?? 0) + (record.value?.length ?? 0) + (record.header?.length ?? 0);
