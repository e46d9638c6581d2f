import { inspect } from 'node:util';
import { keyOf, SkillForgeError, type Topic, type TopicCodec } from '../../schemas/index.js';
import type { SourceInput } from '../../operators/stage.js';
import { clockMarkers } from '../engine/clock.js';
import { HeaderWriter } from '../engine/header.js';
import { partitionOf } from '../../schemas/partitioner.js';
import type { OutputRecord } from '../ports.js';

/** A record on its way to the log. */
export interface SentRecord extends OutputRecord {
  readonly appendTimeMs: number;
}

/** What an input needs of its driver. */
export interface InputTarget {
  readonly source: SourceInput;
  readonly physicalName: string;
  readonly partitions: number;
  readonly codec: TopicCodec<unknown>;
  readonly nowMs: () => number;
  readonly send: (record: SentRecord) => void;
}

/** Where and when a record arrives. */
export interface SendOptions {
  /** Event time, ms: for tombstones, and for topics that a topology writes. Other values carry their own. */
  readonly atMs?: number;
  /** Default: the one that the key belongs to. */
  readonly partition?: number;
  /** When the log takes it, ms. Default: the driver's clock, but not before the event happened. */
  readonly appendTimeMs?: number;
}

/** Bytes as a foreign producer may send them. */
export interface RawRecord {
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly header?: Buffer | null;
  /** Default: the one that the key belongs to, 0 without a key. */
  readonly partition?: number;
  /** Default: the driver's clock. */
  readonly appendTimeMs?: number;
}

/** A task that writes a derived topic in the place of another topology. */
interface TopicWriter {
  readonly headers: HeaderWriter;
  clockMs: number;
}

/** One source topic of the topology under test. Records arrive in the order in which they are sent, with the next `run`. */
export class DriverInput<K extends string, V> {
  /** The tasks that write a derived topic: one for all partitions, or of a copartitioned topic one for each. */
  private readonly writers: readonly TopicWriter[];
  private sent = 0;

  constructor(
    readonly topic: Topic<K, V>,
    private readonly target: InputTarget,
  ) {
    const count = topic.copartitioned ? target.partitions : 1;
    this.writers = Array.from({ length: count }, (_, partition) => ({
      headers: new HeaderWriter({ name: 'test-driver@1/0', partition, count }),
      clockMs: -Infinity,
    }));
  }

  /**
   * Sends a value under its key, which the topic's key fields make.
   * @throws SFS_ENCODE_FAILED, SFS_KEY_INVALID; SFS_TEST_INPUT when the event time is missing, no whole number or said twice
   */
  send(value: V, options: SendOptions = {}): void {
    this.put(keyOf(this.topic, value), value, this.eventTimeOf(value, options), options);
  }

  /** Sends several values in order. */
  sendAll(values: readonly V[], options: SendOptions = {}): void {
    for (const value of values) this.send(value, options);
  }

  /** Sends a tombstone: a table forgets the key. */
  delete(key: K, options: SendOptions & { readonly atMs: number }): void {
    this.put(key, null, options.atMs, options);
  }

  /** Sends bytes as they are: for what belongs in the dead letters. */
  sendRaw({ key, value, header, partition, appendTimeMs }: RawRecord): void {
    const keyBytes = bytesOf(key);
    this.target.send({
      topic: this.target.physicalName,
      partition: partition ?? this.partitionOf(keyBytes),
      key: keyBytes,
      value: bytesOf(value),
      header: header ?? null,
      appendTimeMs: appendTimeMs ?? this.target.nowMs(),
    });
  }

  /**
   * In every partition, the promise to send nothing before `watermarkMs` any more: of a topic that a topology writes by its writer, of
   * another by whoever feeds it. It takes its place among the records that are sent; `advanceWatermark` of the driver comes after them.
   */
  sendMarker(watermarkMs: number): void {
    const { physicalName, partitions, nowMs } = this.target;
    if (this.topic.derived) for (const marker of this.writerMarkers(watermarkMs)) this.sendRaw(marker);
    else
      for (const marker of clockMarkers(physicalName, partitions, watermarkMs))
        this.sendRaw({ ...marker, appendTimeMs: Math.max(nowMs(), watermarkMs) });
  }

  private writerMarkers(watermarkMs: number): { key: null; value: null; header: Buffer; partition: number }[] {
    return Array.from({ length: this.target.partitions }, (_, partition) => {
      const writer = this.writerOf(partition);
      writer.clockMs = Math.max(writer.clockMs, watermarkMs);
      const times = { eventTimeMs: watermarkMs, streamTimeMs: writer.clockMs, watermarkMs };
      return { key: null, value: null, header: writer.headers.marker(times, { idle: false, end: false }), partition };
    });
  }

  private writerOf(partition: number): TopicWriter {
    return this.writers[partition] ?? this.writers[0]!;
  }

  private partitionOf(key: Buffer | null): number {
    return key === null ? 0 : partitionOf(key, this.target.partitions);
  }

  private put(key: K, value: V | null, atMs: number, { partition, appendTimeMs }: SendOptions): void {
    const encoded = value === null ? null : this.target.codec.encode(key, value);
    const arrivesMs = appendTimeMs ?? Math.max(this.target.nowMs(), atMs);
    const into = partition ?? this.partitionOf(Buffer.from(key));
    const header = this.topic.derived ? this.headerOf(atMs, this.writerOf(into)) : null;
    this.sendRaw({ key, value: encoded, header, appendTimeMs: arrivesMs, partition: into });
  }

  private headerOf(atMs: number, writer: TopicWriter): Buffer {
    writer.clockMs = Math.max(writer.clockMs, atMs);
    const origin = { topic: 'test-driver', partition: 0, offset: this.sent++, index: 0 };
    return writer.headers.record({ eventTimeMs: atMs, streamTimeMs: writer.clockMs, watermarkMs: -Infinity }, origin);
  }

  private eventTimeOf(value: V, { atMs }: SendOptions): number {
    const { eventTimeMs } = this.target.source;
    if (eventTimeMs === undefined) return atMs ?? this.refuse('comes with the header: give atMs');
    if (atMs !== undefined) return this.refuse('is in the value: leave atMs out');
    const own = eventTimeMs(value);
    if (Number.isSafeInteger(own)) return own;
    return this.refuse(
      `is ${String(own)}, which is no whole number of milliseconds: eventTimeMs of the source took it from ${inspect(value, ONE_LINE)}`,
    );
  }

  private refuse(reason: string): never {
    throw new SkillForgeError('SFS_TEST_INPUT', `the event time of a record of ${this.topic.name} ${reason}`);
  }
}

const ONE_LINE = { breakLength: Infinity, depth: 4 } as const;
const bytesOf = (content: Buffer | string | null): Buffer | null => (typeof content === 'string' ? Buffer.from(content) : content);
