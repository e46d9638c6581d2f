/**
 * Engine metadata of a record, in one binary header. Fixed part, big endian:
 *
 * | bytes | field |
 * |---|---|
 * | 0 | format version, 2 |
 * | 1 | kind: 1 record, 2 marker |
 * | 2 | flags of a marker: 1 idle, 2 end of input |
 * | 3-4, 5-6 | partition of the producer task, number of producer tasks |
 * | 7-14, 15-22, 23-30 | event time, stream time, watermark (float64, ms); of a marker, the first is the least stream time of what follows |
 * | 31-34, 35-42, 43-46 | origin: partition, offset, index of the output among those of its input |
 * | 47-54 | sequence number of the record: its place among those of its producer in its partition, from 1 (float64); 0 for none, as of markers |
 * | 55- | producer (`topology@version/subtopology`), NUL, origin topic; UTF-8 |
 */
const FORMAT = 2;
const FIXED = 55;
const SEQUENCE = 47;
const NO_SEQUENCE = 0;
const RECORD = 1;
const MARKER = 2;
const IDLE = 1;
const END = 2;

/** A task that writes. */
export interface ProducerId {
  /** `topology@version/subtopology`. */
  readonly name: string;
  readonly partition: number;
  readonly count: number;
}

/** The input that caused a record, and which of its outputs the record is. */
export interface OriginPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly index: number;
}

/** What a task knew of time when it sent a record, ms. */
export interface RecordTimes {
  readonly eventTimeMs: number;
  /** Merge clock of the producer when it sent the record. */
  readonly streamTimeMs: number;
  readonly watermarkMs: number;
}

/** Writes headers of one producer; the text part is laid out once per origin topic. */
export class HeaderWriter {
  private readonly tails = new Map<string, Buffer>();

  constructor(private readonly producer: ProducerId) {}

  /** @param sequence - number among the records of the producer in the partition, from 1; without one, readers take the record whenever it comes */
  record(times: RecordTimes, origin: OriginPosition, sequence = NO_SEQUENCE): Buffer {
    const header = this.write(RECORD, 0, times, origin);
    header.writeDoubleBE(sequence, SEQUENCE);
    return header;
  }

  marker(times: RecordTimes, state: { readonly idle: boolean; readonly end: boolean }): Buffer {
    const flags = (state.idle ? IDLE : 0) | (state.end ? END : 0);
    return this.write(MARKER, flags, times, { topic: '', partition: 0, offset: 0, index: 0 });
  }

  private write(kind: number, flags: number, times: RecordTimes, origin: OriginPosition): Buffer {
    const tail = this.tailOf(origin.topic);
    const header = Buffer.allocUnsafe(FIXED + tail.length);
    header[0] = FORMAT;
    header[1] = kind;
    header[2] = flags;
    header.writeUInt16BE(this.producer.partition, 3);
    header.writeUInt16BE(this.producer.count, 5);
    header.writeDoubleBE(times.eventTimeMs, 7);
    header.writeDoubleBE(times.streamTimeMs, 15);
    header.writeDoubleBE(times.watermarkMs, 23);
    header.writeUInt32BE(origin.partition, 31);
    header.writeDoubleBE(origin.offset, 35);
    header.writeUInt32BE(origin.index, 43);
    header.writeDoubleBE(NO_SEQUENCE, SEQUENCE);
    tail.copy(header, FIXED);
    return header;
  }

  private tailOf(topic: string): Buffer {
    let tail = this.tails.get(topic);
    if (tail === undefined) this.tails.set(topic, (tail = Buffer.from(`${this.producer.name}\0${topic}`)));
    return tail;
  }
}

/** A header as read. */
export interface Header extends RecordTimes {
  readonly marker: boolean;
  readonly idle: boolean;
  readonly end: boolean;
  readonly producer: ProducerId;
  /** Physical name of the topic that the input came from; empty for none, as of markers. */
  readonly originTopic: string;
  /** Number among the records of the producer in the partition, from 1; 0 for none. */
  readonly sequence: number;
}

const isEngines = (header: Buffer | null): header is Buffer => header !== null && header.length >= FIXED && header[0] === FORMAT;

/** The producers that share the text part of a header: the tasks of one subtopology, for one origin topic. */
interface KnownTail {
  readonly bytes: Buffer;
  readonly name: string;
  readonly originTopic: string;
  readonly producers: Map<number, ProducerId>;
}

/** Reads the headers of one partition; producers come back as the same objects. */
export class HeaderReader {
  /** One for records and one for markers, as a rule. */
  private readonly tails: KnownTail[] = [];

  /** `null` for no header and for one that is not the engine's. */
  read(header: Buffer | null): Header | null {
    if (!isEngines(header)) return null;
    const tail = this.tailOf(header);
    return {
      marker: header[1] === MARKER,
      idle: (header[2]! & IDLE) !== 0,
      end: (header[2]! & END) !== 0,
      producer: producerOf(header, tail),
      originTopic: tail.originTopic,
      eventTimeMs: header.readDoubleBE(7),
      streamTimeMs: header.readDoubleBE(15),
      watermarkMs: header.readDoubleBE(23),
      sequence: header.readDoubleBE(SEQUENCE),
    };
  }

  private tailOf(header: Buffer): KnownTail {
    for (const tail of this.tails) if (header.compare(tail.bytes, 0, tail.bytes.length, FIXED) === 0) return tail;
    const bytes = Buffer.from(header.subarray(FIXED));
    const [name = '', originTopic = ''] = bytes.toString().split('\0');
    const sameName = this.tails.find((tail) => tail.name === name);
    const tail = { bytes, name, originTopic, producers: sameName?.producers ?? new Map<number, ProducerId>() };
    this.tails.push(tail);
    return tail;
  }
}

function producerOf(header: Buffer, { name, producers }: KnownTail): ProducerId {
  const partition = header.readUInt16BE(3);
  let producer = producers.get(partition);
  if (producer === undefined) producers.set(partition, (producer = { name, partition, count: header.readUInt16BE(5) }));
  return producer;
}

/** Reads a single header; see {@link HeaderReader}. */
export const readHeader = (header: Buffer | null): Header | null => new HeaderReader().read(header);

/** The input that caused a record; `null` for records that no task wrote. */
export function readOrigin(header: Buffer | null): OriginPosition | null {
  if (!isEngines(header)) return null;
  const topic = header.toString('utf8', FIXED).split('\0')[1] ?? '';
  return { topic, partition: header.readUInt32BE(31), offset: header.readDoubleBE(35), index: header.readUInt32BE(43) };
}

/** The same header without a sequence number: of a record that is sent once more on purpose, and that its readers are to take again. */
export function withoutSequence(header: Buffer | null): Buffer | null {
  if (!isEngines(header)) return header;
  const copy = Buffer.from(header);
  copy.writeDoubleBE(NO_SEQUENCE, SEQUENCE);
  return copy;
}

/** True for records that only carry progress: tools hide them. */
export const isMarker = (header: Buffer | null): boolean => isEngines(header) && header[1] === MARKER;

/** Compaction keeps the last marker of each producer task; `null` for records. */
export function markerIdOf(header: Buffer): string | null {
  if (!isMarker(header)) return null;
  return `${header.toString('utf8', FIXED)}#${header.readUInt16BE(3)}`;
}
