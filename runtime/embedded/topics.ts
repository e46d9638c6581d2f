/** The topics of a folder and what is known of each partition. A writer keeps them in memory; a reader asks the database each time. */
import { SkillForgeError } from '../../schemas/errors.js';
import type { PartitionRange, TopicSpec } from '../ports.js';
import type { BytesDatabase, Environment } from './environment.js';
import { asBuffer, partitionKey, textKey } from './keys.js';
import { seal, unseal } from './sealed.js';
import type { WriteSet } from './writeSet.js';

const MAX_TOPICS = 0xffff;
const MAX_PARTITIONS = 0xffff;

/** A topic and its number in keys. */
export interface Topic {
  readonly id: number;
  readonly spec: TopicSpec;
}

/** The live state of one partition. Offsets below `end` are durable. */
export interface Partition {
  readonly topic: Topic;
  readonly partition: number;
  start: number;
  end: number;
  /** Everything below was compacted. */
  cleanedTo: number;
  /** Records that the last compaction left below `cleanedTo`. */
  keptRecords: number;
}

/** The topics of one folder. */
export class Topics {
  private readonly byName = new Map<string, Topic>();
  private readonly partitions = new Map<string, Partition[]>();
  private readonly db: { readonly topics: BytesDatabase; readonly ranges: BytesDatabase };
  private nextId: number;

  constructor(private readonly environment: Environment) {
    this.db = environment.db;
    if (!environment.readOnly) for (const topic of this.stored()) this.remember(topic);
    this.nextId = environment.readOnly ? 0 : this.firstFreeId();
  }

  all(): Topic[] {
    return this.environment.readOnly ? this.stored() : [...this.byName.values()];
  }

  /** @throws SFS_TOPIC_UNKNOWN */
  topic(name: string): Topic {
    const topic = this.environment.readOnly ? this.load(name) : this.byName.get(name);
    if (topic === undefined) throw new SkillForgeError('SFS_TOPIC_UNKNOWN', `there is no topic ${name}`, { context: { topic: name } });
    return topic;
  }

  /** @throws SFS_TOPIC_UNKNOWN, SFS_PARTITION_UNKNOWN */
  partition(name: string, partition: number): Partition {
    const live = this.partitions.get(name)?.[partition];
    if (live !== undefined) return live;
    const topic = this.topic(name);
    if (!Number.isInteger(partition) || partition < 0 || partition >= topic.spec.partitions) {
      throw new SkillForgeError('SFS_PARTITION_UNKNOWN', `topic ${name} has ${topic.spec.partitions} partitions; ${partition} is none of them`, {
        context: { topic: name, partition },
      });
    }
    return this.loadPartition(topic, partition);
  }

  /** The partitions of all topics, as a writer keeps them in memory. */
  livePartitions(): Partition[] {
    return [...this.partitions.values()].flat();
  }

  /** @returns the topic when it is new: {@link saveTopic} must follow. @throws SFS_TOPIC_MISMATCH, SFS_TOPIC_INVALID */
  add(spec: TopicSpec): Topic | null {
    const existing = this.byName.get(spec.name);
    if (existing !== undefined) {
      assertSameSpec(existing.spec, spec);
      return null;
    }
    assertValidSpec(spec, this.nextId);
    const { name, partitions, cleanup, retentionMs } = spec;
    const topic = { id: this.nextId++, spec: { name, partitions, cleanup, retentionMs } };
    this.remember(topic);
    return topic;
  }

  saveTopic(writes: WriteSet, topic: Topic): void {
    const key = textKey(topic.spec.name);
    writes.put(this.db.topics, key, seal(key, Buffer.from(JSON.stringify(topic))));
  }

  /**
   * Forgets a topic whose batches are gone. Readers may have its last ones in memory under its number, so that is not given again: the range
   * of its first partition stays for that.
   */
  remove(writes: WriteSet, name: string): void {
    const { id, spec } = this.topic(name);
    const [first] = this.partitions.get(name)!;
    this.saveRange(writes, first!, first!.end);
    for (let partition = 1; partition < spec.partitions; partition++) writes.remove(this.db.ranges, partitionKey(id, partition));
    writes.remove(this.db.topics, textKey(name));
    this.byName.delete(name);
    this.partitions.delete(name);
  }

  /** @param end - the end that the same transaction brings about */
  saveRange(writes: WriteSet, partition: Partition, end: number): void {
    const value = Buffer.allocUnsafe(32);
    [partition.start, end, partition.cleanedTo, partition.keptRecords].forEach((number, i) => value.writeDoubleLE(number, i * 8));
    const key = partitionKey(partition.topic.id, partition.partition);
    writes.put(this.db.ranges, key, seal(key, value));
  }

  /** After every number in use, and those of removed topics. */
  private firstFreeId(): number {
    const ids = this.all().map(({ id }) => id);
    for (const key of this.db.ranges.getKeys({ reverse: true, limit: 1 })) ids.push(asBuffer(key).readUInt16BE(0));
    return Math.max(-1, ...ids) + 1;
  }

  private remember(topic: Topic): void {
    this.byName.set(topic.spec.name, topic);
    const partitions = Array.from({ length: topic.spec.partitions }, (_, partition) => this.loadPartition(topic, partition));
    this.partitions.set(topic.spec.name, partitions);
  }

  private load(name: string): Topic | undefined {
    const key = textKey(name);
    const found = this.db.topics.get(key);
    return found === undefined ? undefined : parseTopic(key, found);
  }

  private stored(): Topic[] {
    return [...this.db.topics.getRange()].map(({ key, value }) => parseTopic(asBuffer(key), value));
  }

  private loadPartition(topic: Topic, partition: number): Partition {
    const key = partitionKey(topic.id, partition);
    const found = this.db.ranges.get(key);
    if (found === undefined) return { topic, partition, start: 0, end: 0, cleanedTo: 0, keptRecords: 0 };
    const value = unseal(key, found);
    if (value === null || value.length < 32) throw damaged(`the range of ${topic.spec.name}/${partition}`);
    const [start, end, cleanedTo, keptRecords] = [0, 8, 16, 24].map((at) => value.readDoubleLE(at)) as [number, number, number, number];
    return { topic, partition, start, end, cleanedTo, keptRecords };
  }
}

/** Offsets of a partition that are durable and still there. */
export function rangeOf(partition: Partition): PartitionRange {
  return { start: partition.start, end: partition.end };
}

function parseTopic(key: Buffer, bytes: Buffer): Topic {
  const value = unseal(key, bytes);
  if (value === null) throw damaged(`the entry of topic ${key.toString()}`);
  return JSON.parse(value.toString()) as Topic;
}

function damaged(what: string): SkillForgeError {
  return new SkillForgeError('SFS_LOG_CORRUPT', `${what} is damaged: its checksum does not match`);
}

function assertSameSpec(existing: TopicSpec, wanted: TopicSpec): void {
  const differing = (['partitions', 'cleanup', 'retentionMs'] as const).filter((field) => existing[field] !== wanted[field]);
  if (differing.length === 0) return;
  const described = differing.map((field) => `${field} is ${existing[field]}, wanted ${wanted[field]}`).join('; ');
  throw new SkillForgeError('SFS_TOPIC_MISMATCH', `topic ${existing.name} exists with other settings: ${described}`, {
    context: { topic: existing.name, existing, wanted },
  });
}

function assertValidSpec(spec: TopicSpec, topics: number): void {
  const valid = Number.isInteger(spec.partitions) && spec.partitions >= 1 && spec.partitions <= MAX_PARTITIONS && topics < MAX_TOPICS;
  textKey(spec.name);
  if (valid) return;
  throw new SkillForgeError(
    'SFS_TOPIC_INVALID',
    `topic ${spec.name} needs 1 to ${MAX_PARTITIONS} partitions, and a folder takes ${MAX_TOPICS} topics`,
    {
      context: { topic: spec.name, partitions: spec.partitions },
    },
  );
}
