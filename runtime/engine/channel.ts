import type { SourceInput } from '../../operators/stage.js';
import type { LogRecord } from '../ports.js';
import type { ChannelProgress, TaskCounters } from './progress.js';
import type { Header } from './header.js';
import { isInRun, newRun, takeIntoRun, type SequenceRun } from './sequenceRun.js';

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
  /** Repeated records that were passed over just before it; absent for none. */
  readonly repeatedBefore?: number;
}

/** A queue of arrivals in log order with what is known of their producer. */
export class Channel {
  /** Places before `head` are empty. */
  private readonly queue: (Arrival | undefined)[] = [];
  private head = 0;
  private waitingBytes = 0;
  /** Clock of the last arrival that was put in. */
  private filledMs: number;
  /** Sequence numbers of the arrivals that were put in last. */
  private readonly filled: SequenceRun;
  /** Repeated records since the last arrival that was put in. */
  private repeated = 0;
  /** The next log offset whose record this channel has not seen. */
  cursor: number;
  /** Arrivals from this offset on are held back: they came after a decision that is still to be applied. */
  heldFrom = Infinity;
  /** It has got something since its silence was last measured. */
  heard = false;
  /** True when a record of this channel had to be passed over in the chunk that is being read: so must all after it. */
  skipped = false;

  /** @param counters - of the task */
  constructor(
    readonly id: string,
    readonly progress: ChannelProgress,
    private readonly counters: Pick<TaskCounters, 'repeated'>,
  ) {
    this.cursor = progress.next;
    this.filledMs = progress.clockMs;
    this.filled = { ...(progress.taken ?? newRun()) };
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

  /** The least clock that what comes next can have. */
  get nextMs(): number {
    return Math.max(this.progress.clockMs, this.progress.promisedMs ?? -Infinity);
  }

  /** What comes next is placed at or after `timeMs`: a marker promises so. */
  expectFrom(timeMs: number): void {
    if (Number.isFinite(timeMs)) this.filledMs = Math.max(this.filledMs, timeMs);
  }

  /** Moves clock and watermark to an arrival: before it is processed, and again after a restart that came in between. */
  observe({ clockMs, eventTimeMs, header }: Arrival, { topic, latenessMs }: Pick<SourceInput, 'topic' | 'latenessMs'>): void {
    const { progress } = this;
    const marker = header?.marker ? header : null;
    progress.clockMs = Math.max(progress.clockMs, clockMs);
    if (!topic.derived || header === null) this.raiseWatermark(progress.clockMs - latenessMs);
    if (marker === null || !topic.derived) progress.idle = false;
    if (marker === null) return;
    if (Number.isFinite(eventTimeMs)) progress.promisedMs = eventTimeMs;
    // Of a source, a marker is a promise in words: there is no disorder left that lateness would have to allow for.
    if (!topic.derived) return this.raiseWatermark(eventTimeMs);
    this.raiseWatermark(marker.watermarkMs - latenessMs);
    progress.idle = marker.idle;
    progress.ended = marker.end;
  }

  private raiseWatermark(toMs: number): void {
    this.progress.watermarkMs = Math.max(this.progress.watermarkMs, toMs);
  }

  /** The oldest arrival has been taken: it is behind the channel from now on. */
  pass({ record, header, repeatedBefore }: Arrival, { topic }: Pick<SourceInput, 'topic'>): void {
    const { progress } = this;
    this.shift();
    progress.next = record.offset + 1;
    // Not before: after a restart the marker must find its own place again.
    progress.clockMs = this.nextMs;
    delete progress.promisedMs;
    if (repeatedBefore !== undefined) this.counters.repeated += repeatedBefore;
    if (header?.marker && !topic.derived) progress.clocks = (progress.clocks ?? 0) + 1;
    if (isNumbered(header, topic)) takeIntoRun((progress.taken ??= newRun()), header.sequence);
  }

  /** With nothing waiting, everything up to the cursor is behind the channel. */
  settle(): void {
    if (this.size > 0) return;
    this.progress.next = this.cursor;
    this.counters.repeated += this.repeated;
    this.repeated = 0;
  }

  /** True for a record that came before: its writer went back to an earlier state and computed it again. */
  hasHad(header: Header | null, { topic }: Pick<SourceInput, 'topic'>): boolean {
    return isNumbered(header, topic) && isInRun(this.filled, header.sequence);
  }

  /** A repeated record counts when what comes before it has been taken, as its offset does: else a restart would count it again. */
  passOver({ offset }: LogRecord): void {
    this.cursor = offset + 1;
    this.heard = true;
    this.repeated++;
  }

  push(arrival: Arrival, { topic }: Pick<SourceInput, 'topic'>): void {
    this.queue.push(this.repeated === 0 ? arrival : { ...arrival, repeatedBefore: this.repeated });
    this.repeated = 0;
    if (isNumbered(arrival.header, topic)) takeIntoRun(this.filled, arrival.header.sequence);
    this.heard = true;
    this.waitingBytes += sizeOf(arrival.record);
  }

  /** Visits what waits, oldest first; `put` replaces the arrival visited. */
  eachWaiting(visit: (arrival: Arrival, put: (arrival: Arrival) => void) => void): void {
    for (let index = this.head; index < this.queue.length; index++) visit(this.queue[index]!, (arrival) => (this.queue[index] = arrival));
  }

  /** Keys of the records that wait, the oldest first; of so many arrivals at most. */
  *keys(most: number): Iterable<string> {
    const end = Math.min(this.queue.length, this.head + most);
    for (let index = this.head; index < end; index++) if (!this.queue[index]!.header?.marker) yield this.queue[index]!.key;
  }

  shift(): void {
    this.waitingBytes -= sizeOf(this.queue[this.head]!.record);
    // Until the others are moved up, what has been taken would keep its value, and the batch that its bytes lie in.
    this.queue[this.head++] = undefined;
    if (this.head < 1024 && this.head < this.queue.length) return;
    this.queue.splice(0, this.head);
    this.head = 0;
  }
}

/** Only a derived topic has a channel for each of its producers. */
const isNumbered = (header: Header | null, { derived }: SourceInput['topic']): header is Header => derived && header !== null && header.sequence > 0;

const sizeOf = (record: LogRecord): number =>
  record.byteSize ?? (record.key?.length ?? 0) + (record.value?.length ?? 0) + (record.header?.length ?? 0);
