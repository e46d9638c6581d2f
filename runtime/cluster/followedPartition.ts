import type { SkillForgeError } from '../../schemas/index.js';
import type { FetchedRecords, PartitionReader } from '../kafka/broker.js';
import type { LogRecord, PartitionName, PartitionRange } from '../ports.js';
import { FetchControl, bytesOf } from './fetchBuffer.js';

/** Records, and bytes, that wait to be read before the partition is paused. */
const MOST_WAITING = 2_000;
const MOST_WAITING_BYTES = 4 << 20;

/** How a partition is followed. */
export interface FollowedPartitionOptions extends PartitionName {
  /** What it holds when it begins: it is followed from the end of that on. */
  readonly range: PartitionRange;
  /** What comes does not move its end: only {@link FollowedPartition.found} does. */
  readonly isHeldBack: boolean;
  /** Does one thing to the reader after the other. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
}

/** A partition of which records come as they are committed; who wants older ones has them fetched. */
export class FollowedPartition {
  private records: LogRecord[] = [];
  private bytes = 0;
  /** `records` holds all there is from here up to `fetchedTo`; infinite where they hold nothing of use. */
  private from: number;
  private fetchedTo: number;
  private known: PartitionRange;
  private isMoving = false;
  private isPaused = false;
  private failure: SkillForgeError | null = null;
  private readonly waiting = new Set<(error?: SkillForgeError) => void>();
  private readonly control: FetchControl;

  constructor(
    readonly options: FollowedPartitionOptions,
    reader: PartitionReader,
  ) {
    const { topic, partition, range } = options;
    this.control = new FetchControl(reader, topic, partition);
    this.known = range;
    this.from = this.fetchedTo = range.end;
  }

  /** Where fetching goes on. */
  get next(): number {
    return this.fetchedTo;
  }

  /** What the partition is known to hold. */
  get range(): PartitionRange {
    const { start, end } = this.known;
    return { start, end: this.options.isHeldBack ? end : Math.max(end, this.fetchedTo) };
  }

  /** Takes what the brokers say that it holds. */
  found(range: PartitionRange): void {
    this.known = range;
    this.tell();
  }

  /** Fetching of all partitions began anew, each at its {@link next}. */
  assigned(): void {
    if (this.isPaused) this.control.pause();
  }

  take({ records, nextOffset }: FetchedRecords): void {
    if (this.isMoving) return;
    for (const record of records) {
      // Fetching may begin anew a little before.
      if (record.offset < this.fetchedTo) continue;
      this.records.push(record);
      this.bytes += bytesOf(record);
    }
    this.fetchedTo = Math.max(this.fetchedTo, nextOffset);
    if (!this.isPaused && (this.records.length >= MOST_WAITING || this.bytes >= MOST_WAITING_BYTES)) {
      this.isPaused = true;
      this.control.pause();
    }
    this.tell();
  }

  /** Records from `offset` on, at most `most`; none where there is none up to the end that {@link range} gives now. @throws what {@link interrupt} or {@link end} is told */
  async read(offset: number, most: number): Promise<LogRecord[]> {
    const { end } = this.range;
    if (offset < this.from || offset > this.fetchedTo) await this.moveTo(offset);
    for (;;) {
      if (this.failure !== null) throw this.failure;
      this.forgetBefore(offset);
      if (this.records.length > 0 || this.fetchedTo >= end) return this.taken(most);
      await this.more();
    }
  }

  /** Who waits for records waits no longer. */
  interrupt(error: SkillForgeError): void {
    this.tell(error);
  }

  /** Nothing comes any more. */
  end(error: SkillForgeError): void {
    this.failure = error;
    this.tell(error);
  }

  private more(): Promise<void> {
    return new Promise((resolve, reject) => this.waiting.add((error) => (error === undefined ? resolve() : reject(error))));
  }

  private async moveTo(offset: number): Promise<void> {
    this.isMoving = true;
    this.records = [];
    this.bytes = 0;
    this.isPaused = false;
    this.from = Number.POSITIVE_INFINITY;
    try {
      await this.options.inTurn(() => this.control.moveTo(offset));
      this.from = this.fetchedTo = offset;
    } finally {
      this.isMoving = false;
    }
  }

  private taken(most: number): LogRecord[] {
    const found = this.records.splice(0, most);
    for (const record of found) this.bytes -= bytesOf(record);
    if (found.length > 0) this.from = found.at(-1)!.offset + 1;
    if (this.isPaused && this.records.length < MOST_WAITING / 2 && this.bytes < MOST_WAITING_BYTES / 2) {
      this.isPaused = false;
      this.control.resume();
    }
    return found;
  }

  private forgetBefore(offset: number): void {
    const first = this.records.findIndex((record) => record.offset >= offset);
    for (const record of this.records.splice(0, first < 0 ? this.records.length : first)) this.bytes -= bytesOf(record);
    this.from = Math.max(this.from, offset);
  }

  private tell(error?: SkillForgeError): void {
    for (const wake of this.waiting) wake(error);
    this.waiting.clear();
  }
}
