/** Turns the outputs of a transaction's units into record batches and new partition ends. */
import type { LogRecord } from '../ports.js';
import type { WriteUnit } from './writeUnit.js';
import type { BytesDatabase } from './environment.js';
import { logKey } from './keys.js';
import { encodeBatch, recordBytes } from './recordBatch.js';
import type { Partition, Topics } from './topics.js';
import type { WriteSet } from './writeSet.js';

/** A batch counts from its base offset with 32 bits; compaction can leave records further apart. */
const MAX_OFFSET_DELTA = 0xffff_ffff;

/** Lays out record batches; writes nothing by itself. */
export class LogWriter {
  constructor(
    private readonly log: BytesDatabase,
    private readonly topics: Topics,
    private readonly segmentBytes: number,
    /** Under such a key of a topic nothing is written but tombstones. */
    private readonly isErased: (topic: string, key: Buffer) => boolean,
  ) {}

  /** Adds batches and ends; the function returned makes the new ends visible and is for after the commit. */
  addTo(writes: WriteSet, units: readonly WriteUnit[]): () => void {
    const appended = this.collect(units);
    for (const [partition, records] of appended) {
      this.addBatches(writes, partition, records);
      this.topics.saveRange(writes, partition, partition.end + records.length);
    }
    return () => {
      for (const [partition, records] of appended) partition.end += records.length;
    };
  }

  /** Adds records with ascending offsets as batches of at most the segment size (a single larger record is a batch of its own). */
  addBatches(writes: WriteSet, { topic, partition }: Partition, records: readonly LogRecord[]): void {
    for (let start = 0; start < records.length;) {
      const end = this.endOfBatch(records, start);
      const base = records[start]!.offset;
      const key = logKey(topic.id, partition, base);
      writes.put(this.log, key, encodeBatch(key, base, start === 0 && end === records.length ? records : records.slice(start, end)));
      start = end;
    }
  }

  removeBatches(writes: WriteSet, batches: Iterable<{ readonly key: Buffer }>): void {
    for (const { key } of batches) writes.remove(this.log, key);
  }

  private endOfBatch(records: readonly LogRecord[], start: number): number {
    let end = start;
    let bytes = 0;
    while (end < records.length) {
      bytes += recordBytes(records[end]!);
      if (end > start && (bytes > this.segmentBytes || records[end]!.offset - records[start]!.offset > MAX_OFFSET_DELTA)) break;
      end++;
    }
    return end;
  }

  private collect(units: readonly WriteUnit[]): Map<Partition, LogRecord[]> {
    const appended = new Map<Partition, LogRecord[]>();
    for (const { outputs, appendTimeMs } of units) {
      for (const { topic, partition, key, value, header } of outputs) {
        if (key !== null && value !== null && this.isErased(topic, key)) continue;
        const target = this.topics.partition(topic, partition);
        let records = appended.get(target);
        if (records === undefined) appended.set(target, (records = []));
        records.push({ offset: target.end + records.length, appendTimeMs, key, value, header });
      }
    }
    return appended;
  }
}
