/** The log port on one folder. */
import { SkillForgeError } from '../../schemas/errors.js';
import type { DiskKeys } from '../../schemas/sealing/diskSeal.js';
import type { Log, LogRecord, OutputRecord, PartitionRange, TopicSpec } from '../ports.js';
import type { FolderSeal } from './folderSeal.js';
import type { LogReader } from './logReader.js';
import { recordBytes } from './recordBatch.js';
import type { StorageGate } from './storageGate.js';
import { rangeOf, type Topics } from './topics.js';

/** Batches that one read parses before it stops early, bytes: what bounds memory when records are large. */
const DEFAULT_READ_BYTES = 4 * 1024 * 1024;

/** The log port on one folder. */
export class EmbeddedLog implements Log {
  constructor(
    private readonly gate: StorageGate,
    private readonly topicTable: Topics,
    private readonly reader: LogReader,
    private readonly seal: () => FolderSeal | null,
  ) {}

  /** Visible at once, durable with the next commit or append at the latest. @throws SFS_TOPIC_MISMATCH, SFS_TOPIC_INVALID, SFS_STORAGE_READ_ONLY */
  ensureTopic(spec: TopicSpec): void {
    this.gate.assertWritable();
    const topic = this.topicTable.add(spec);
    if (topic === null) return;
    // Fails only with the whole storage, and then every later call tells.
    this.gate.write({ outputs: [], appendTimeMs: 0, bytes: 256, addTo: (writes) => this.topicTable.saveTopic(writes, topic) }).catch(() => undefined);
  }

  topics(): TopicSpec[] {
    return this.gate.reading(() => this.topicTable.all().map(({ spec }) => spec));
  }

  /** @throws SFS_TOPIC_UNKNOWN, SFS_PARTITION_UNKNOWN */
  range(topic: string, partition: number): PartitionRange {
    return this.gate.reading(() => rangeOf(this.topicTable.partition(topic, partition)));
  }

  /**
   * @param maxBytes - parses no further batch once this much was parsed: fewer records than asked for are then no sign of the end
   * @throws SFS_OFFSET_OUT_OF_RANGE when `fromOffset` was removed, or lies beyond the end; SFS_LOG_CORRUPT; SFS_TOPIC_UNKNOWN; SFS_PARTITION_UNKNOWN
   */
  read(topic: string, partition: number, fromOffset: number, maxRecords: number, maxBytes = DEFAULT_READ_BYTES): LogRecord[] {
    return this.gate.reading(() => {
      const target = this.topicTable.partition(topic, partition);
      if (!(fromOffset >= target.start && fromOffset <= target.end)) throw outOfRange(topic, partition, fromOffset, rangeOf(target));
      const records = maxRecords > 0 && fromOffset < target.end ? this.reader.read(target, fromOffset, maxRecords, maxBytes) : [];
      return this.seal() === null ? records : [...this.opened(topic, records)];
    });
  }

  append(records: readonly OutputRecord[]): Promise<void> {
    return this.gate.writing(() => {
      if (records.length === 0) return Promise.resolve();
      const bytes = checkOutputs(this.topicTable, records);
      return this.gate.write({ outputs: this.seal()?.append(records) ?? records, appendTimeMs: this.gate.now(), bytes });
    });
  }

  /** What wraps keys of files beside the folder; `null` for a folder without keys. */
  diskKeys(): DiskKeys | null {
    return this.seal()?.diskKeys ?? null;
  }

  get isSealed(): boolean {
    return this.seal() !== null;
  }

  /** Records whose values were taken from this log as they lie, opened. */
  opened(topic: string, records: readonly LogRecord[]): readonly LogRecord[] {
    const seal = this.seal();
    return seal === null ? records : records.map((record) => seal.opened(topic, record));
  }

  onAppend(listener: () => void): () => void {
    return this.gate.onAppend(listener);
  }
}

/** Bytes of the records, after a check that their partitions exist. @throws SFS_TOPIC_UNKNOWN, SFS_PARTITION_UNKNOWN */
export function checkOutputs(topics: Topics, records: readonly OutputRecord[]): number {
  let bytes = 0;
  for (const record of records) {
    topics.partition(record.topic, record.partition);
    bytes += recordBytes(record);
  }
  return bytes;
}

function outOfRange(topic: string, partition: number, offset: number, range: PartitionRange): SkillForgeError {
  const what = offset < range.start ? 'was removed by retention' : 'is not in the log';
  return new SkillForgeError(
    'SFS_OFFSET_OUT_OF_RANGE',
    `topic ${topic}, partition ${partition}: offset ${offset} ${what} (${range.start} to ${range.end})`,
    {
      context: { topic, partition, offset, start: range.start, end: range.end },
    },
  );
}
