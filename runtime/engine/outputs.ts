import { INTERNAL_NAMESPACE, SkillForgeError, deadLetterKey, topics, type Topic, type TopicCodec } from '../../schemas/index.js';
import type { StreamRecord } from '../../operators/record.js';
import type { LogRecord, OutputRecord } from '../ports.js';
import { HeaderWriter, type OriginPosition, type ProducerId, type RecordTimes } from './header.js';
import { partitionOf } from '../../schemas/partitioner.js';
import type { TaskProgress } from './progress.js';

/** A topic as a task writes it. */
export interface Target {
  readonly topic: Topic<string, unknown>;
  readonly physicalName: string;
  readonly partitions: number;
  readonly codec: TopicCodec<unknown>;
}

/** A record that could not be used, and why. */
export interface Failure {
  readonly code: string;
  readonly reason: string;
  readonly stage: string | null;
  readonly eventTimeMs: number | null;
}

/** What is known of the bytes that failed: all of them, or the key of a timer. */
export type FailedBytes = Pick<LogRecord, 'key' | 'value' | 'header'>;

/** Their records go by their own identity, and whether one is written may depend on chance: they take no sequence numbers. */
const UNNUMBERED: ReadonlySet<string> = new Set([topics.deadLetters.name, topics.control.name]);

/** Who sends, and where to. */
export interface OutputsOptions {
  readonly producer: ProducerId;
  readonly topology: string;
  readonly version: number;
  readonly region: string;
  readonly targetOf: (topic: Topic<string, unknown>) => Target;
  /** Topics that carry the task's markers, and how far what goes there lies behind the task's watermark. */
  readonly marked: readonly { readonly target: Target; readonly delayMs: number }[];
  /** The last sequence numbers that were given, of the task's progress: counted on here. */
  readonly sent: TaskProgress['sent'];
}

/** What one step of a task sends, in order; undone to a mark when an input fails. */
export class Outputs {
  private records: OutputRecord[] = [];
  private markedLength = 0;
  private bytes = 0;
  private markers = 0;
  private readonly headers: HeaderWriter;

  constructor(private readonly options: OutputsOptions) {
    this.headers = new HeaderWriter(options.producer);
  }

  get size(): number {
    return this.records.length;
  }

  /** Of them, what is no marker. */
  get results(): number {
    return this.records.length - this.markers;
  }

  /** Bytes of the values that wait for the commit. */
  get byteSize(): number {
    return this.bytes;
  }

  mark(): void {
    this.markedLength = this.records.length;
  }

  /** What comes next gets the numbers of what is taken back. */
  undo(): void {
    const { sent } = this.options;
    for (const { topic, partition } of this.records.splice(this.markedLength)) if (topic in sent) sent[topic]![partition]!--;
  }

  drain(): OutputRecord[] {
    const drained = this.records;
    this.records = [];
    this.markedLength = 0;
    this.bytes = 0;
    this.markers = 0;
    return drained;
  }

  /**
   * @throws SFS_ENCODE_FAILED when the value is not what the topic's schema says
   * @throws SFS_RECORD_TOO_LARGE when key and value are larger than a broker takes by default: it would refuse them when the input counts already
   * @throws SFS_NOT_COPARTITIONED when the key belongs to a partition of a copartitioned topic that another task writes
   */
  send(topic: Topic<string, unknown>, record: StreamRecord<string, unknown>, times: RecordTimes, origin: OriginPosition): void {
    const target = this.options.targetOf(topic);
    const key = Buffer.from(record.key);
    const value = record.value === null ? null : target.codec.encode(record.key, record.value);
    assertSize(topic, key.length + (value?.length ?? 0));
    const partition = this.partitionIn(target, key);
    this.bytes += (value?.length ?? 0) + key.length;
    const header = this.headers.record(times, origin, UNNUMBERED.has(topic.name) ? undefined : this.nextSequence(target, partition));
    this.records.push({
      topic: target.physicalName,
      partition,
      key,
      value,
      header,
      isLatestOnly: isLatestOnly(topic),
      owner: carriedOwner(topic, record.value),
    });
  }

  private nextSequence({ physicalName, partitions }: Target, partition: number): number {
    const last = (this.options.sent[physicalName] ??= Array<number>(partitions).fill(0));
    return ++last[partition]!;
  }

  private partitionIn({ topic, partitions }: Target, key: Buffer): number {
    const partition = partitionOf(key, partitions);
    const { partition: own } = this.options.producer;
    if (!topic.copartitioned || partition === own) return partition;
    throw new SkillForgeError(
      'SFS_NOT_COPARTITIONED',
      `key "${key.toString()}" of topic ${topic.name} belongs to partition ${partition}, and this task writes partition ${own} alone`,
      { context: { topic: topic.name, partition, own } },
    );
  }

  /** Tells every partition of the marked topics that this task writes how far it has come. */
  sendMarkers(times: RecordTimes, state: { readonly idle: boolean; readonly end: boolean }): void {
    for (const { target, delayMs } of this.options.marked) {
      const { physicalName } = target;
      const header = this.headers.marker({ ...times, watermarkMs: times.watermarkMs - delayMs }, state);
      const partitions = this.partitionsOf(target);
      for (const partition of partitions) this.records.push({ topic: physicalName, partition, key: null, value: null, header });
      this.markers += partitions.length;
    }
  }

  private partitionsOf({ topic, partitions }: Target): readonly number[] {
    return topic.copartitioned ? [this.options.producer.partition] : [...Array(partitions).keys()];
  }

  deadLetter(failure: Failure, source: FailedBytes | null, times: RecordTimes, origin: OriginPosition): void {
    const { topology, version, region } = this.options;
    const { code, reason, stage, eventTimeMs } = failure;
    // One input can fail in one stage several times: each of its timers has a letter of its own.
    const nth = origin.index === 0 ? '' : `/${origin.index}`;
    const id = deadLetterKey(origin.topic, origin.partition, origin.offset, `${topology}/${stage ?? 'source'}${nth}`);
    const value = {
      id,
      code,
      reason,
      stage,
      topology,
      topologyVersion: version,
      sourceTopic: origin.topic,
      sourcePartition: origin.partition,
      sourceOffset: origin.offset,
      region,
      failedAtEventTimeMs: eventTimeMs !== null && Number.isSafeInteger(eventTimeMs) ? eventTimeMs : null,
      personal: { key: source?.key ?? null, value: source?.value ?? null, header: source?.header ?? null },
    };
    this.send(topics.deadLetters, { key: id, value, timestamp: value.failedAtEventTimeMs ?? 0 }, times, origin);
  }
}

/** Between stages a record may travel under the key of something else: then the value tells whose it is. */
function carriedOwner({ schema }: Topic<string, unknown>, value: unknown): string | undefined {
  if (schema?.namespace !== INTERNAL_NAMESPACE) return undefined;
  const { learner } = ((value as { readonly value?: unknown } | null)?.value ?? {}) as { readonly learner?: unknown };
  return typeof learner === 'string' ? learner : undefined;
}

/** What a topology reads is taken record by record, whatever the topic keeps: results must not depend on how commits are cut. */
const isLatestOnly = ({ cleanup, derived }: Topic<string, unknown>): boolean => cleanup === 'compact' && !derived;

/** Bytes of key and value: what a broker takes by default, less what it and the engine add. */
const MOST_RECORD_BYTES = 1_000_000;

function assertSize({ name }: Topic<string, unknown>, bytes: number): void {
  if (bytes <= MOST_RECORD_BYTES || name === topics.deadLetters.name) return;
  throw new SkillForgeError('SFS_RECORD_TOO_LARGE', `a record of ${bytes} bytes for topic ${name}; ${MOST_RECORD_BYTES} is the limit`, {
    context: { topic: name, bytes, limit: MOST_RECORD_BYTES },
  });
}
