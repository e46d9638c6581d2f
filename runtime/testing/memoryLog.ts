import { SkillForgeError } from '../../schemas/index.js';
import type { Log, LogRecord, OutputRecord, PartitionRange, TopicSpec } from '../ports.js';

interface MemoryTopic {
  readonly spec: TopicSpec;
  readonly partitions: readonly LogRecord[][];
}

/** A log in memory: nothing is compacted, and retention removes nothing. Buffers go in and out as copies. */
export class MemoryLog implements Log {
  private readonly byName = new Map<string, MemoryTopic>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly now: () => number) {}

  ensureTopic(spec: TopicSpec): void {
    const known = this.byName.get(spec.name)?.spec;
    if (known !== undefined) return assertSame(known, spec);
    this.byName.set(spec.name, { spec: { ...spec }, partitions: Array.from({ length: spec.partitions }, () => []) });
  }

  topics(): TopicSpec[] {
    return [...this.byName.values()].map(({ spec }) => spec);
  }

  range(topic: string, partition: number): PartitionRange {
    return { start: 0, end: this.partition(topic, partition).length };
  }

  read(topic: string, partition: number, fromOffset: number, maxRecords: number): LogRecord[] {
    const records = this.partition(topic, partition);
    if (fromOffset < 0 || fromOffset > records.length) {
      throw new SkillForgeError('SFS_OFFSET_OUT_OF_RANGE', `${topic}/${partition} holds the offsets 0 to ${records.length}, not ${fromOffset}`);
    }
    return records.slice(fromOffset, fromOffset + maxRecords).map(copyOf);
  }

  append(records: readonly OutputRecord[]): Promise<void> {
    return this.appendAt(records, this.now());
  }

  /** Appends with a time of the caller's: how a test lets a record come early or late. */
  async appendAt(records: readonly OutputRecord[], appendTimeMs: number): Promise<void> {
    await Promise.resolve();
    this.check(records);
    this.add(records, appendTimeMs);
  }

  /** Forgets a topic; one that is not there is none already. */
  remove(topic: string): void {
    this.byName.delete(topic);
  }

  onAppend(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @throws SFS_TOPIC_UNKNOWN, SFS_PARTITION_UNKNOWN */
  check(records: readonly OutputRecord[]): void {
    for (const { topic, partition } of records) this.partition(topic, partition);
  }

  /** Adds checked records and tells the listeners. */
  add(records: readonly OutputRecord[], appendTimeMs = this.now()): void {
    for (const record of records) {
      const into = this.partition(record.topic, record.partition);
      const { key, value, header } = record;
      into.push(copyOf({ offset: into.length, appendTimeMs, key, value, header }));
    }
    if (records.length > 0) for (const listener of this.listeners) listener();
  }

  private partition(name: string, partition: number): LogRecord[] {
    const topic = this.byName.get(name);
    if (topic === undefined) throw new SkillForgeError('SFS_TOPIC_UNKNOWN', `there is no topic ${name}`, { context: { topic: name } });
    const records = topic.partitions[partition];
    if (records !== undefined) return records;
    throw new SkillForgeError('SFS_PARTITION_UNKNOWN', `topic ${name} has ${topic.spec.partitions} partitions; ${partition} is none of them`, {
      context: { topic: name, partition },
    });
  }
}

function copyOf({ offset, appendTimeMs, key, value, header }: LogRecord): LogRecord {
  return { offset, appendTimeMs, key: copied(key), value: copied(value), header: copied(header) };
}

const copied = (bytes: Buffer | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));

function assertSame(existing: TopicSpec, wanted: TopicSpec): void {
  const differing = (['partitions', 'cleanup', 'retentionMs'] as const).filter((field) => existing[field] !== wanted[field]);
  if (differing.length === 0) return;
  const described = differing.map((field) => `${field} is ${existing[field]}, wanted ${wanted[field]}`).join('; ');
  throw new SkillForgeError('SFS_TOPIC_MISMATCH', `topic ${existing.name} exists with other settings: ${described}`);
}
