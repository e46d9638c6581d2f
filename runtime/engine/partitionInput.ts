import { SkillForgeError, assertOwnTopic, errorCodeOf, keyOf, parsePhysicalTopicName, type TopicCodec } from '../../schemas/index.js';
import type { Origin } from '../../operators/record.js';
import type { SourceInput } from '../../operators/stage.js';
import type { Log, LogRecord, TaskPosition } from '../ports.js';
import { Channel, type Arrival } from './channel.js';
import { HeaderReader, type Header, type ProducerId } from './header.js';
import { assertKeyLength } from './keyLength.js';
import type { ChannelProgress, TaskProgress } from './progress.js';
import type { SharedRows } from './sharedRows.js';

/** Records read from the log at a time: few, so that they are processed before the garbage collector has moved them twice. */
const CHUNK = 250;
/** Most records, and most bytes, that wait in the channels of one partition; a channel may hold one record of any size. */
const MOST_WAITING = 4000;
const MOST_WAITING_BYTES = 8 << 20;
/** Nothing is wrong with the record: it can be read when the keys are there again, and until then nothing goes past it. */
const KEYS_MISSING: ReadonlySet<string> = new Set(['SFS_KEYS_UNAVAILABLE', 'SFS_KEY_UNKNOWN', 'SFS_KEYS_CORRUPT']);
const EXTERNAL = 'external';
/** Stands for the writers of a derived topic until one is met: a reader waits for them as for any silent channel. */
const UNMET = 'unmet';

/** What an input reads, and how. */
export interface PartitionInputOptions {
  readonly stage: string;
  readonly source: SourceInput;
  /** Physical topic name. */
  readonly topic: string;
  readonly partition: number;
  readonly codec: TopicCodec<unknown>;
  readonly log: Pick<Log, 'range' | 'read'>;
  readonly progress: TaskProgress;
  /** Tasks known to write the topic; others are found by their headers. */
  readonly producers: readonly ProducerId[];
  /** Tells that a channel that was idle speaks again. */
  readonly onResume: (channel: Channel) => void;
  /** Where the partition is known to end, at least, though the log may not show it yet; what it shows without. */
  readonly knownEnd?: number | undefined;
  /** Of a global table: rows that other tasks have decoded. */
  readonly sharedRows?: SharedRows;
}

/** One partition of a source: reads the log in bounded chunks and sorts records into the channels of their producers. */
export class PartitionInput {
  readonly channels = new Map<string, Channel>();
  private readonly isTable: boolean;
  private readonly unmetId: string;
  private readonly headers = new HeaderReader();
  private readonly byProducer = new Map<ProducerId, Channel>();
  private readonly region: string;
  /** The origin that was looked at last: nearly all have the same. */
  private ownOrigin = '';
  /** Where channels begin that the progress does not know. */
  private readonly firstOffset: number;
  /** Furthest end that is known. */
  private furthestEnd: number;

  constructor(
    readonly options: PartitionInputOptions,
    tableStage: boolean,
  ) {
    this.isTable = tableStage;
    this.furthestEnd = options.knownEnd ?? 0;
    this.unmetId = this.channelId(UNMET);
    this.region = parsePhysicalTopicName(options.topic).region;
    const prefix = this.channelId('');
    const known = Object.entries(options.progress.channels).filter(([id]) => id.startsWith(prefix));
    // What the known channels have behind them was looked at: a producer that they did not meet has nothing there.
    this.firstOffset = known.length > 0 ? Math.min(...known.map(([, { next }]) => next)) : options.log.range(options.topic, options.partition).start;
    for (const [id] of known) this.open(id.slice(prefix.length));
    if (!options.source.topic.derived) this.open(EXTERNAL);
    for (const producer of options.producers) this.openAll(producer);
    if (this.channels.size === 0) this.open(UNMET);
  }

  /** Reads another chunk for the channels that have room. Returns false when there was nothing to read or no room. */
  fill(): boolean {
    const { log, topic, partition } = this.options;
    const { start, end } = log.range(topic, partition);
    this.furthestEnd = Math.max(this.furthestEnd, end);
    const from = this.channels.size === 0 ? start : this.firstWanted;
    if (from < start) this.refuseGap(from, start);
    if (from === Infinity) return false;
    // At the end, too: a log that fetches ahead learns how far the task is, and goes on.
    const records = log.read(topic, partition, from, CHUNK);
    if (from >= end) return false;
    // A channel that had no room before must read from where it stopped: this chunk may begin after that.
    for (const channel of this.channels.values()) channel.skipped = channel.cursor < from;
    for (const record of records) this.take(record);
    // Nothing is left up to the end where compaction removed it. A log that fetches again what the task goes back to ends there for now.
    this.advance(records.at(-1)?.offset ?? Math.min(end, log.range(topic, partition).end) - 1);
    return records.length > 0;
  }

  /**
   * True while one of its channels is empty, or its records have work that is done for many at once. An input whose channels all hold
   * something is not read further: nobody waits for more of it, and what is read ahead is memory.
   */
  get isAwaited(): boolean {
    if (this.options.source.batch !== undefined) return true;
    for (const { size, progress, id } of this.channels.values()) if (size === 0 && !(progress.ended && id === this.unmetId)) return true;
    return this.channels.size === 0;
  }

  /** True when it is waited for and the log holds something that it has not taken in. */
  get hasMore(): boolean {
    const { log, topic, partition } = this.options;
    return this.isAwaited && this.firstWanted < log.range(topic, partition).end;
  }

  /** True while the log fetches, or fetches again, what is known to be there. */
  get isFetching(): boolean {
    const { log, topic, partition } = this.options;
    return log.range(topic, partition).end < this.furthestEnd;
  }

  /** True when it has taken in all that is known to be there. */
  get isReadOut(): boolean {
    const { log, topic, partition } = this.options;
    const end = Math.max(this.furthestEnd, log.range(topic, partition).end);
    return [...this.channels.values()].every(({ cursor }) => cursor >= end);
  }

  /** Records that wait for processing, by the difference of offsets: compacted gaps count. */
  get lag(): number {
    const { log, topic, partition } = this.options;
    const { end } = log.range(topic, partition);
    const next = Math.min(...[...this.channels.values()].map((channel) => channel.progress.next));
    return Number.isFinite(next) ? Math.max(0, end - next) : end;
  }

  /** The first record that one of its channels has not processed; where nothing is read yet, that which it begins with. */
  get position(): TaskPosition {
    const { topic, partition, log } = this.options;
    const next = Math.min(...[...this.channels.values()].map(({ progress }) => progress.next));
    return { topic, partition, next: Number.isFinite(next) ? next : log.range(topic, partition).start };
  }

  /** Name of the task whose records come through a channel. */
  taskThatWrites({ id }: Channel): string {
    return id.slice(this.channelId('').length).replace('#', '/');
  }

  /** A channel with nothing waiting has processed everything up to its cursor. */
  settle(): void {
    for (const channel of this.channels.values()) channel.settle();
  }

  /** Where the first of the channels that have room goes on; Infinity when none has. */
  private get firstWanted(): number {
    let from = Infinity;
    for (const channel of this.channels.values()) if (this.hasRoom(channel)) from = Math.min(from, channel.cursor);
    return from;
  }

  private hasRoom({ size, bytes }: Channel): boolean {
    const channels = Math.max(1, this.channels.size);
    return size === 0 || (size * channels < MOST_WAITING && bytes * channels < MOST_WAITING_BYTES);
  }

  private refuseGap(from: number, start: number): never {
    const { topic, partition } = this.options;
    throw new SkillForgeError(
      'SFS_OFFSET_OUT_OF_RANGE',
      `${topic}/${partition}: retention removed offsets ${from} to ${start - 1} before they were processed`,
      { context: { topic, partition, from, start } },
    );
  }

  private take(record: LogRecord): void {
    const header = this.headers.read(record.header);
    if (header?.marker && this.isElsewhere(header.producer)) return;
    const channel = this.channelOf(header, record);
    if (record.offset < channel.cursor || channel.skipped) return;
    if (channel.hasHad(header, this.options.source)) return channel.passOver(record);
    if (!this.hasRoom(channel)) {
      channel.skipped = true;
      channel.cursor = record.offset;
      return;
    }
    channel.cursor = record.offset + 1;
    if (channel.progress.idle && !this.saysIdle(header)) this.options.onResume(channel);
    const arrival = header?.marker ? this.markerArrival(record, header, channel) : this.decode(record, header, channel);
    channel.push(arrival, this.options.source);
  }

  /** Only a task can say that it is idle; a marker in a source tells the time. */
  private saysIdle(header: Header | null): boolean {
    return header !== null && header.idle && this.options.source.topic.derived;
  }

  /** A task that writes another partition has nothing to say of this one; before its topic was copartitioned, it told every one. */
  private isElsewhere(producer: ProducerId): boolean {
    const { source, partition } = this.options;
    return source.topic.copartitioned === true && source.topic.derived && producer.partition !== partition;
  }

  private advance(lastOffset: number): void {
    for (const channel of this.channels.values()) if (!channel.skipped) channel.cursor = Math.max(channel.cursor, lastOffset + 1);
  }

  private channelOf(header: Header | null, { offset }: LogRecord): Channel {
    if (header === null || !this.options.source.topic.derived) return this.channels.get(EXTERNAL) ?? this.meetExternal(offset);
    return this.byProducer.get(header.producer) ?? this.meet(header.producer, offset);
  }

  private meetExternal(at: number): Channel {
    this.endUnmet();
    return this.open(EXTERNAL, at);
  }

  private endUnmet(): void {
    const unmet = this.channels.get(UNMET);
    if (unmet !== undefined) unmet.progress.ended = true;
  }

  /** All tasks of a new producer that write here are waited for from now on; this is the first record of any of them. */
  private meet(producer: ProducerId, at: number): Channel {
    this.endUnmet();
    this.openAll(producer, at);
    const channel = this.open(`${producer.name}#${producer.partition}`, at);
    this.byProducer.set(producer, channel);
    return channel;
  }

  private openAll(producer: ProducerId, at?: number): void {
    for (let partition = 0; partition < producer.count; partition++) {
      if (!this.isElsewhere({ ...producer, partition })) this.open(`${producer.name}#${partition}`, at);
    }
  }

  /** @param at - the first offset at which the channel can have a record, where it is a new one */
  private open(name: string, at = this.firstOffset): Channel {
    const known = this.channels.get(name);
    if (known !== undefined) return known;
    const id = this.channelId(name);
    const progress: ChannelProgress = (this.options.progress.channels[id] ??= {
      next: at,
      clockMs: -Infinity,
      watermarkMs: -Infinity,
      idle: false,
      ended: false,
    });
    const channel = new Channel(id, progress, this.options.progress.counters);
    this.channels.set(name, channel);
    return channel;
  }

  private channelId(name: string): string {
    return `${this.options.topic}/${this.options.partition}/${name}`;
  }

  private decode(record: LogRecord, header: Header | null, channel: Channel): Arrival {
    const text = record.keyText === undefined ? (record.key?.toString() ?? null) : record.keyText;
    const key = text ?? '';
    try {
      if (header !== null) this.assertOwnOrigin(header);
      if (text === null) throw new SkillForgeError('SFS_KEY_NULL', `a record of ${this.options.source.topic.name} has no key`);
      const value = this.valueOf(record, key);
      const eventTimeMs = this.eventTimeOf(record, header, value);
      const clockMs = channel.clockOf(header === null || !this.options.source.topic.derived ? eventTimeMs : header.streamTimeMs);
      return { record, header, clockMs, eventTimeMs, key, value, error: null };
    } catch (cause) {
      if (KEYS_MISSING.has(errorCodeOf(cause))) throw cause;
      const error = cause instanceof Error ? cause : new Error(String(cause));
      return { record, header, clockMs: channel.clockOf(NaN), eventTimeMs: NaN, key, value: null, error };
    }
  }

  private markerArrival(record: LogRecord, header: Header, channel: Channel): Arrival {
    const { derived } = this.options.source.topic;
    const eventTimeMs = derived ? header.eventTimeMs : this.promisedMs(record, header);
    const clockMs = channel.clockOf(derived ? header.streamTimeMs : eventTimeMs - 1);
    channel.expectFrom(eventTimeMs);
    return { record, header, clockMs, eventTimeMs, key: '', value: null, error: null };
  }

  /** What a clock marker promises, no further than a record's own time may be ahead: one broken clock shall not end every window. */
  private promisedMs({ appendTimeMs }: LogRecord, { watermarkMs }: Header): number {
    return Number.isNaN(watermarkMs) ? -Infinity : Math.min(watermarkMs, appendTimeMs + this.options.source.maxAheadMs);
  }

  /** What a task of another region made is not of this one, whatever topic it was copied into. */
  private assertOwnOrigin({ originTopic }: Header): void {
    if (originTopic === this.ownOrigin) return;
    assertOwnTopic(originTopic, this.region);
    this.ownOrigin = originTopic;
  }

  private valueOf({ value: bytes, offset, unopened }: LogRecord, key: string): unknown {
    const { source, codec, sharedRows, topic, partition } = this.options;
    assertKeyLength(key);
    if (unopened) throw unopened;
    if (bytes === null) {
      if (this.isTable) return null;
      throw new SkillForgeError('SFS_VALUE_NULL', `a record of ${source.topic.name} has no value: tombstones belong in tables`);
    }
    const decode = (): unknown => codec.decode(key, bytes);
    const value = sharedRows === undefined ? decode() : sharedRows.at(`${topic}/${partition}/${offset}`, decode);
    if (source.internal) return (value as { value: unknown }).value;
    if (keyOf(source.topic, value) !== key)
      throw new SkillForgeError('SFS_KEY_MISMATCH', `key "${key}" is not the key in the value: "${keyOf(source.topic, value)}"`);
    return value;
  }

  private eventTimeOf(record: LogRecord, header: Header | null, value: unknown): number {
    const { source } = this.options;
    const eventTimeMs =
      source.eventTimeMs && value !== null ? source.eventTimeMs(value) : (header?.eventTimeMs ?? (value === null ? record.appendTimeMs : NaN));
    if (!Number.isSafeInteger(eventTimeMs))
      throw new SkillForgeError(
        'SFS_EVENT_TIME_INVALID',
        `event time ${eventTimeMs} of a record of ${source.topic.name} is no whole number of milliseconds`,
      );
    if (eventTimeMs > record.appendTimeMs + source.maxAheadMs) {
      throw new SkillForgeError(
        'SFS_EVENT_TIME_AHEAD',
        `event time ${eventTimeMs} is more than ${source.maxAheadMs} ms ahead of the append time ${record.appendTimeMs}`,
      );
    }
    return eventTimeMs;
  }
}

/** How far a task has come in the partitions that are its own. */
export const ownPositions = (inputs: readonly PartitionInput[]): TaskPosition[] =>
  inputs.filter(({ options }) => options.source.scope === 'task').map(({ position }) => position);

/** Offsets before all of these. */
export const offsetsBefore = (positions: readonly TaskPosition[]): number => positions.reduce((total, { next }) => total + next, 0);

/** The record at a place of the sources, `null` where none of them is there or retention has removed it. */
export function storedRecord(inputs: readonly PartitionInput[], { topic, partition, offset }: Origin): LogRecord | null {
  const input = inputs.find(({ options }) => options.topic === topic && options.partition === partition);
  if (input === undefined || offset < input.options.log.range(topic, partition).start) return null;
  const [record] = input.options.log.read(topic, partition, offset, 1);
  return record?.offset === offset ? record : null;
}
