import type { Topic, TopicCodec } from '../../schemas/index.js';
import { isMarker, readHeader } from '../engine/header.js';
import type { Log } from '../ports.js';

/** A decoded record of an output topic. */
export interface OutputRecordOf<K extends string, V> {
  readonly key: K;
  /** `null` is a tombstone. */
  readonly value: V | null;
  /** Event time, ms. */
  readonly timestamp: number;
  readonly partition: number;
}

/** One topic that the topology under test writes, decoded; markers are hidden. */
export class DriverOutput<K extends string, V> {
  /** Records taken, by partition. */
  private taken = new Map<number, number>();

  constructor(
    readonly topic: Topic<K, V>,
    private readonly physicalName: string,
    private readonly codec: TopicCodec<unknown>,
    private readonly log: Log,
  ) {}

  /** Every record so far: by partition, in each in the order of the log. */
  records(): OutputRecordOf<K, V>[] {
    return [...decodedRecords(this.log, this.physicalName, this.codec)].map(({ producer: _, ...record }) => record as OutputRecordOf<K, V>);
  }

  /** The values of {@link records}, by partition and log order. */
  values(): (V | null)[] {
    return this.records().map((record) => record.value);
  }

  /** Records of one key in their order. */
  of(key: K): OutputRecordOf<K, V>[] {
    return this.records().filter((record) => record.key === key);
  }

  /** What compaction would leave: the last value of each key, keys in order; a tombstone removes its key. */
  latest(): Map<K, V> {
    const rows = new Map<K, V>();
    for (const { key, value } of this.records()) {
      if (value === null) rows.delete(key);
      else rows.set(key, value);
    }
    return new Map([...rows].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Number of records; cheaper to compare than the records are. */
  get size(): number {
    return this.records().length;
  }

  /** Records that came since the last `take`, by event time, then key. */
  take(): OutputRecordOf<K, V>[] {
    const counts = new Map<number, number>();
    const fresh = this.records().filter(({ partition }) => {
      const place = counts.get(partition) ?? 0;
      counts.set(partition, place + 1);
      return place >= (this.taken.get(partition) ?? 0);
    });
    this.taken = counts;
    return fresh.sort((a, b) => a.timestamp - b.timestamp || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }
}

/** A record of a topic with the task that wrote it. */
export interface DecodedRecord {
  readonly key: string;
  readonly value: unknown;
  readonly timestamp: number;
  readonly partition: number;
  /** `topology@version/subtopology#partition`; empty for records that no task wrote. */
  readonly producer: string;
}

/** Records of a topic by partition, in log order, without markers. */
export function* decodedRecords(log: Log, physicalName: string, codec: TopicCodec<unknown>): Iterable<DecodedRecord> {
  const spec = log.topics().find((topic) => topic.name === physicalName);
  for (let partition = 0; partition < (spec?.partitions ?? 0); partition++) {
    const { start, end } = log.range(physicalName, partition);
    for (const record of log.read(physicalName, partition, start, end - start)) {
      if (isMarker(record.header)) continue;
      const header = readHeader(record.header);
      const key = record.key?.toString() ?? '';
      const producer = header === null ? '' : `${header.producer.name}#${header.producer.partition}`;
      const value = record.value === null ? null : codec.decode(key, record.value);
      yield { key, value, timestamp: header?.eventTimeMs ?? record.appendTimeMs, partition, producer };
    }
  }
}
