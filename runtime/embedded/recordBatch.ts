/**
 * The bytes of one record batch: the unit in which a partition is written, read and checked.
 *
 * ```
 *  0 u8   format version (1)
 *  1 u24  low bits of the CRC-32 of the database key: tells a damaged key without the rest of the batch
 *  4 u32  CRC-32 of the database key and of everything from byte 8 on
 *  8 u32  record count
 * 12 u32  offset of the last record, relative to the base offset in the key
 * 16 f64  append time of the first record, ms
 * 24 f64  latest append time of any record, ms: what retention looks at
 * 32 ...  records: offset delta, zigzag append time delta, lengths + 1 of key, value, header (0 is null): varints; then the bytes
 * ```
 * The key takes part in the checksum, so a batch that lies under a wrong offset or partition is noticed too.
 */
import { crc32 } from 'node:zlib';
import type { LogRecord } from '../ports.js';

/** Version of the layout. */
export const BATCH_VERSION = 1;
const HEADER_BYTES = 32;

/** What {@link decodeBatch} throws for bytes that are no valid batch; the log adds topic, partition and offset. */
export class BatchDamage extends Error {}

/** What the fixed part of a batch tells. */
export interface BatchSummary {
  readonly count: number;
  /** Offset of the last record. */
  readonly last: number;
  readonly maxAppendTimeMs: number;
}

/** Encodes records of ascending offsets under their database key; `records` holds at least one. */
export function encodeBatch(key: Buffer, base: number, records: readonly LogRecord[]): Buffer {
  const baseTime = records[0]!.appendTimeMs;
  const target = Buffer.allocUnsafeSlow(HEADER_BYTES + upperBound(records));
  let at = HEADER_BYTES;
  let maxTime = baseTime;
  for (const record of records) {
    at = writeRecord(target, at, record, record.offset - base, record.appendTimeMs - baseTime);
    if (record.appendTimeMs > maxTime) maxTime = record.appendTimeMs;
  }
  target[0] = BATCH_VERSION;
  target.writeUIntLE(keyChecksum(key), 1, 3);
  target.writeUInt32LE(records.length, 8);
  target.writeUInt32LE(records[records.length - 1]!.offset - base, 12);
  target.writeDoubleLE(baseTime, 16);
  target.writeDoubleLE(maxTime, 24);
  const bytes = target.subarray(0, at);
  bytes.writeUInt32LE(batchChecksum(key, bytes), 4);
  return bytes;
}

/** The fixed part of a batch, after its checksum was compared. @throws BatchDamage */
export function summarizeBatch(key: Buffer, base: number, bytes: Buffer): BatchSummary {
  if (bytes.length < HEADER_BYTES) throw new BatchDamage('the batch is shorter than its header');
  if (bytes[0] !== BATCH_VERSION) throw new BatchDamage(`batch format ${bytes[0]} is unknown`);
  if (!isBatchUnder(key, bytes)) throw new BatchDamage('it lies under a wrong key');
  if (batchChecksum(key, bytes) !== bytes.readUInt32LE(4)) throw new BatchDamage('the checksum does not match');
  return { count: bytes.readUInt32LE(8), last: base + bytes.readUInt32LE(12), maxAppendTimeMs: bytes.readDoubleLE(24) };
}

/** All records of a batch; their buffers are views onto `bytes`. @throws BatchDamage */
export function decodeBatch(key: Buffer, base: number, bytes: Buffer): LogRecord[] {
  const cursor = new BatchCursor(key, base, bytes);
  const records: LogRecord[] = [];
  while (!cursor.atEnd) records.push(cursor.take());
  return records;
}

/** Reads a batch record by record, so that a batch in waiting is bytes and not thousands of objects. */
export class BatchCursor {
  /** First offset after the batch. */
  readonly next: number;
  private readonly reader: RecordReader;
  private readonly baseTime: number;
  private left: number;

  /** @throws BatchDamage */
  constructor(
    key: Buffer,
    private readonly base: number,
    bytes: Buffer,
  ) {
    const { count, last } = summarizeBatch(key, base, bytes);
    this.left = count;
    this.next = last + 1;
    this.baseTime = bytes.readDoubleLE(16);
    this.reader = new RecordReader(bytes, HEADER_BYTES);
  }

  get atEnd(): boolean {
    return this.left === 0;
  }

  /** Offset of the record that `take` gives; only before the end. */
  get offset(): number {
    return this.base + this.reader.peekVarint();
  }

  take(): LogRecord {
    this.left--;
    return this.reader.next(this.base, this.baseTime);
  }

  skip(): void {
    this.left--;
    this.reader.skip();
  }
}

/** False when the key of a batch is damaged, or the batch is no batch; looks at the first bytes alone. */
export function isBatchUnder(key: Uint8Array, bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && bytes.readUIntLE(1, 3) === keyChecksum(key);
}

const keyChecksum = (key: Uint8Array): number => crc32(key) & 0xff_ffff;

function batchChecksum(key: Buffer, bytes: Buffer): number {
  return crc32(bytes.subarray(8), crc32(key));
}

/** Bytes of a part whose length is stored plus one; 0 stands for null. */
const bytesOf = (lengthPlusOne: number): number => (lengthPlusOne === 0 ? 0 : lengthPlusOne - 1);

/** A record within the bytes of its batch. A view of a part is made when it is asked for: many records need one of the three. */
class StoredRecord implements LogRecord {
  // eslint-disable-next-line max-params -- an object of its own for the lengths would double what a read allocates
  constructor(
    private readonly batch: Buffer,
    readonly offset: number,
    readonly appendTimeMs: number,
    private readonly start: number,
    private readonly keyLength: number,
    private readonly valueLength: number,
    private readonly headerLength: number,
  ) {}

  get byteSize(): number {
    return bytesOf(this.keyLength) + bytesOf(this.valueLength) + bytesOf(this.headerLength);
  }

  get key(): Buffer | null {
    return this.view(this.start, this.keyLength);
  }

  get keyText(): string | null {
    const { start, keyLength } = this;
    return keyLength === 0 ? null : this.batch.toString('utf8', start, start + keyLength - 1);
  }

  get value(): Buffer | null {
    return this.view(this.start + bytesOf(this.keyLength), this.valueLength);
  }

  get header(): Buffer | null {
    return this.view(this.start + bytesOf(this.keyLength) + bytesOf(this.valueLength), this.headerLength);
  }

  private view(start: number, lengthPlusOne: number): Buffer | null {
    return lengthPlusOne === 0 ? null : this.batch.subarray(start, start + lengthPlusOne - 1);
  }
}

class RecordReader {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
  ) {}

  next(base: number, baseTime: number): LogRecord {
    const offset = base + this.varint();
    const time = this.varint();
    const keyLength = this.varint();
    const valueLength = this.varint();
    const headerLength = this.varint();
    const appendTimeMs = baseTime + (time % 2 === 0 ? time / 2 : -(time + 1) / 2);
    const start = this.at;
    this.at += bytesOf(keyLength) + bytesOf(valueLength) + bytesOf(headerLength);
    return new StoredRecord(this.bytes, offset, appendTimeMs, start, keyLength, valueLength, headerLength);
  }

  skip(): void {
    this.varint();
    this.varint();
    let bytes = 0;
    for (let part = 0; part < 3; part++) bytes += bytesOf(this.varint());
    this.at += bytes;
  }

  /** The varint at the current place, without moving on. */
  peekVarint(): number {
    const { at } = this;
    const value = this.varint();
    this.at = at;
    return value;
  }

  private varint(): number {
    const first = this.bytes[this.at++]!;
    if (first < 0x80) return first;
    let result = first & 0x7f;
    for (let scale = 0x80; ; scale *= 0x80) {
      const byte = this.bytes[this.at++]!;
      result += (byte & 0x7f) * scale;
      if (byte < 0x80) return result;
    }
  }
}

function writeRecord(target: Buffer, start: number, record: LogRecord, delta: number, timeDelta: number): number {
  let at = writeVarint(target, start, delta);
  at = writeVarint(target, at, timeDelta < 0 ? -2 * timeDelta - 1 : 2 * timeDelta);
  at = writeVarint(target, at, record.key === null ? 0 : record.key.length + 1);
  at = writeVarint(target, at, record.value === null ? 0 : record.value.length + 1);
  at = writeVarint(target, at, record.header === null ? 0 : record.header.length + 1);
  at = writeBytes(target, at, record.key);
  at = writeBytes(target, at, record.value);
  return writeBytes(target, at, record.header);
}

function writeBytes(target: Buffer, at: number, bytes: Buffer | null): number {
  if (bytes === null) return at;
  target.set(bytes, at);
  return at + bytes.length;
}

function writeVarint(target: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest >= 0x80) {
    target[at++] = (rest % 0x80) + 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[at++] = rest;
  return at;
}

/** Bytes that a record takes at most. */
export function recordBytes(record: Pick<LogRecord, 'key' | 'value' | 'header'>): number {
  return 32 + (record.key?.length ?? 0) + (record.value?.length ?? 0) + (record.header?.length ?? 0);
}

function upperBound(records: readonly LogRecord[]): number {
  let bytes = 0;
  for (const record of records) bytes += recordBytes(record);
  return bytes;
}
