/** Records in the files in which a broker keeps its topics: those of aborted transactions too, and what compaction has not removed yet. */
import { closeSync, openSync, readSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { LogRecord } from '../../../runtime/ports.js';

/** A record with the topic and partition whose folder it lies in. */
export interface SegmentRecord {
  readonly topic: string;
  readonly partition: number;
  readonly record: LogRecord;
}

/** Offset and length stand before the rest of a batch. */
const HEAD_BYTES = 12;
/** Where records begin in a batch, from its offset on. */
const RECORDS_AT = 61;
const ATTRIBUTES_AT = 21;
const TIMESTAMP_AT = 27;
const COUNT_AT = 57;
const MAGIC_AT = 16;
const [CODEC_BITS, CONTROL_BIT] = [0x07, 0x20];
const GZIP = 1;
/** Segments, also those that are about to take another's place or to be deleted. */
const SEGMENT = /\.log(\.(deleted|cleaned|swap))?$/;
const FOLDER = /^(.+)-(\d+)(\.[0-9a-f]+-(delete|future|stray))?$/;

/** Topic and partition of a segment file by the folder that it lies in; `null` for any other file. */
export function segmentPlace(path: string): { readonly topic: string; readonly partition: number } | null {
  const [, topic, partition] = SEGMENT.test(path) ? (FOLDER.exec(basename(dirname(path))) ?? []) : [];
  return topic === undefined ? null : { topic, partition: Number(partition) };
}

/** The records of a segment file, batch by batch; `null` for a batch that is compressed in a way that cannot be looked into here. @throws what reading throws */
export function* segmentRecords(path: string): Generator<readonly LogRecord[] | null> {
  const file = openSync(path, 'r');
  try {
    for (let at = 0; ;) {
      const head = Buffer.alloc(HEAD_BYTES);
      if (readSync(file, head, 0, HEAD_BYTES, at) < HEAD_BYTES) return;
      const length = head.readInt32BE(8);
      // A file may be as long as it is going to be: zeros follow what is in it.
      if (length <= 0) return;
      const batch = Buffer.alloc(HEAD_BYTES + length);
      if (readSync(file, batch, 0, batch.length, at) < batch.length) return;
      yield recordsIn(batch);
      at += batch.length;
    }
  } finally {
    closeSync(file);
  }
}

function recordsIn(batch: Buffer): readonly LogRecord[] | null {
  const attributes = batch.readInt16BE(ATTRIBUTES_AT);
  if (batch[MAGIC_AT] !== 2) return null;
  if ((attributes & CONTROL_BIT) !== 0) return [];
  const codec = attributes & CODEC_BITS;
  if (codec > GZIP) return null;
  const bytes = batch.subarray(RECORDS_AT);
  const reading = new Reading(codec === GZIP ? gunzipSync(bytes) : bytes);
  const [first, firstMs] = [Number(batch.readBigInt64BE(0)), Number(batch.readBigInt64BE(TIMESTAMP_AT))];
  return Array.from({ length: batch.readInt32BE(COUNT_AT) }, () => reading.record(first, firstMs));
}

/** Fields of records, one after the other. */
class Reading {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  record(first: number, firstMs: number): LogRecord {
    const end = this.varint() + this.at;
    this.at += 1;
    const [deltaMs, delta] = [this.varint(), this.varint()];
    const [key, value] = [this.field(), this.field()];
    // Names and values of headers, as they lie: they are looked at as bytes.
    const header = end - this.at > 1 ? this.bytes.subarray(this.at, end) : null;
    this.at = end;
    return { offset: first + delta, appendTimeMs: firstMs + deltaMs, key, value, header };
  }

  private field(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** Zigzag, seven bits at a time. */
  private varint(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 0x80;
    }
  }
}
