/** Reads partitions: finds the batch, checks it, and remembers how far the last one of each partition was read. */
import { SkillForgeError } from '../../schemas/errors.js';
import type { LogRecord } from '../ports.js';
import type { BytesDatabase } from './environment.js';
import { logKey, offsetOfLogKey } from './keys.js';
import { BatchCursor, BatchDamage, decodeBatch } from './recordBatch.js';
import type { Partition } from './topics.js';

/** A batch with all of its records. */
export interface ParsedBatch {
  readonly base: number;
  /** First offset after the batch. */
  readonly next: number;
  readonly records: readonly LogRecord[];
}

/** Partitions whose last batch is kept: what a process reads in turn, not all that exist. */
const MAX_OPENED = 64;
/** A larger batch holds one large record: keeping it saves nothing. */
const MAX_OPENED_BYTES = 1024 * 1024;

/** Reads the partitions of one folder. */
export class LogReader {
  /** What was handed out of a batch belongs to its receiver and is not handed out again. */
  private readonly opened = new Map<string, BatchCursor>();

  constructor(private readonly log: BytesDatabase) {}

  /** Records of `[from, partition.end)`, at most `maxRecords`, and no further batch once there are some and `maxBytes` of batches were parsed. */
  read(partition: Partition, from: number, maxRecords: number, maxBytes: number): LogRecord[] {
    const records: LogRecord[] = [];
    const room = { end: partition.end, maxRecords, records };
    const name = nameOf(partition);
    const kept = this.opened.get(name);
    const next = kept !== undefined && isLeft(kept, from) ? take(kept, from, room) : from;
    if (kept?.atEnd === true) this.opened.delete(name);
    if (records.length >= maxRecords || next >= partition.end) return records;
    let bytes = 0;
    for (const { key, value } of this.batchesFrom(partition, next)) {
      const opened = openBatch(partition, key, value);
      take(opened, next, room);
      if (value.length <= MAX_OPENED_BYTES) this.keep(name, opened);
      bytes += value.length;
      if (records.length >= maxRecords || (records.length > 0 && bytes >= maxBytes)) break;
    }
    return records;
  }

  /**
   * All batches from the one that holds or follows `from`. Always looks for a batch that begins before `from`: a compaction
   * may have joined what was two batches when the last read ended.
   */
  batchesFrom(partition: Partition, from: number): Iterable<{ key: Buffer; value: Buffer }> {
    const { topic, partition: number } = partition;
    return this.log.getRange({ start: this.floorKey(partition, from), end: logKey(topic.id, number, partition.end) });
  }

  /** After a compaction or a removal: the kept batch may hold what is gone. */
  forget(partition: Partition): void {
    this.opened.delete(nameOf(partition));
  }

  private floorKey({ topic, partition }: Partition, from: number): Buffer {
    const wanted = logKey(topic.id, partition, from);
    const range = this.log.getKeys({ start: wanted, end: logKey(topic.id, partition, 0), inclusiveEnd: true, reverse: true, limit: 1 });
    for (const key of range) return Buffer.from(key);
    return wanted;
  }

  /** Of a batch that has been handed out nothing is left to keep: most partitions are read to their end, and wait there. */
  private keep(name: string, opened: BatchCursor): void {
    this.opened.delete(name);
    if (opened.atEnd) return;
    this.opened.set(name, opened);
    if (this.opened.size > MAX_OPENED) this.opened.delete(this.opened.keys().next().value!);
  }
}

/** @throws SFS_LOG_CORRUPT naming topic, partition and offset */
function openBatch(partition: Partition, key: Buffer, value: Buffer): BatchCursor {
  const base = offsetOfLogKey(key);
  try {
    return new BatchCursor(key, base, value);
  } catch (cause) {
    throw corrupt(partition, base, cause);
  }
}

/** @throws SFS_LOG_CORRUPT naming topic, partition and offset */
export function parseBatch(partition: Partition, key: Buffer, value: Buffer): ParsedBatch {
  const base = offsetOfLogKey(key);
  try {
    const records = decodeBatch(key, base, value);
    return { base, next: records[records.length - 1]!.offset + 1, records };
  } catch (cause) {
    throw corrupt(partition, base, cause);
  }
}

/** SFS_LOG_CORRUPT for the batch at `offset`. */
export function corrupt(partition: Partition, offset: number, cause: unknown): SkillForgeError {
  const topic = partition.topic.spec.name;
  const reason = cause instanceof BatchDamage ? cause.message : 'the batch cannot be parsed';
  return new SkillForgeError(
    'SFS_LOG_CORRUPT',
    `topic ${topic}, partition ${partition.partition}: the batch at offset ${offset} is damaged: ${reason}`,
    {
      cause,
      context: { topic, partition: partition.partition, offset },
    },
  );
}

interface Room {
  readonly end: number;
  readonly maxRecords: number;
  readonly records: LogRecord[];
}

function isLeft(cursor: BatchCursor, from: number): boolean {
  return from < cursor.next && !cursor.atEnd && from >= cursor.offset;
}

/** Hands out records from `from` on; answers the offset to go on at. */
function take(cursor: BatchCursor, from: number, { end, maxRecords, records }: Room): number {
  while (!cursor.atEnd) {
    const { offset } = cursor;
    if (offset >= end || (offset >= from && records.length >= maxRecords)) return Math.max(from, offset);
    if (offset < from) cursor.skip();
    else records.push(cursor.take());
  }
  return cursor.next;
}

function nameOf({ topic, partition }: Partition): string {
  return `${topic.id}/${partition}`;
}
