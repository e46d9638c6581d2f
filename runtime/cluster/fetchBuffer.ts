import type { SkillForgeError } from '../../schemas/index.js';
import type { FetchedRecords, PartitionReader } from '../kafka/broker.js';
import type { LogRecord, PartitionRange } from '../ports.js';
import type { SchemaGate } from './schemaGate.js';

/** What the reader of a partition is told to do with it, whichever buffer it fills at the time. */
export class FetchControl {
  private moves = 0;

  constructor(
    private readonly reader: PartitionReader,
    readonly topic: string,
    private readonly partition: number,
  ) {}

  pause(): void {
    this.reader.pause(this.topic, this.partition);
  }

  resume(): void {
    this.reader.resume(this.topic, this.partition);
  }

  /** Reads from `offset` on. Nothing comes before that, nor between two moves: what a buffer takes has no gap. */
  async moveTo(offset: number): Promise<void> {
    const nth = ++this.moves;
    this.pause();
    await this.reader.seek(this.topic, this.partition, offset);
    if (nth === this.moves) this.resume();
  }
}

/** Records, and bytes, that are fetched ahead of the task before the partition is paused. */
const MOST_AHEAD = 8_000;
const MOST_AHEAD_BYTES = 8 << 20;
/** Records behind the task that stay: a channel that was full reads them again. What is kept long is dear: each has bytes of its own. */
const KEPT = 4_000;
/** Records whose keys are fetched together. */
const HELD_TOGETHER = 1_000;
/** How many more may be there before they are forgotten: to take the first out of an array costs as much as the array is long. */
const FORGOTTEN_AT_ONCE = 1_000;

/**
 * The part of a partition that has been fetched, which a task reads as if it were the log. A task that goes back behind it has it
 * fetched again.
 */
export class FetchBuffer {
  private records: LogRecord[] = [];
  /** Offset from which on the buffer holds all there is. */
  private from = 0;
  private end = 0;
  /** Index of the first record that the task has not read. */
  private ahead = 0;
  private aheadBytes = 0;
  private isPaused = false;
  private failure: SkillForgeError | null = null;
  /** Offset of the record whose schema, or key, is asked for: the task sees nothing from there on. */
  private heldAt: number | null = null;
  /** Counts beginnings: what was asked for before is void. */
  private beginnings = 0;

  /**
   * @param start - first offset of the partition
   * @param control - of the partition's reader
   */
  constructor(
    private readonly start: number,
    private readonly control: FetchControl,
    private readonly gate: SchemaGate,
  ) {}

  /** Says where the records that come next begin. */
  begin(offset: number): void {
    this.records = [];
    this.from = this.end = offset;
    this.ahead = this.aheadBytes = 0;
    this.heldAt = null;
    this.beginnings++;
  }

  take({ records, nextOffset }: Pick<FetchedRecords, 'records' | 'nextOffset'>): void {
    for (const record of records) this.aheadBytes += bytesOf(record);
    const first = this.records.length;
    this.records.push(...records);
    if (this.heldAt === null) this.holdFrom(first);
    this.end = Math.max(this.end, nextOffset);
    if (this.isPaused || (this.records.length - this.ahead < MOST_AHEAD && this.aheadBytes < MOST_AHEAD_BYTES)) return;
    this.isPaused = true;
    this.control.pause();
  }

  /** Looks from this record on for one that cannot be decoded yet. */
  private holdFrom(first: number): void {
    let at = first;
    for (; at < this.records.length; at++) {
      const ready = this.gate.ready(this.control.topic, this.records[at]!);
      if (ready === null) break;
      this.records[at] = ready;
    }
    const [record, ...rest] = this.records.slice(at, at + HELD_TOGETHER);
    this.heldAt = record?.offset ?? null;
    if (record === undefined) return;
    const { beginnings } = this;
    const isOver = (): boolean => beginnings !== this.beginnings;
    const onOpen = (): void => {
      if (!isOver()) this.holdFrom(this.indexOf(record.offset));
    };
    this.gate.hold([record, ...rest], onOpen, isOver).catch((error: unknown) => this.fail(error as SkillForgeError));
  }

  /** Nothing more comes: the task is told when it reads on. */
  fail(error: SkillForgeError): void {
    this.failure = error;
  }

  range(): PartitionRange {
    if (this.failure !== null) throw this.failure;
    return { start: this.start, end: this.heldAt ?? this.end };
  }

  /** Records that have been fetched from `offset` on, at most `most`. */
  read(offset: number, most: number): LogRecord[] {
    if (offset < this.from) {
      // A dead letter looks for one record, and does without: what the task reads next is not given up for it.
      if (most > 1) this.goBack(offset);
      return [];
    }
    const first = this.indexOf(offset);
    const until = this.heldAt === null ? this.records.length : this.indexOf(this.heldAt);
    const found = this.records.slice(first, Math.min(first + most, until));
    for (; this.ahead < first + found.length; this.ahead++) this.aheadBytes -= bytesOf(this.records[this.ahead]!);
    this.forget();
    if (this.isPaused && this.records.length - this.ahead < MOST_AHEAD / 2 && this.aheadBytes < MOST_AHEAD_BYTES / 2) {
      this.isPaused = false;
      this.control.resume();
    }
    return found;
  }

  private goBack(offset: number): void {
    this.begin(offset);
    this.isPaused = false;
    this.control.moveTo(offset).catch((error: unknown) => this.fail(error as SkillForgeError));
  }

  private indexOf(offset: number): number {
    let [low, high] = [0, this.records.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.records[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private forget(): void {
    const excess = this.ahead - KEPT;
    if (excess < FORGOTTEN_AT_ONCE) return;
    this.from = this.records[excess - 1]!.offset + 1;
    this.records.splice(0, excess);
    this.ahead -= excess;
  }
}

/** Bytes of a record: key, value and header. */
export const bytesOf = ({ byteSize, key, value, header }: LogRecord): number =>
  byteSize ?? (key?.length ?? 0) + (value?.length ?? 0) + (header?.length ?? 0);
