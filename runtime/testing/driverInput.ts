import { inspect } from 'node:util';
import { keyOf, SkillForgeError, type Topic, type TopicCodec } from '../../schemas/index.js';
import type { SourceInput } from '../../operators/stage.js';
import { HeaderWriter } from '../engine/header.js';
import { partitionOf } from '../engine/partitioner.js';
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

/** One source topic of the topology under test. Records arrive in the order in which they are sent, with the next `run`. */
export class DriverInput<K extends string, V> {
  private readonly headers = new HeaderWriter({ name: 'test-driver@1/0', partition: 0, count: 1 });
  private clockMs = -Infinity;
  private sent = 0;

  constructor(
    readonly topic: Topic<K, V>,
    private readonly target: InputTarget,
  ) {}

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
    const into = partition ?? (keyBytes === null ? 0 : partitionOf(keyBytes, this.target.partitions));
    this.target.send({
      topic: this.target.physicalName,
      partition: into,
      key: keyBytes,
      value: bytesOf(value),
      header: header ?? null,
      appendTimeMs: appendTimeMs ?? this.target.nowMs(),
    });
  }

  /** For a topic that a topology writes: its writer promises to send nothing before `watermarkMs` any more. */
  sendMarker(watermarkMs: number): void {
    this.clockMs = Math.max(this.clockMs, watermarkMs);
    const header = this.headers.marker({ eventTimeMs: watermarkMs, streamTimeMs: this.clockMs, watermarkMs }, { idle: false, end: false });
    for (let partition = 0; partition < this.target.partitions; partition++) this.sendRaw({ key: null, value: null, header, partition });
  }

  private put(key: K, value: V | null, atMs: number, { partition, appendTimeMs }: SendOptions): void {
    const encoded = value === null ? null : this.target.codec.encode(key, value);
    const arrivesMs = appendTimeMs ?? Math.max(this.target.nowMs(), atMs);
    const header = this.topic.derived ? this.headerOf(atMs) : null;
    this.sendRaw({ key, value: encoded, header, appendTimeMs: arrivesMs, ...(partition === undefined ? {} : { partition }) });
  }

  private headerOf(atMs: number): Buffer {
    this.clockMs = Math.max(this.clockMs, atMs);
    const origin = { topic: 'test-driver', partition: 0, offset: this.sent++, index: 0 };
    return this.headers.record({ eventTimeMs: atMs, streamTimeMs: this.clockMs, watermarkMs: -Infinity }, origin);
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
